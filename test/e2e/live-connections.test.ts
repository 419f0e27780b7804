// A TLS-like connection through the real worker is on record while it is still open, and once more when it ends.
import { createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { millis } from '../../src/core/model/brand.ts';
import { peerFromName } from '../../src/core/model/identity.ts';
import { compilePolicies } from '../../src/core/policy/compile.ts';
import { startDataPlane } from '../../src/io/kernel/data-plane.ts';
import { until } from '../helpers/until.ts';
import { dial } from '../io/kernel/plane-lab.ts';
import { portOf } from '../helpers/listening.ts';

test('an opaque connection is told of while it is open, and in full at its end', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const seen: string[] = [];
  const plane = await startDataPlane({
    listeners: [
      {
        listen: { host: '127.0.0.1', port: 0 },
        upstream: { host: '127.0.0.1', port: portOf(server) },
        source: peerFromName('web', 'lab'),
        destination: peerFromName('api', 'lab'),
      },
    ],
    snapshot: compilePolicies([], { generation: 1, nowMs: millis(Date.now()) }).buffer,
    onExchange: ({ opaque, opening, announced, requestBytes, responseBytes, cut, sequence }) =>
      void seen.push(
        `${sequence} ${opaque} ${opening ? 'opening' : 'end'} ${announced} ${requestBytes}/${responseBytes} ${cut}`,
      ),
    onLost: () => undefined,
  });
  const client = await dial(plane.ports[0] ?? 0);
  client.on('error', () => undefined).resume();
  client.write(Buffer.of(0x16, 3, 1));
  await until('the opening', () => seen.length === 1);
  expect(plane.stats().openConnections).toBe(1);
  expect(seen).toEqual(['0 tls opening true 3/3 ']);
  client.write(Buffer.of(0x17));
  await until('the echo', () => plane.stats().fromUpstreamBytes === 4);
  client.resetAndDestroy();
  await until('the end', () => seen.length === 2);
  expect(seen[1]).toBe('0 tls end true 4/4 client-reset');
  for (const socket of sockets) socket.destroy();
  await plane.stop(0);
  server.close();
});
