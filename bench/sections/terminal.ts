// The terminal at 200x50 under 5,000 flows/s: what a flow and a frame cost, how soon a key shows, whether the heap stays flat.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { encodeBatch } from '../../src/io/feed/batcher.ts';
import { readServerFrame } from '../../src/io/feed/read-server-frame.ts';
import type { BenchContext, Section, Table } from '../lib/bench-context.ts';
import { openPseudoTerminal } from '../lib/pseudo-terminal.ts';
import type { PseudoTerminal } from '../lib/pseudo-terminal.ts';
import { start } from '../lib/started-process.ts';
import { quantile, short } from '../lib/statistics.ts';
import { flowAt } from '../load/flow-source.ts';
import { pressHelpUntil, pressKeys } from './terminal-keys.ts';
import type { TimedKey } from './terminal-keys.ts';

const perSecond = 5000;
const minutes = 10;
/** Events that are there when the terminal connects. */
const historyEvents = 50_000;
/** Seconds of watching without a key, and rounds of all keys. */
const watchSeconds = 12;
const keyRounds = 10;
const size = { cols: 200, rows: 50 };
const load = (name: string): string => join(import.meta.dirname, '..', 'load', `${name}.ts`);
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
  takeMicrosPerFlow: z.number(),
  paintMsPerFrame: z.number(),
  paintP50Ms: z.number(),
  paintP95Ms: z.number(),
  bytesPerFrame: z.number(),
  fullClears: z.number(),
  heaps: z.array(z.number()),
});
type Figures = z.infer<typeof liveSchema>;
type Simulated = z.infer<typeof simulatedSchema>;

interface Running {
  readonly terminal: PseudoTerminal;
  /** Waits for the figures of the quiet part. */
  readonly figures: () => Promise<Figures>;
}

/** The whole program in a pseudo-terminal on a real socket, for as long as `use` takes. */
async function withTerminal<Result>(
  context: BenchContext,
  source: { readonly name: string; readonly rate: number; readonly history: number },
  use: (running: Running) => Promise<Result>,
): Promise<Result> {
  const directory = join(context.directory, `terminal-${source.name}`);
  mkdirSync(directory, { mode: 0o700 });
  const socket = join(directory, 'feed.sock');
  const resultFile = join(directory, 'figures.json');
  const feed = start(process.execPath, [
    load('feed-main'),
    socket,
    String(source.rate),
    String(source.history),
  ]);
  await feed.line(/^ready/);
  const args = [socket, resultFile, String(watchSeconds)];
  const terminal = openPseudoTerminal(load('terminal-main'), args, size);
  const figures = async (): Promise<Figures> => {
    for (let waited = 0; waited < 600 && !existsSync(resultFile); waited++) await sleep(100);
    return liveSchema.parse(JSON.parse(readFileSync(resultFile, 'utf8')));
  };
  try {
    await terminal.until((screen) => screen.includes('api-defense'), startLimitMs);
    return await use({ terminal, figures });
  } finally {
    terminal.kill();
    await feed.stop();
  }
}

interface Live {
  readonly busy: Figures;
  readonly idle: Figures;
  readonly keys: readonly TimedKey[];
  readonly historyKeys: readonly TimedKey[];
}

async function live(context: BenchContext): Promise<Live> {
  const whole = { name: 'busy', rate: perSecond, history: 0 };
  const { busy, keys } = await withTerminal(context, whole, async ({ terminal, figures }) => ({
    busy: await figures(),
    keys: await pressKeys(terminal, keyRounds),
  }));
  const nothing = { name: 'idle', rate: 0, history: 1 };
  const idle = await withTerminal(context, nothing, ({ figures }) => figures());
  const past = { name: 'history', rate: 0, history: historyEvents };
  const historyKeys = await withTerminal(context, past, ({ terminal }) =>
    pressHelpUntil(terminal, (screen) => /▸.* newest /.test(screen)),
  );
  return { busy, idle, keys, historyKeys };
}

async function simulated(): Promise<Simulated> {
  const args = ['--expose-gc', load('ten-minutes-main'), String(minutes), String(perSecond)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 20 });
  return simulatedSchema.parse(JSON.parse(stdout));
}

/** CPU µs a flow from a frame's text to a checked event: JSON.parse and schema. */
function decodeMicros(): number {
  const batch = 250;
  const frames = 800;
  const flows = Array.from({ length: batch }, (_, index) => flowAt(index, Date.UTC(2026, 10, 23)));
  const { bytes } = encodeBatch(flows.map((flow) => JSON.stringify(flow)));
  let read = 0;
  const decode = (times: number): void => {
    for (let i = 0; i < times; i++) {
      const frame = readServerFrame(bytes);
      read += frame.type === 'batch' ? frame.events.length : 0;
    }
  };
  decode(frames / 4);
  read = 0;
  const before = process.cpuUsage();
  decode(frames);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / read;
}

function costTable({ busy, idle }: Live, offline: Simulated, decode: number): Table {
  const share = ({ cpuMs, seconds }: Figures): number => (cpuMs / seconds) * 0.1;
  const heaps = offline.heaps.slice(1);
  return {
    caption: 'Cost',
    columns: ['', 'measured', 'aim'],
    rows: [
      ['decode and check a flow, CPU µs', short(decode), ''],
      ['take a flow in (reducer, stores, filter), CPU µs', short(offline.takeMicrosPerFlow), ''],
      ['draw and diff a frame, CPU ms, mean', short(offline.paintMsPerFrame), '≤ 4'],
      ['… p50 / p95', `${short(offline.paintP50Ms)} / ${short(offline.paintP95Ms)}`, ''],
      [
        'a frame and the flows since the last one, without ink and socket, CPU ms',
        short(offline.cpuMsPerFrame),
        '',
      ],
      ['whole program at 5,000 flows/s, CPU ms a frame written', short(busy.cpuMs / busy.writes), '≤ 4'],
      ['whole program at 5,000 flows/s, CPU % of a core', short(share(busy)), ''],
      ['whole program without flows, CPU %', short(share(idle)), ''],
      ['frames/s', short(busy.writes / busy.seconds), ''],
      ['bytes/frame', short(busy.bytes / busy.writes), '≤ 6,144'],
      ['full clears after the first paint', String(busy.clears + offline.fullClears), '0'],
      ['heap MiB, minute 2 to 10', `${short(Math.min(...heaps))} to ${short(Math.max(...heaps))}`, 'flat'],
    ],
  };
}

function keyTable({ keys, historyKeys }: Live): Table {
  const row = (name: string, timed: readonly TimedKey[]): readonly string[] => {
    const ms = timed.map((each) => each.ms).sort((a, b) => a - b);
    return [
      name,
      String(ms.length),
      short(quantile(ms, 0.5)),
      short(quantile(ms, 0.95)),
      short(ms.at(-1) ?? 0),
    ];
  };
  const groups = [...new Set(keys.map((each) => each.group))];
  return {
    caption: 'Key → painted, ms (aim: p95 ≤ 50)',
    columns: ['', 'presses', 'p50', 'p95', 'most'],
    rows: [
      row('all keys at 5,000 flows/s', keys),
      ...groups.map((group) =>
        row(
          group,
          keys.filter((each) => each.group === group),
        ),
      ),
      row('? q while a history of 50,000 flows comes in', historyKeys),
    ],
  };
}

/** The aims are those of shared/tui.md. */
export const terminal: Section = async (context) => {
  context.say('the whole terminal in a pseudo-terminal');
  const measured = await live(context);
  context.say(`${minutes} simulated minutes without ink`);
  const offline = await simulated();
  const decode = decodeMicros();
  return {
    title: 'Terminal at 200x50 with 5,000 flows/s',
    notes: [
      'Whole program: the built terminal with ink in a real pseudo-terminal, events over the unix socket (decoded and checked); CPU of the process while nobody touches a key, so a frame carries the 333 flows since the last one.',
      'Stages: readServerFrame over frames of 250 flows; then reducer, stores, panes, cell buffer and diff without ink over ten simulated minutes (3,000,000 flows) at 15 frames/s, the making of the flows taken off.',
      'Keys: from the write into the pseudo-terminal until an emulator behind it shows what only that key brings; the emulator is in the figure, esc has 20 ms in it that tell it from the start of an arrow key.',
      `Heap after a full collection at each simulated minute, MiB: ${offline.heaps.map(short).join(', ')}.`,
    ],
    tables: [costTable(measured, offline, decode), keyTable(measured)],
    raw: { ...measured, offline, decode },
  };
};
