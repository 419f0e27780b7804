// The real terminal on a feed, inside a pseudo-terminal, counting what it writes and what it costs.
// `terminal-main SOCKET RESULT_FILE SECONDS` connects, writes the figures of so many seconds as JSON, and lives on for keys.
import { renameSync, writeFileSync } from 'node:fs';
import { createLiveFeed } from '../../src/io/feed/live-feed.ts';
import type { TerminalEnd, TerminalOptions } from '../../src/tui/run-terminal.ts';

const [socket = '', resultFile = '', seconds = '0'] = process.argv.slice(2);
/** First frames, JIT, fonts: not what a person lives with. */
const warmUpMs = 4_000;
/** React's part must be built: Node reads no .tsx. */
const built = new URL('../../dist/tui/run-terminal.js', import.meta.url).href;
const { runTerminal } = (await import(built)) as {
  readonly runTerminal: (options: TerminalOptions) => Promise<TerminalEnd>;
};

const counts = { writes: 0, bytes: 0, clears: 0 };
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (chunk: string | Uint8Array, ...rest: never[]): boolean => {
  counts.writes++;
  counts.bytes += Buffer.byteLength(chunk);
  if (typeof chunk === 'string' && chunk.includes('\u001b[2J')) counts.clears++;
  return write(chunk, ...rest);
};

let before: { cpu: NodeJS.CpuUsage; counts: typeof counts; atMs: number } | undefined;
setTimeout(() => {
  before = { cpu: process.cpuUsage(), counts: { ...counts }, atMs: performance.now() };
}, warmUpMs);
setTimeout(
  () => {
    if (before === undefined) return;
    const cpu = process.cpuUsage(before.cpu);
    const figures = {
      seconds: (performance.now() - before.atMs) / 1000,
      cpuMs: (cpu.user + cpu.system) / 1000,
      writes: counts.writes - before.counts.writes,
      bytes: counts.bytes - before.counts.bytes,
      clears: counts.clears - before.counts.clears,
      heapMiB: process.memoryUsage().heapUsed / 2 ** 20,
    };
    writeFileSync(`${resultFile}.part`, JSON.stringify(figures));
    renameSync(`${resultFile}.part`, resultFile);
  },
  warmUpMs + Number(seconds) * 1000,
);

const feed = createLiveFeed({ address: { type: 'unix', path: socket } });
const end = await runTerminal({
  feed,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: { ...process.env, HOME: '/nonexistent' },
  readOnly: false,
  // Whoever started it ends it; this only ends a run that was forgotten.
  forMs: warmUpMs + Number(seconds) * 1000 + 120_000,
});
await feed.close();
process.exit(end.type === 'left' ? end.status : 1);
