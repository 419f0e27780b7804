// The loop over real loopback sockets: half-close, resets, refusals, deadlines, backpressure. Conversations only forward here.
import { expect, test } from 'vitest';
import { startLab, until } from '../io/kernel/plane-lab.ts';

test('bytes pass both ways and the record carries the client address', async () => {
  await using lab = await startLab({ upstream: (socket) => void socket.pipe(socket) });
  const client = await lab.dial();
  let echoed = '';
  client.on('data', (chunk: Buffer) => (echoed += chunk.toString()));
  client.write('hello');
  await until('the echo', () => echoed === 'hello');
  const address = `127.0.0.1:${client.localPort ?? 0}`;
  client.end();
  await until('the record', () => lab.observed.length === 1);
  expect(lab.observed).toEqual([{ opaque: 'ended', status: 0, clientAddress: address }]);
  expect(lab.plane.stats()).toMatchObject({ accepted: 1, fromClientBytes: 5, fromUpstreamBytes: 5, lost: 0 });
});
