// The terminal at 200x50 under 5,000 flows/s: what a frame costs, how soon a key shows, and whether the heap stays flat.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { BenchContext, Section } from '../lib/bench-context.ts';
import { openPseudoTerminal } from '../lib/pseudo-terminal.ts';
import { start } from '../lib/started-process.ts';
import { quantile, short } from '../lib/statistics.ts';

const perSecond = 5000;
const minutes = 10;
const size = { cols: 200, rows: 50 };
const load = (name: string): string => join(import.meta.dirname, '..', 'load', `${name}.ts`);
/** Pairs of keys; each is timed until what only it shows is there, or gone. */
const keyPairs = 40;
const betweenKeysMs = 170;
const startLimitMs = 20_000;

const liveSchema = z.object({
  seconds: z.number(),
  cpuMs: z.number(),
  writes: z.number(),
  bytes: z.number(),
  clears: z.number(),
  heapMiB: z.number(),
});
const simulatedSchema = z.object({
  frames: z.number(),
  writes: z.number(),
  cpuMsPerFrame: z.number(),
  paintP50Ms: z.number(),
  paintP95Ms: z.number(),
  bytesPerFrame: z.number(),
  fullClears: z.number(),
  heaps: z.array(z.number()),
});

interface Live {
  readonly figures: z.infer<typeof liveSchema>;
  readonly keysMs: readonly number[];
}

/** The whole program in a pseudo-terminal, fed over a real socket, with keys pressed meanwhile. */
async function live(context: BenchContext): Promise<Live> {
  const directory = join(context.directory, 'terminal');
  mkdirSync(directory, { mode: 0o700 });
  const socket = join(directory, 'feed.sock');
  const resultFile = join(directory, 'figures.json');
  const feed = start(process.execPath, [load('feed-main'), socket, String(perSecond)]);
  await feed.line(/^ready/);
  const seconds = Math.ceil((keyPairs * 2 * betweenKeysMs) / 1000) + 4;
  const terminal = openPseudoTerminal(load('terminal-main'), [socket, resultFile, String(seconds)], size);
  try {
    await terminal.until((screen) => screen.includes('/orders/{id}'), startLimitMs);
    const keysMs = await pressKeys(terminal);
    await terminal.ended;
    return { figures: liveSchema.parse(JSON.parse(readFileSync(resultFile, 'utf8'))), keysMs };
  } finally {
    terminal.kill();
    await feed.stop();
  }
}

/** Opens and closes the help again and again: text that nothing but the key brings or takes away. */
async function pressKeys(terminal: ReturnType<typeof openPseudoTerminal>): Promise<readonly number[]> {
  const keysMs: number[] = [];
  const isHelp = (screen: string): boolean => /app\.quit|Quit the|Keys/i.test(screen);
  for (let pair = 0; pair < keyPairs; pair++) {
    await sleep(betweenKeysMs);
    keysMs.push(await terminal.timed('?', isHelp));
    await sleep(betweenKeysMs);
    keysMs.push(await terminal.timed('q', (screen) => !isHelp(screen)));
  }
  return keysMs;
}

async function simulated(): Promise<z.infer<typeof simulatedSchema>> {
  const args = ['--expose-gc', load('ten-minutes-main'), String(minutes), String(perSecond)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 20 });
  return simulatedSchema.parse(JSON.parse(stdout));
}

/** The aims are those of shared/tui.md. */
export const terminal: Section = async (context) => {
  context.say('the whole terminal in a pseudo-terminal');
  const { figures, keysMs } = await live(context);
  context.say(`${minutes} simulated minutes without ink`);
  const offline = await simulated();
  const keys = [...keysMs].sort((a, b) => a - b);
  // The ring of flows fills in the first seconds; flat means from then on.
  const heaps = offline.heaps.slice(1);
  return {
    title: 'Terminal at 200x50 with 5,000 flows/s',
    notes: [
      'Whole program: the built terminal with ink in a real pseudo-terminal, events over the unix socket (decoded and checked), a key every 170 ms; CPU of the process over frames written.',
      'Without ink: reducer, stores, panes, cell buffer and diff, ten simulated minutes (3,000,000 flows) at 15 frames/s; the making of the flows is taken off.',
      `Heap after a full collection at each simulated minute, MiB: ${offline.heaps.map(short).join(', ')}.`,
    ],
    tables: [
      {
        caption: 'Figures',
        columns: ['', 'whole program', 'without ink', 'aim'],
        rows: [
          ['CPU ms/frame', short(figures.cpuMs / figures.writes), short(offline.cpuMsPerFrame), '≤ 4'],
          [
            'paint alone, CPU ms p50 / p95',
            '',
            `${short(offline.paintP50Ms)} / ${short(offline.paintP95Ms)}`,
            '',
          ],
          ['frames/s', short(figures.writes / figures.seconds), '15', ''],
          ['CPU %', short((figures.cpuMs / figures.seconds) * 0.1), '', ''],
          ['bytes/frame', short(figures.bytes / figures.writes), short(offline.bytesPerFrame), '≤ 6,144'],
          ['full clears after the first paint', String(figures.clears), String(offline.fullClears), '0'],
          ['key → painted p50 ms', short(quantile(keys, 0.5)), '', ''],
          ['key → painted p95 ms', short(quantile(keys, 0.95)), '', '≤ 50'],
          [
            'heap MiB, minute 2 to 10',
            '',
            `${short(Math.min(...heaps))} to ${short(Math.max(...heaps))}`,
            'flat',
          ],
        ],
      },
    ],
    raw: { figures, keysMs, offline },
  };
};
