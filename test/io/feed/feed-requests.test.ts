// What a client may send: operations and their answers, and how far nonsense gets it.
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { AppError } from '../../../src/core/model/app-error.ts';
import { serverFrameSchema } from '../../../src/core/model/feed-message.ts';
import type { FeedAddress } from '../../../src/io/feed/feed-address.ts';
import { startAgent, startClient } from './feed-samples.ts';

const pathOf = (address: FeedAddress): string => (address.type === 'unix' ? address.path : '');

/** Sends frames as they are and collects the answers until the server closes. */
async function converse(
  path: string,
  frames: readonly (string | Buffer)[],
): Promise<{ codes: string[]; closed: number }> {
  const socket = new WebSocket('ws://localhost/feed', { createConnection: () => connect({ path }) });
  onTestFinished(() => socket.terminate());
  const codes: string[] = [];
  socket.on('message', (data: Buffer) => {
    const frame = serverFrameSchema.parse(JSON.parse(data.toString()));
    if (frame.type === 'refusal') codes.push(frame.error.code);
  });
  await new Promise((done) => socket.once('open', done));
  for (const frame of frames) socket.send(frame);
  const closed = await new Promise<number>((done) => socket.once('close', (code) => done(code)));
  return { codes, closed };
}

test('frames that make no sense are refused, and a few of them end the connection', async () => {
  const agent = await startAgent();
  const path = pathOf(agent.server.address);
  const invalid = 'FRAME_INVALID';
  expect(await converse(path, ['nonsense', '[]', '{"type":"hello"}', '{"type":"subscribe"}'])).toEqual({
    codes: [invalid, invalid, invalid],
    closed: 1008,
  });
  expect(
    await converse(path, [
      '{"type":"subscribe","sinceMs":-1}',
      Buffer.from([0, 255]),
      '{"type":"request","id":"x"}',
    ]),
  ).toEqual({
    codes: [invalid, invalid, invalid],
    closed: 1008,
  });
  expect((await converse(path, ['{"__proto__":{"type":"subscribe"}}', 'x', 'x'])).closed).toBe(1008);
  expect(
    (await converse(path, ['{"type":"subscribe"}', ...Array<string>(3).fill('{"type":"subscribe"}')])).codes,
  ).toEqual([invalid, invalid, invalid]);
});

test('a frame over the limit ends the connection and nothing else', async () => {
  const agent = await startAgent({ limits: { clientFrameBytes: 1_000 } });
  const client = startClient({ address: agent.server.address });
  await expect.poll(() => client.states()).toEqual(['connected']);
  expect((await converse(pathOf(agent.server.address), ['x'.repeat(2_000)])).closed).toBe(1009);
  expect(client.states()).toEqual(['connected']);
});

test('one who collects refusals without reading them is cut off', async () => {
  const agent = await startAgent({ limits: { bufferedBytes: 16 * 1024, pingMs: 10_000_000 } });
  const socket = new WebSocket('ws://localhost/feed', {
    createConnection: () => connect({ path: pathOf(agent.server.address) }),
  });
  onTestFinished(() => socket.terminate());
  socket.on('error', () => undefined);
  await new Promise((done) => socket.once('message', done));
  socket.pause();
  const frame = '{"type":"request","id":1,"operation":{"op":"unknown"}}';
  for (let round = 0; round < 500 && agent.server.stats().connections > 0; round += 1) {
    for (let count = 0; count < 100; count += 1) socket.send(frame, () => undefined);
    await new Promise((done) => setImmediate(done));
  }
  await expect.poll(() => agent.server.stats().connections).toBe(0);
});

test('an invalid policy is refused by field without ending the connection', async () => {
  const agent = await startAgent({ limits: { invalidFrames: 1 } });
  const client = startClient({ address: agent.server.address });
  const object = {
    apiVersion: 'apidefense.dev/v1alpha1',
    kind: 'FlowPolicy',
    metadata: { name: 'a', namespace: 'b' },
    spec: { mode: 'Maybe' },
  };
  const operation = JSON.parse(JSON.stringify({ op: 'policy.apply', object })) as Parameters<
    typeof client.feed.request
  >[0];
  await expect(client.feed.request(operation)).rejects.toMatchObject({
    code: 'POLICY_INVALID',
    family: 'data',
    message: expect.stringContaining('spec.') as string,
  });
  await expect(client.feed.request({ op: 'status' })).resolves.toEqual({ op: 'status' });
});

test('what the agent refuses arrives as that error, what breaks inside it without its insides', async () => {
  const agent = await startAgent({
    handle(operation) {
      if (operation.op === 'status') return Promise.reject(new TypeError('secret detail'));
      return Promise.reject(
        new AppError({
          code: 'POLICY_NOT_FOUND',
          family: 'notFound',
          message: 'There is none.',
          hint: 'Look.',
        }),
      );
    },
  });
  const client = startClient({ address: agent.server.address });
  await expect(client.feed.request({ op: 'policy.undo' })).rejects.toMatchObject({
    code: 'POLICY_NOT_FOUND',
    family: 'notFound',
    hint: 'Look.',
  });
  await expect(client.feed.request({ op: 'status' })).rejects.toMatchObject({
    code: 'INTERNAL',
    message: 'The agent failed to carry that out.',
  });
});

test('an answer larger than the limit is a refusal', async () => {
  const agent = await startAgent({
    handle: () => Promise.resolve('x'.repeat(2_000)),
    limits: { replyBytes: 1_000 },
  });
  const client = startClient({ address: agent.server.address });
  await expect(client.feed.request({ op: 'policy.list' })).rejects.toMatchObject({ code: 'REPLY_TOO_LARGE' });
});
