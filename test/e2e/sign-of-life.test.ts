// The worker's signs of life on an inherited socket: they come while the loop turns, and from nowhere else.
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { listening } from '../helpers/listening.ts';
import { until } from '../helpers/until.ts';
import { startLab } from '../io/kernel/plane-lab.ts';

interface Line extends Disposable {
  /** The end that the worker is given. */
  readonly fd: number;
  readonly worker: Socket;
  readonly supervisor: Socket;
}

/** Two connected sockets, as a supervisor and its child have them. */
async function createLine(): Promise<Line> {
  const server = createServer();
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  // Never read: Node would close it when the other end is gone, and somebody else would have its number.
  const worker = connect(await listening(server), '127.0.0.1').pause();
  const supervisor = await accepted;
  await until('the line is up', () => !worker.connecting);
  const { _handle: handle } = worker as unknown as { readonly _handle: { readonly fd: number } };
  return {
    ...{ fd: handle.fd, worker, supervisor },
    [Symbol.dispose]() {
      worker.destroy();
      supervisor.destroy();
      server.close();
    },
  };
}

test('an idle worker gives signs, and one whose loop hangs gives none although main is well', async () => {
  using line = await createLine();
  let signs = 0;
  line.supervisor.on('data', ({ length }: Buffer) => (signs += length));
  await using lab = await startLab({ signOfLifeFd: line.fd, limits: { waitMs: 20 } });
  await until('several signs', () => signs >= 5);
  (await lab.dial()).write('SPIN');
  const hungMs = (): number => lab.plane.stats().heartbeatAgeMs;
  await until('the loop hangs', () => hungMs() > 300);
  const before = signs;
  await until('three more would have been due', () => hungMs() > 700);
  expect(signs).toBe(before);
});

test('nobody who reads, and nobody who listens any more, stops the worker', async () => {
  using line = await createLine();
  line.supervisor.pause();
  await using lab = await startLab({ signOfLifeFd: line.fd, upstream: (socket) => void socket.pipe(socket) });
  const client = await lab.dial();
  line.supervisor.resetAndDestroy();
  let echoed = '';
  client.on('data', (chunk: Buffer) => (echoed += chunk.toString()));
  const { passes } = lab.plane.stats();
  await until('ten more passes', () => lab.plane.stats().passes > passes + 10);
  client.write('still there');
  await until('the echo', () => echoed === 'still there');
  expect(lab.faults).toEqual([]);
});
