// A contest of proxies: peak by wrk, then latency at 70 % of the slowest peer's peak by the fixed-rate client; all peers run side by side and take
// turns in every round. Knows no proxy.
import { setTimeout as sleep } from 'node:timers/promises';
import { runOpenLoop, type FixedRateResult } from '../load/open-loop.ts';
import { runWrk, type PeakResult } from '../load/wrk.ts';
import type { Peer, PeerSetup, RunningPeer } from '../peers/peer.ts';
import type { BenchContext } from './bench-context.ts';
import { withCpu, type CpuPerRequest } from './measured.ts';
import { short, shown, summarise } from './statistics.ts';

/** As in the measurements that the architecture was chosen by. */
const connections = 32;
/** Long enough for V8 to have compiled what is hot. */
const warmUpSeconds = 2;
const shareOfSlowestPeak = 0.7;
/** CPU of the turn before must not be charged to the next one: late events, garbage collection. */
const settleMs = 300;

export interface Contestant {
  readonly name: string;
  readonly peer: RunningPeer;
}

export interface PeerFigures {
  readonly name: string;
  readonly peaks: readonly (PeakResult & CpuPerRequest)[];
  readonly fixed: readonly (FixedRateResult & CpuPerRequest)[];
  /** Events that our agent dropped at peak and at the fixed rate; 0 for others, which make none. */
  readonly lostAtPeak: number;
  readonly lostAtRate: number;
}

/** One that takes part: a peer, what it is set up with, and what it is called. */
export interface Entrant {
  readonly peer: Peer;
  readonly name: string;
  readonly setup: Omit<PeerSetup, 'directory'>;
}

/** Starts peers; those whose tool is missing are left out and said. */
export async function startContestants(
  entrants: readonly Entrant[],
  context: BenchContext,
): Promise<readonly Contestant[]> {
  const started: Contestant[] = [];
  for (const { peer, name, setup } of entrants) {
    const tool = /^\w+/.exec(peer.name)?.[0].toLowerCase() ?? '';
    const why = context.missing.get(tool);
    if (why !== undefined) {
      context.say(`skipped ${name}: ${why}`);
      continue;
    }
    context.say(`starting ${name}`);
    started.push({ name, peer: await peer.start({ ...setup, directory: context.directory }) });
  }
  return started;
}

/** Takes turns: every contestant once per round, so that drift of the machine meets all of them. */
export async function inRounds<T>(
  contestants: readonly Contestant[],
  context: BenchContext,
  turn: (contestant: Contestant) => Promise<T>,
): Promise<ReadonlyMap<string, readonly T[]>> {
  const results = new Map<string, T[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 1; round <= context.rounds; round++) {
    for (const contestant of contestants) {
      await sleep(settleMs);
      context.say(`round ${round}/${context.rounds}: ${contestant.name}`);
      results.get(contestant.name)?.push(await turn(contestant));
    }
  }
  return results;
}

const at = ({ port, place }: RunningPeer): Pick<RunningPeer, 'port' | 'place'> =>
  place === undefined ? { port } : { port, place };

/** What a contest is run with. */
export interface ContestContext extends BenchContext {
  /** Whether latency is measured too. */
  readonly atFixedRate: boolean;
}

/** Peak and fixed-rate rounds of some contestants. */
export async function contest(
  contestants: readonly Contestant[],
  context: ContestContext,
): Promise<{ readonly figures: readonly PeerFigures[]; readonly rate: number }> {
  const { seconds } = context;
  const lostNow = async (): Promise<readonly number[]> =>
    Promise.all(contestants.map(async ({ peer }) => (await peer.lost?.()) ?? 0));
  for (const { peer } of contestants) await runWrk({ ...at(peer), connections, seconds: warmUpSeconds });
  const lostBefore = await lostNow();
  const peaks = await inRounds(contestants, context, ({ peer }) =>
    withCpu(
      peer,
      () => runWrk({ ...at(peer), connections, seconds }),
      ({ requests }) => requests,
    ),
  );
  const lostByPeak = await lostNow();
  const slowest = Math.min(
    ...[...peaks.values()].map((rounds) => summarise(rounds.map((each) => each.requestsPerSecond)).median),
  );
  const rate = Math.floor(slowest * shareOfSlowestPeak);
  const fixed = await inRounds(context.atFixedRate ? contestants : [], context, ({ peer }) =>
    withCpu(
      peer,
      () => runOpenLoop({ ...at(peer), rate, seconds, connections }),
      ({ answered }) => answered,
    ),
  );
  const lostByEnd = await lostNow();
  const figures = contestants.map(({ name }, index) => ({
    name,
    peaks: peaks.get(name) ?? [],
    fixed: fixed.get(name) ?? [],
    lostAtPeak: (lostByPeak[index] ?? 0) - (lostBefore[index] ?? 0),
    lostAtRate: (lostByEnd[index] ?? 0) - (lostByPeak[index] ?? 0),
  }));
  return { figures, rate };
}

/** Of the rows that `rowsOf` gives. */
export const contestColumns = [
  '',
  'CPU µs/request at peak',
  'at the fixed rate',
  'requests/s at peak',
  'p50 ms',
  'p99 ms',
  'p99.9 ms',
  'errors',
];

function row({ name, peaks, fixed }: PeerFigures): readonly string[] {
  const of = <T>(rounds: readonly T[], value: (round: T) => number): string =>
    shown(summarise(rounds.map(value)));
  const errors = [...peaks, ...fixed].reduce((sum, each) => sum + each.errors, 0);
  return [
    name,
    of(peaks, ({ cpuUs }) => cpuUs),
    of(fixed, ({ cpuUs }) => cpuUs),
    of(peaks, ({ requestsPerSecond }) => requestsPerSecond),
    of(fixed, ({ p50Ms }) => p50Ms),
    of(fixed, ({ p99Ms }) => p99Ms),
    of(fixed, ({ p999Ms }) => p999Ms),
    String(errors),
  ];
}

/** Our worker thread alone, from the same rounds. */
function workerRow({ name, peaks, fixed }: PeerFigures): readonly string[] {
  const peak = shown(summarise(peaks.map(({ workerUs }) => workerUs)));
  const steady = shown(summarise(fixed.map(({ workerUs }) => workerUs)));
  return [`${name}: worker thread`, peak, steady, '', '', '', '', ''];
}

const rateNote = (rate: number): string =>
  `Latency and the second CPU column at ${rate.toLocaleString('en-US')} requests/s (70 % of the slowest peer's peak), open loop, counted from the scheduled moment.`;

function lossNote({ name, peaks, lostAtPeak, lostAtRate }: PeerFigures): string {
  const events = peaks.reduce((sum, { requests }) => sum + requests, 0);
  return `${name}: events lost at peak ${short((lostAtPeak / events) * 100)} % of ${events.toLocaleString('en-US')}, at the fixed rate ${lostAtRate}.`;
}

/** A contestant's row, and one of our worker's thread. */
export const rowsOf = (figures: PeerFigures): readonly (readonly string[])[] =>
  figures.name.startsWith('api-defense') ? [row(figures), workerRow(figures)] : [row(figures)];

/** How it was done. */
export const contestNotes = (
  figures: readonly PeerFigures[],
  rate: number,
  { rounds, seconds, atFixedRate }: ContestContext,
): readonly string[] => [
  `${rounds} interleaved rounds of ${seconds} s each per peer, ${connections} connections; median (lowest–highest).`,
  ...(atFixedRate ? [rateNote(rate)] : []),
  ...figures.filter(({ name }) => name.startsWith('api-defense')).map(lossNote),
];
