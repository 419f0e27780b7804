// Our tap as a process: the worker with the ring, and main emptying the event ring as the agent does.
// `tap-main NETNS_FILE ADDRESS PORT` prints `ready`; SIGUSR2 turns it on (`on N`) and off again (`off N {counts}`).
import { MessageChannel, Worker } from 'node:worker_threads';
import { newExchange } from '../../src/core/inspect/new-exchange.ts';
import { createDrain } from '../../src/io/kernel/drain.ts';
import { createRingBuffer } from '../../src/io/kernel/event-ring.ts';
import { defaultLimits } from '../../src/io/kernel/limits.ts';
import type { FromTapWorker, TapWorkerData } from './tap-worker.ts';

const [netns = '', address = '', port = '0'] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const ring = createRingBuffer(defaultLimits.ringBytes);
const { port1, port2 } = new MessageChannel();
let lost = 0;
let turns = 0;
const drain = createDrain({
  ring,
  limits: defaultLimits,
  target: newExchange(),
  onExchange: () => undefined,
  onLost: (_, count) => (lost += count),
});
const workerData: TapWorkerData = { port: port2, ring, netns, address, serverPort: Number(port) };
const worker = new Worker(new URL('./tap-worker.ts', import.meta.url), {
  workerData,
  transferList: [port2],
  name: 'data-plane',
});
worker.on('error', (error) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
port1.on('message', (message: FromTapWorker) => {
  if (message.type === 'wake') drain.wake();
  else if (message.type === 'on') say(`on ${++turns}`);
  else say(`off ${turns} ${JSON.stringify({ ...message.counts, lost })}`);
});
process.on('SIGUSR2', () => port1.postMessage('toggle'));
process.on('SIGTERM', () => process.exit(0));
worker.once('online', () => say('ready'));
