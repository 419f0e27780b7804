// Inline HTTP/1: our agent with parsing, policy and events against proxies with the same rule. Peak by wrk, then latency
// at 70 % of the slowest peer's peak by the fixed-rate client; all peers run side by side and take turns in every round.
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchContext, Section, SectionResult } from '../lib/bench-context.ts';
import { withCpu, type CpuPerRequest } from '../lib/measured.ts';
import { short, shown, summarise } from '../lib/statistics.ts';
import { startUpstream } from '../lib/upstream.ts';
import { runOpenLoop, type FixedRateResult } from '../load/open-loop.ts';
import { runWrk, type PeakResult } from '../load/wrk.ts';
import { direct } from '../peers/direct.ts';
import { envoy } from '../peers/envoy.ts';
import { haproxy, haproxyLines } from '../peers/haproxy.ts';
import { nginx } from '../peers/nginx.ts';
import { nodeProxy } from '../peers/node-proxy.ts';
import { ours } from '../peers/ours.ts';
import type { Peer, RunningPeer } from '../peers/peer.ts';

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

/** Starts peers on one upstream; those whose tool is missing are left out and said. */
export async function startContestants(
  peers: readonly (readonly [Peer, number])[],
  upstreamPort: number,
  context: BenchContext,
): Promise<readonly Contestant[]> {
  const started: Contestant[] = [];
  for (const [peer, rules] of peers) {
    const tool = /^\w+/.exec(peer.name)?.[0].toLowerCase() ?? '';
    const why = context.missing.get(tool);
    if (why !== undefined) {
      context.say(`skipped ${peer.name}: ${why}`);
      continue;
    }
    const name = rules === 1 ? peer.name : `${peer.name}, ${rules.toLocaleString('en-US')} rules`;
    context.say(`starting ${name}`);
    started.push({
      name,
      peer: await peer.start({ upstreamPort, rules, directory: context.directory }),
    });
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

interface ContestContext extends BenchContext {
  /** Whether latency is measured too. */
  readonly atFixedRate: boolean;
}

/** Peak and fixed-rate rounds of some contestants. */
async function contest(
  contestants: readonly Contestant[],
  context: ContestContext,
): Promise<{ readonly figures: readonly PeerFigures[]; readonly rate: number }> {
  const { seconds } = context;
  const lostNow = async (): Promise<readonly number[]> =>
    Promise.all(contestants.map(async ({ peer }) => (await peer.lost?.()) ?? 0));
  for (const { peer } of contestants) await runWrk({ port: peer.port, connections, seconds: warmUpSeconds });
  const lostBefore = await lostNow();
  const peaks = await inRounds(contestants, context, ({ peer }) =>
    withCpu(
      peer,
      () => runWrk({ port: peer.port, connections, seconds }),
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
      () => runOpenLoop({ port: peer.port, rate, seconds, connections }),
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

const columns = [
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

const rowsOf = (figures: PeerFigures): readonly (readonly string[])[] =>
  figures.name.startsWith('api-defense') ? [row(figures), workerRow(figures)] : [row(figures)];

async function run(
  title: string,
  peers: readonly (readonly [Peer, number])[],
  context: ContestContext,
): Promise<SectionResult> {
  const upstream = await startUpstream();
  const contestants = await startContestants(peers, upstream.port, context);
  try {
    const { figures, rate } = await contest(contestants, context);
    return {
      title,
      notes: [
        `${context.rounds} interleaved rounds of ${context.seconds} s each per peer, ${connections} connections; median (lowest–highest).`,
        ...(context.atFixedRate ? [rateNote(rate)] : []),
        ...figures.filter(({ name }) => name.startsWith('api-defense')).map(lossNote),
        'CPU is that of all threads of the proxy; client, upstream and proxy share the machine. Peers log nothing; ours makes, masks and keeps an event of every request.',
      ],
      tables: [{ caption: title, columns, rows: figures.flatMap(rowsOf) }],
      raw: { rate, figures },
    };
  } finally {
    for (const { peer } of contestants) await peer.stop();
    await upstream.stop();
  }
}

/** All peers with one rule. */
export const inline: Section = (context) =>
  run(
    'Inline HTTP/1, one rule',
    [
      [ours(), 1],
      [haproxy, 1],
      [nginx, 1],
      [envoy, 1],
      [nodeProxy, 1],
      [direct, 1],
    ],
    { ...context, atFixedRate: true },
  );

/** What more rules cost. */
export const rules: Section = (context) =>
  run(
    'Inline HTTP/1, more rules',
    [
      [ours(), 1],
      [ours(), 100],
      [ours(), 10_000],
      [haproxy, 1],
      [haproxy, 100],
      [haproxy, 10_000],
      [haproxyLines, 100],
      [haproxyLines, 10_000],
      [envoy, 100],
      [envoy, 10_000],
    ],
    // At 10,000 rules the slowest peer's peak is too low a rate to say anything about the others.
    { ...context, atFixedRate: false },
  );
