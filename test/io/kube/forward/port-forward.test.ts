// The kubelet's side of a forwarded port played by a WebSocket server on loopback: bytes both ways, its words when it cannot, refusals. That a
// real kubelet plays it so is shown in test/cluster/forward.test.ts.
import { createServer, type Server } from 'node:http';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { Agent } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { forwardToPod } from '../../../../src/io/kube/forward/port-forward.ts';
import { listening } from '../../../helpers/listening.ts';

const place = { namespace: 'sys', pod: 'hub-1', port: 10_250 };
const portFrame = (channel: number): Buffer => Buffer.of(channel, place.port & 0xff, place.port >> 8);

let server: Server | undefined;
const paths: string[] = [];
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  paths.length = 0;
});

async function kubelet(serve: (socket: WebSocket) => void) {
  server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, { url }) => {
    paths.push(`${String(url)} ${socket.protocol}`);
    socket.send(portFrame(0));
    socket.send(portFrame(1));
    serve(socket);
  });
  return diallingTo(await listening(server));
}

const diallingTo = (port: number) => ({
  ...{ server: `http://127.0.0.1:${port}`, headers: {}, tls: {}, agent: new Agent() },
});

/** The payload of frames on the data channel. */
const payload = (data: unknown): Buffer =>
  Buffer.isBuffer(data) && data[0] === 0 ? data.subarray(1) : Buffer.alloc(0);

test('bytes come back as they went, whatever the frames', async () => {
  const dialling = await kubelet((socket) => {
    socket.on('message', (data) => {
      const bytes = payload(data);
      for (let at = 0; at < bytes.length; at += 1_000)
        socket.send(Buffer.concat([Buffer.of(0), bytes.subarray(at, at + 1_000)]));
    });
  });
  const stream = await forwardToPod(dialling, place);
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  let got = 0;
  const parts: Buffer[] = [];
  const all = new Promise<void>((resolve) => {
    stream.on('data', (part: Buffer) => {
      parts.push(part);
      got += part.length;
      if (got === sent.length) resolve();
    });
  });
  await pipeline(Readable.from([sent.subarray(0, 7), sent.subarray(7)]), stream, { end: false });
  await all;
  stream.destroy();
  expect(Buffer.concat(parts).equals(sent)).toBe(true);
  expect(paths).toEqual(['/api/v1/namespaces/sys/pods/hub-1/portforward?ports=10250 v4.channel.k8s.io']);
});

test('who reads slowly holds the kubelet back instead of filling memory', async () => {
  const wanted = 64 * 1024 * 1024;
  let [asked, sent] = [0, 0];
  const dialling = await kubelet((socket) => {
    const frame = Buffer.concat([Buffer.of(0), Buffer.alloc(32 * 1024)]);
    const more = (): void => {
      if (asked >= wanted) {
        socket.close();
        return;
      }
      asked += frame.length - 1;
      socket.send(frame, () => {
        sent += frame.length - 1;
        more();
      });
    };
    more();
  });
  const stream = await forwardToPod(dialling, place);
  // Until what is asked for does not grow any more: the sender waits.
  for (let before = -1; before !== sent;) {
    before = sent;
    await new Promise((resolve) => void setTimeout(resolve, 200));
  }
  expect(sent).toBeLessThan(wanted / 2);
  expect((await buffer(stream)).length).toBe(wanted);
});

test('what the kubelet says on the error channel is the reason that the stream ends', async () => {
  const dialling = await kubelet((socket) => {
    socket.send(Buffer.concat([Buffer.of(1), Buffer.from('failed to connect to localhost:10250')]));
    socket.close();
  });
  const stream = await forwardToPod(dialling, place);
  await expect(text(stream)).rejects.toThrow(
    'The way to port 10250 of the pod sys/hub-1 ended: failed to connect to localhost:10250.',
  );
});

test('a refusal names the right that is missing', async () => {
  server = createServer();
  server.on('upgrade', (_request, socket) => {
    const message =
      'pods "hub-1" is forbidden: User "ada" cannot create resource "pods/portforward" in API group ""';
    const status = JSON.stringify({
      kind: 'Status',
      status: 'Failure',
      code: 403,
      reason: 'Forbidden',
      message,
    });
    socket.end(
      `HTTP/1.1 403 Forbidden\r\nContent-Length: ${status.length}\r\nConnection: close\r\n\r\n${status}`,
    );
  });
  const dialling = diallingTo(await listening(server));
  await expect(forwardToPod(dialling, place)).rejects.toMatchObject({
    code: 'KUBE_FORBIDDEN',
    message: 'ada may not create pods/portforward in namespace sys.',
  });
});

test('a server that is not there is an error of the way, not a crash', async () => {
  const empty = createServer();
  const port = await listening(empty);
  await new Promise((resolve) => empty.close(resolve));
  await expect(forwardToPod(diallingTo(port), place)).rejects.toMatchObject({ code: 'KUBE_PORT_FORWARD' });
});
