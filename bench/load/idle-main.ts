// Opens many connections, lets each carry so many requests (0 or 1), and then holds them without a word.
// `idle-main PORT COUNT REQUESTS [HOST]` prints `idle <open> <failed>` when all are quiet and ends with SIGTERM.
import { connect, type Socket } from 'node:net';
import { requestBytes } from './request.ts';

const [port = 0, count = 0, requests = 0] = process.argv.slice(2, 5).map(Number);
const host = process.argv[5] ?? '127.0.0.1';
/** Connections that are being opened at the same time: below every listen backlog. */
const atOnce = 100;
const request = requestBytes();
const held: Socket[] = [];
let begun = 0;
let failed = 0;

/** Resolves when the connection is idle: open, and its answer read when it asked for one. */
async function hold(): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = connect({ host, port }, () => {
      held.push(socket);
      if (requests > 0) socket.write(request);
      else resolve();
    });
    socket.once('data', () => resolve());
    socket.once('close', () => {
      failed++;
      resolve();
    });
    socket.on('error', () => undefined);
  });
}

async function opener(): Promise<void> {
  while (begun < count) {
    begun++;
    await hold();
  }
}

await Promise.all(Array.from({ length: atOnce }, opener));
process.stdout.write(`idle ${held.length} ${failed}\n`);
