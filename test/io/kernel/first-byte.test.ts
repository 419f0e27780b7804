// The deadline of connections on which nobody has said anything, against real sockets; conversations only forward here.
import { expect, test } from 'vitest';
import { until } from '../../helpers/until.ts';
import { startLab, textOf } from './plane-lab.ts';

const limits = { firstByteMs: 200, lingerMs: 200 };

test('a client that says nothing is let go with FIN, quietly, and so is its upstream', async () => {
  await using lab = await startLab({ limits });
  const client = await lab.dial();
  await until('the upstream leg', () => lab.accepted.length === 1);
  const upstream = lab.accepted[0];
  let upstreamEnded = false;
  upstream?.on('end', () => (upstreamEnded = true)).resume();
  expect(await textOf(client)).toBe('');
  client.end();
  await until('the end upstream', () => upstreamEnded);
  await until('both gone', () => lab.plane.stats().openConnections === 0);
  expect(lab.plane.stats()).toMatchObject({ expired: 1, faults: 0 });
});

test('a server that speaks first keeps its silent client beyond that, as does a client that has spoken', async () => {
  await using lab = await startLab({
    limits,
    upstream(socket) {
      if (lab.accepted.length === 1) socket.write('220 hello\r\n');
      socket.resume();
    },
  });
  const greeted = await lab.dial();
  let text = '';
  greeted.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await until('the greeting', () => text === '220 hello\r\n');
  const spoken = await lab.dial();
  spoken.write('x');
  await until('its byte', () => lab.plane.stats().fromClientBytes === 1);
  const silent = await lab.dial();
  // The deadline of the last one has passed, and with it those of the two before, had they any.
  expect(await textOf(silent)).toBe('');
  silent.end();
  await until('it alone is gone', () => lab.plane.stats().openConnections === 2);
  greeted.write('quit');
  await until('it still works', () => lab.plane.stats().fromClientBytes === 5);
});
