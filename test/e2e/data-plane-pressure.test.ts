// Slow, greedy and numerous peers: what may be queued is bounded, and nobody starves. Conversations only forward here.
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { until } from '../helpers/until.ts';
import { startLab } from '../io/kernel/plane-lab.ts';

const mebibyte = 1024 * 1024;
/** One letter, because the pass-through worker takes chunks that begin with certain letters as orders (to throw, to hang). */
const block = Buffer.alloc(mebibyte, 'x');

/** Writes `mebibytes` as fast as the socket takes them, and more while `wanted`, then ends. Resolves with what it wrote, MiB. */
async function pour(socket: Socket, mebibytes: number, wanted = (): boolean => false): Promise<number> {
  let written = 0;
  for (; written < mebibytes || wanted(); written++)
    if (!socket.write(block)) await new Promise((resolve) => socket.once('drain', resolve));
  socket.end();
  return written;
}

test('a slow reader gets 256 MiB while at most one read is queued for it', async () => {
  await using lab = await startLab({ upstream: (socket) => void pour(socket, 256) });
  const client = await lab.dial();
  await until('bytes that the reader does not take', () => lab.plane.stats().pendingBytes > 0);
  const taken = lab.plane.stats().fromUpstreamBytes;
  let received = 0;
  client.on('data', (chunk: Buffer) => (received += chunk.length));
  await until('the whole body', () => received === 256 * mebibyte);
  expect(taken).toBeLessThan(64 * mebibyte);
  expect(lab.plane.stats().pendingPeakBytes).toBeLessThanOrEqual(64 * 1024);
  expect(lab.plane.stats()).toMatchObject({ pendingBytes: 0, overflowed: 0 });
});

test('a slow upstream gets 64 MiB while at most one read is queued for it', async () => {
  await using lab = await startLab({ upstream: (socket) => void socket.pause() });
  const client = await lab.dial();
  const poured = pour(client, 64);
  await until('bytes that the upstream does not take', () => lab.plane.stats().pendingBytes > 0);
  let received = 0;
  lab.accepted[0]?.on('data', (chunk: Buffer) => (received += chunk.length)).resume();
  await poured;
  await until('the whole body', () => received === 64 * mebibyte);
  expect(lab.plane.stats().pendingPeakBytes).toBeLessThanOrEqual(64 * 1024);
});

test('a reader that takes nothing is reset at the stall deadline', async () => {
  await using lab = await startLab({
    upstream: (socket) => void pour(socket, 64),
    limits: { stallMs: 300 },
  });
  await lab.dial();
  await until('the reset', () => lab.plane.stats().expired === 1 && lab.plane.stats().openConnections === 0);
  expect(lab.plane.stats().pendingBytes).toBe(0);
  await until('the record', () => lab.observed[0]?.opaque === 'client stalled');
});

test('when all queues together are full, the connection that wants more is reset and counted', async () => {
  await using lab = await startLab({
    upstream: (socket) => void pour(socket, 64),
    limits: { pendingTotalBytes: 80 * 1024 },
  });
  await lab.dial();
  await until('a first slow reader', () => lab.plane.stats().pendingBytes > 0);
  // What one connection holds is the rest of one read, 0 to 64 KiB: a dozen of them are more than 80 KiB.
  for (let more = 0; more < 12; more++) await lab.dial();
  await until('the overflow', () => lab.plane.stats().overflowed > 0);
  await until('the record', () => lab.observed.some(({ opaque }) => opaque === 'client overflow'));
  expect(lab.plane.stats().pendingPeakBytes).toBeLessThanOrEqual(80 * 1024);
});

test('a noisy connection gets one bounded read per pass, so a quiet one is served between', async () => {
  const readBytes = 4096;
  await using lab = await startLab({
    upstream: (socket) => void socket.on('data', (chunk: Buffer) => chunk.length < 8 && socket.write(chunk)),
    limits: { readBytes },
  });
  const noisy = await lab.dial();
  const quiet = await lab.dial();
  let answered = 0;
  // However slow the machine: the noisy one does not rest before the quiet one was served (starved, it never would be).
  const mostMebibytes = 4096;
  const poured = pour(
    noisy,
    64,
    () => answered <= 20 && lab.plane.stats().fromClientBytes < mostMebibytes * mebibyte,
  );
  quiet.on('data', () => {
    answered++;
    quiet.write('ping');
  });
  quiet.write('ping');
  const mebibytes = await poured;
  await until('all bytes', () => lab.plane.stats().fromClientBytes >= mebibytes * mebibyte);
  const stats = lab.plane.stats();
  expect(stats.readPeakBytes).toBe(readBytes);
  expect(stats.readCapped).toBeGreaterThan(1000);
  // Never more than one read of each of the two clients in one pass.
  expect(stats.fromClientBytes).toBeLessThanOrEqual(stats.passes * (readBytes + 4));
  expect(answered).toBeGreaterThan(20);
});
