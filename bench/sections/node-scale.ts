// The agent of a node against the number of policies and of enrolled namespaces: what a request, a change, a start and doing nothing cost in each
// size, as a curve; memory of namespaces and of idle connections; the plan by itself.
import type { BenchContext, Section, SectionResult, Table } from '../lib/bench-context.ts';
import { addressPolicies, pathPolicies } from '../lib/bench-policies.ts';
import { createBenchPods, type BenchPods } from '../lib/bench-pods.ts';
import { measureIdleInline, type IdleInline } from '../lib/idle-inline.ts';
import { planCosts, type PlanCost } from '../lib/plan-cost.ts';
import { fixedRate, measureScale, type ScaleCase, type ScaleFigures } from '../lib/scale.ts';
import { quantile, short, shown, summarise } from '../lib/statistics.ts';

const policyCounts = [1, 100, 10_000] as const;
const namespaceCounts = [1, 10, 100] as const;
const idleCounts = [1_000, 5_000] as const;
/** Of all rounds together. */
const leastChanges = 24;
/** Each round starts an agent in each size anew, and three starts of each say enough. */
const mostRounds = 3;
const mebibyte = 2 ** 20;

const named = (count: number, what: string): string => `${count.toLocaleString('en-US')} ${what}`;

const byPolicies: readonly ScaleCase[] = policyCounts.flatMap((count): readonly ScaleCase[] => [
  {
    name: named(count, 'L7, inline'),
    ...{ policies: pathPolicies(count), namespaces: 1, gear: 'inline' },
  },
  {
    name: named(count, 'L4, in the kernel'),
    ...{ policies: addressPolicies(count), namespaces: 1, gear: 'kernel' },
  },
]);
const byNamespaces: readonly ScaleCase[] = namespaceCounts.map((namespaces) => ({
  name: named(namespaces, 'namespaces'),
  ...{ policies: pathPolicies(1), namespaces, gear: 'inline' },
}));

type Measured = ReadonlyMap<ScaleCase, readonly ScaleFigures[]>;

/** All sizes in every round, so that drift of the machine meets all of them. */
async function measureAll(context: BenchContext, pods: BenchPods): Promise<Measured> {
  const rounds = Math.min(context.rounds, mostRounds);
  const changes = Math.ceil(leastChanges / rounds);
  const cases = [...byPolicies, ...byNamespaces];
  const measured = new Map<ScaleCase, ScaleFigures[]>(cases.map((each) => [each, []]));
  for (let round = 1; round <= rounds; round++)
    for (const each of cases) {
      context.say(`round ${round}/${rounds}: ${each.name}`);
      measured.get(each)?.push(await measureScale(context, pods, { ...each, changes }));
    }
  return measured;
}

const columns = [
  ...['', 'CPU µs/request', 'worker', 'whole machine', 'p99 ms', 'errors'],
  ...['change → enforced p50 ms', 'p99', 'removed p50', 'p99', 'changes', 'never'],
  ...['start ms', 'idle CPU %', 'memory MiB', 'rings MiB'],
];

function row({ name }: ScaleCase, figures: readonly ScaleFigures[]): readonly string[] {
  const cell = (of: (one: ScaleFigures) => number): string => shown(summarise(figures.map(of)));
  const sum = (of: (one: ScaleFigures) => number): string =>
    short(figures.reduce((total, one) => total + of(one), 0));
  const all = (of: (one: ScaleFigures) => readonly number[]): readonly number[] =>
    figures.flatMap(of).sort((a, b) => a - b);
  const [enforced, removed] = [all(({ enforcedMs }) => enforcedMs), all(({ removedMs }) => removedMs)];
  return [
    ...[name, cell(({ cpuUs }) => cpuUs), cell(({ workerUs }) => workerUs)],
    ...[cell(({ machineUs }) => machineUs), cell(({ p99Ms }) => p99Ms), sum(({ errors }) => errors)],
    ...[enforced, removed].flatMap((sorted) => [0.5, 0.99].map((q) => short(quantile(sorted, q)))),
    ...[String(enforced.length), sum(({ never }) => never)],
    ...[cell(({ startMs }) => startMs), cell(({ idleCpuPercent }) => idleCpuPercent)],
    ...[cell(({ memoryBytes }) => memoryBytes / mebibyte), cell(({ ringBytes }) => ringBytes / mebibyte)],
  ];
}

const curve = (caption: string, cases: readonly ScaleCase[], measured: Measured): Table => ({
  caption,
  columns,
  rows: cases.map((each) => row(each, measured.get(each) ?? [])),
});

/** What each namespace more takes, from the line through the least and the most of them. */
function perNamespace(measured: Measured): Table {
  const [least, ...others] = byNamespaces;
  const most = others.at(-1);
  const value = (each: ScaleCase | undefined, of: (one: ScaleFigures) => number): number =>
    summarise(each === undefined ? [] : (measured.get(each) ?? []).map(of)).median;
  const more = (most?.namespaces ?? 0) - (least?.namespaces ?? 0);
  const slope = (of: (one: ScaleFigures) => number): number => (value(most, of) - value(least, of)) / more;
  return {
    caption: 'Each namespace more',
    columns: ['', 'measured'],
    rows: [
      ['memory without rings, KiB', short(slope((one) => (one.memoryBytes - one.ringBytes) / 1024))],
      ['rings, KiB, of a budget for the node', short(slope(({ ringBytes }) => ringBytes / 1024))],
      ['start, ms', short(slope(({ startMs }) => startMs))],
      ['idle CPU, % of a core', short(slope(({ idleCpuPercent }) => idleCpuPercent))],
    ],
  };
}

const idleTable = (results: readonly IdleInline[]): Table => ({
  caption: 'Idle inline connections',
  columns: ['', 'open', 'failed', 'carried, as the agent says', 'bytes/connection'],
  rows: results.map(({ count, requests, open, failed, carried, bytesPerConnection }) => [
    named(count, requests === 0 ? 'connected' : 'after a request each'),
    ...[String(open), String(failed), String(carried), short(bytesPerConnection)],
  ]),
});

const planTable = (costs: ReadonlyMap<number, readonly PlanCost[]>): Table => ({
  caption: 'The plan by itself, policies by address, one pod',
  columns: ['', 'plan ms', 'text ms', 'text KiB', 'first rules ms', 'one entry more ms'],
  rows: [...costs].map(([count, each]) => {
    const cell = (of: (cost: PlanCost) => number): string => shown(summarise(each.map(of)));
    return [
      named(count, 'entries'),
      ...[cell(({ planMs }) => planMs), cell(({ textMs }) => textMs)],
      ...[short(summarise(each.map(({ textBytes }) => textBytes / 1024)).median)],
      ...[cell(({ firstMs }) => firstMs), cell(({ oneMoreMs }) => oneMoreMs)],
    ];
  }),
});

const notes = ({ rounds, seconds }: BenchContext): readonly string[] => [
  `${Math.min(rounds, mostRounds)} rounds; in each, an agent in each size is started anew: ${seconds} s of doing nothing, ${seconds} s at ${fixedRate.toLocaleString('en-US')} requests/s from the client’s pod, then changes one after the other; median (lowest–highest), quantiles over the changes of all rounds.`,
  'A change is a policy’s file put into the folder; enforced is the first refusal that a caller in another pod meets, who asks about each millisecond: a 403 on a kept connection (inline), a refused connection (kernel). The folder is read 100 ms after its last change.',
  'CPU is that of agent and watchdog; that of the whole machine has client and server in it, and the kernel’s work for packets, which is where the rules of the kernel gear cost. Memory is the proportional set size, mapped rings in it; start is from the process until its feed is open, policies enforced.',
  'Idle connections: one measurement each. The plan by itself: the product’s code in the bench’s process; first rules are enrolment, text and transaction.',
];

/** Each size of node, in a pod that is always the same. */
export const nodeScale: Section = async (context): Promise<SectionResult> => {
  const pods = await createBenchPods(1, Math.max(...namespaceCounts) - 1);
  try {
    const rounds = Math.min(context.rounds, mostRounds);
    context.say('the plan by itself');
    const plans = await planCosts(pods, { counts: policyCounts, rounds });
    const measured = await measureAll(context, pods);
    const idle = await measureIdleInline(context, pods, idleCounts);
    return {
      title: 'Node: against the number of policies and namespaces',
      notes: notes(context),
      tables: [
        curve('Against the number of policies', byPolicies, measured),
        curve('Against the number of enrolled namespaces', byNamespaces, measured),
        perNamespace(measured),
        idleTable(idle),
        planTable(plans),
      ],
      raw: {
        sizes: [...measured].map(([{ name }, figures]) => ({ name, figures })),
        idle,
        plans: Object.fromEntries(plans),
      },
    };
  } finally {
    await pods.remove();
  }
};
