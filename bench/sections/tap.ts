// The tap of the real `agent --node` on and off, beside tcpdump and tshark, between two pods: what looking costs the traffic (rate, p99) and the machine (CPU per request pair),
// and whether all of it was seen. All take turns in every round.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchContext, Section, SectionResult, Table } from '../lib/bench-context.ts';
import { cpuTime } from '../lib/cpu-time.ts';
import { createBenchPods, type BenchPods } from '../lib/bench-pods.ts';
import { short, shown, summarise } from '../lib/statistics.ts';
import { runOpenLoop } from '../load/open-loop.ts';
import type { LoadPlace } from '../load/place.ts';
import { runWrk } from '../load/wrk.ts';
import { nobody, ourTap, tcpdump, tshark, type Observer, type Seen } from '../peers/observer.ts';

const connections = 32;
const warmUpSeconds = 2;
const settleMs = 300;
const shareOfSlowestPeak = 0.7;
/** Rates at which every request must have been seen. */
const lossRates = [10_000, 25_000] as const;

/** One turn of one observer. */
interface Turn extends Seen {
  readonly perSecond: number;
  readonly requests: number;
  readonly errors: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** µs per request with its answer; NaN without a process. */
  readonly cpuUs: number;
  /** Of them, of the thread that reads the ring; NaN for others. */
  readonly readerUs: number;
}

type LoadResult = Pick<Turn, 'perSecond' | 'requests' | 'errors' | 'p50Ms' | 'p99Ms'>;
type Load = () => Promise<LoadResult>;

/** What is measured under one load, by observer. */
interface Phase {
  readonly name: string;
  readonly turns: ReadonlyMap<string, readonly Turn[]>;
}

async function observed(observer: Observer, load: Load): Promise<Turn> {
  await observer.on();
  const before = cpuTime(observer.pids());
  const result = await load();
  await observer.settle();
  const after = cpuTime(observer.pids());
  const seen = await observer.off();
  const none = observer.pids().length === 0 && after.totalMs === 0;
  const per = (ms: number): number => (ms * 1000) / result.requests;
  const reader = (after.byThread['data-plane'] ?? Number.NaN) - (before.byThread['data-plane'] ?? 0);
  return {
    ...result,
    ...seen,
    cpuUs: none ? Number.NaN : per(after.totalMs - before.totalMs),
    readerUs: per(reader),
  };
}

interface Contest {
  readonly context: BenchContext;
  readonly observers: readonly Observer[];
}

async function phase({ context, observers }: Contest, name: string, load: Load): Promise<Phase> {
  const turns = new Map<string, Turn[]>(observers.map((observer) => [observer.name, []]));
  for (let round = 1; round <= context.rounds; round++) {
    for (const observer of observers) {
      await sleep(settleMs);
      context.say(`${name}, round ${round}/${context.rounds}: ${observer.name}`);
      turns.get(observer.name)?.push(await observed(observer, load));
    }
  }
  return { name, turns };
}

const medianOf = (turns: readonly Turn[], of: (turn: Turn) => number): number =>
  summarise(turns.map(of)).median;
const sumOf = (turns: readonly Turn[], of: (turn: Turn) => number): number =>
  turns.reduce((sum, turn) => sum + of(turn), 0);

const columns = [
  ...['', 'requests/s', 'of off', 'p50 ms', 'p99 ms', 'of off'],
  ...['CPU µs per pair', 'worker’s thread', 'dropped packets', 'not seen', 'gaps', 'errors'],
];

function row(name: string, turns: readonly Turn[], off: readonly Turn[]): readonly string[] {
  const cell = (of: (turn: Turn) => number): string => shown(summarise(turns.map(of)));
  const ratio = (of: (turn: Turn) => number): string => short(medianOf(turns, of) / medianOf(off, of));
  return [
    ...[name, cell(({ perSecond }) => perSecond), ratio(({ perSecond }) => perSecond)],
    ...[cell(({ p50Ms }) => p50Ms), cell(({ p99Ms }) => p99Ms), ratio(({ p99Ms }) => p99Ms)],
    ...[cell(({ cpuUs }) => cpuUs), cell(({ readerUs }) => readerUs)],
    short(sumOf(turns, ({ drops }) => drops)),
    short(sumOf(turns, ({ requests, exchanges, lost }) => requests - exchanges + lost)),
    ...[short(sumOf(turns, ({ gaps }) => gaps)), short(sumOf(turns, ({ errors }) => errors))],
  ];
}

function table({ name, turns }: Phase): Table {
  const off = turns.get(nobody.name) ?? [];
  return { caption: name, columns, rows: [...turns].map(([who, each]) => row(who, each, off)) };
}

/** The loads between the two namespaces. */
interface Loads {
  readonly peak: (seconds: number) => Promise<LoadResult>;
  readonly at: (rate: number, seconds: number) => Promise<LoadResult>;
}

const loadsOf = (port: number, place: LoadPlace): Loads => ({
  peak: async (seconds) => {
    const { requestsPerSecond, ...result } = await runWrk({ port, connections, seconds, place });
    return { ...result, perSecond: requestsPerSecond };
  },
  at: async (rate, seconds) => {
    const { answered, ...result } = await runOpenLoop({ port, rate, seconds, connections, place });
    // One second more is sent first.
    return { ...result, requests: answered, perSecond: answered / (seconds + 1) };
  },
});

async function measure(contest: Contest, loads: Loads): Promise<readonly Phase[]> {
  const { seconds } = contest.context;
  const [, ours] = contest.observers;
  if (ours !== undefined) await observed(ours, () => loads.peak(warmUpSeconds));
  const peak = await phase(contest, 'Peak', () => loads.peak(seconds));
  const slowest = Math.min(
    ...[...peak.turns.values()].map((turns) => medianOf(turns, (turn) => turn.perSecond)),
  );
  const calm = Math.floor(slowest * shareOfSlowestPeak);
  const phases = [peak];
  for (const rate of [calm, ...lossRates]) {
    const name = `${rate.toLocaleString('en-US')} requests/s${rate === calm ? ' (70 % of the slowest peak)' : ''}`;
    phases.push(await phase(contest, name, () => loads.at(rate, seconds)));
  }
  return phases;
}

const pages = ({ rounds, seconds }: BenchContext): readonly string[] => [
  `${rounds} interleaved rounds of ${seconds} s each, ${connections} connections between two pods on a bridge; median (lowest–highest).`,
  'Ours is the whole `agent --node` with its watchdog, told of the server’s pod and that it has gone: the worker parses and encodes an event of every request, main takes each in (identity, masking, detections, window). tcpdump writes what it got to /dev/null; tshark dissects HTTP and writes a line for each answer.',
  'CPU is that of all threads of the observer, until it has worked off what it got, 20 s at most; what the kernel does for it is charged to client and server and shows in the rate. On few cores client, server and observer take it from each other: the cost per pair says what the ratios cannot. Dropped packets, requests not seen, gaps and errors are sums over the rounds.',
];

async function observersOf(pods: BenchPods, context: BenchContext): Promise<readonly Observer[]> {
  const { missing, say, directory } = context;
  const [server] = pods.servers;
  if (server === undefined) throw new Error('there is a server');
  const captures = Object.entries({ tcpdump, tshark }).flatMap(([tool, observer]) => {
    if (!missing.has(tool)) return [observer(server, directory)];
    say(`skipped ${tool}: ${missing.get(tool) ?? ''}`);
    return [];
  });
  return [nobody, await ourTap(server, pods.client, directory), ...captures];
}

/** Tap on against off, and against tcpdump and tshark. */
export const tap: Section = async (context): Promise<SectionResult> => {
  const pods = await createBenchPods(1);
  let observers: readonly Observer[] = [];
  try {
    observers = await observersOf(pods, context);
    const [server] = pods.servers;
    if (server === undefined) throw new Error('there is a server');
    const phases = await measure({ context, observers }, loadsOf(server.port, server.place));
    return {
      title: 'Node: tap on and off',
      notes: [
        ...pages(context),
        ...['tcpdump', 'tshark'].flatMap((tool) =>
          context.missing.has(tool) ? [`Left out: ${tool}, ${context.missing.get(tool) ?? ''}.`] : [],
        ),
      ],
      tables: phases.map(table),
      raw: phases.map(({ name, turns }) => ({ name, turns: Object.fromEntries(turns) })),
    };
  } finally {
    for (const observer of observers) await observer.stop();
    await pods.remove();
  }
};
