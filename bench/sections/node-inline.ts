// Inline in a pod: client's pod → server's pod. Ours through the kernel's redirection, as `agent --node` does it; the peers as explicit proxies in
// the server's pod, before the same upstream; and nothing at all. One rule, 100 rules, and a throttle that is not hit.
import type { BenchContext, Section, SectionResult, Table } from '../lib/bench-context.ts';
import { createBenchPods, type BenchPods, type Server } from '../lib/bench-pods.ts';
import {
  contest,
  contestColumns,
  contestNotes,
  rowsOf,
  startContestants,
  type Contestant,
  type Entrant,
  type PeerFigures,
} from '../lib/contest.ts';
import { short, summarise } from '../lib/statistics.ts';
import { envoy } from '../peers/envoy.ts';
import { haproxy, haproxyLines } from '../peers/haproxy.ts';
import { nginx } from '../peers/nginx.ts';
import { oursInPod } from '../peers/ours-node.ts';
import { refusedPrefix, type Peer, type PeerSetup } from '../peers/peer.ts';

/** What everyone has to do; the throttle alone, without a rule. */
const variants = [
  { name: '1 rule', rules: 1 },
  { name: '100 rules', rules: 100 },
  { name: 'throttle not hit', rules: 0, throttle: true },
] as const;
type Variant = (typeof variants)[number];

/** Each in its pod already, so that only the address differs. */
const explicit = (peer: Peer, place: Server['place']): Peer => ({
  name: peer.name,
  start: async (setup) => ({ ...(await peer.start(setup)), place }),
});

const nothing: Peer = {
  name: 'direct',
  start: ({ upstreamPort }) =>
    Promise.resolve({ port: upstreamPort, pids: () => [], stop: () => Promise.resolve() }),
};

const called = (peer: Peer, { name }: Pick<Variant, 'name'>): string => `${peer.name}, ${name}`;

/** Ours has a pod for each variant, as an agent has the whole of a pod; the peers share one, on ports of their own. */
function entrantsOf({ servers, client }: BenchPods): readonly Entrant[] {
  const shared = servers.at(-1);
  if (shared === undefined) throw new Error('there is a server');
  const pod = { netns: shared.pod.name, host: shared.pod.ipv4 };
  const setup = { upstreamPort: shared.port, pod };
  const entrant = (peer: Peer, variant: Variant, own: Omit<PeerSetup, 'directory' | 'rules'>): Entrant => ({
    peer,
    name: called(peer, variant),
    setup: { ...own, rules: variant.rules, throttle: 'throttle' in variant },
  });
  return [
    ...variants.flatMap((variant, index) => {
      const server = servers[index];
      return server === undefined
        ? []
        : [entrant(oursInPod(server, client), variant, { upstreamPort: server.port })];
    }),
    ...[haproxy, nginx, envoy].flatMap((peer) =>
      variants.map((variant) => entrant(explicit(peer, shared.place), variant, setup)),
    ),
    entrant(explicit(haproxyLines, shared.place), variants[1], setup),
    { peer: explicit(nothing, shared.place), name: nothing.name, setup: { ...setup, rules: 0 } },
  ];
}

/** A proxy that lets the load by without its rules would win. */
function checkRules({ ask }: BenchPods, contestants: readonly Contestant[]): void {
  for (const { name, peer } of contestants) {
    if (peer.place === undefined) throw new Error(`${name} has no pod`);
    const expected = name.includes('rule') ? 403 : 200;
    const status = ask(peer.place, peer.port, `${refusedPrefix(0)}x`);
    if (status !== expected) throw new Error(`${name} answers ${status} instead of ${expected}`);
  }
}

type Median = (figures: PeerFigures) => number;
const medianOf = <T>(rounds: readonly T[], of: (round: T) => number): number =>
  summarise(rounds.map(of)).median;

/** What is compared; of all, more is worse but of the rate. */
const compared: readonly (readonly [string, Median])[] = [
  ['CPU/request at peak', ({ peaks }) => medianOf(peaks, ({ cpuUs }) => cpuUs)],
  ['at the fixed rate', ({ fixed }) => medianOf(fixed, ({ cpuUs }) => cpuUs)],
  ['p99', ({ fixed }) => medianOf(fixed, ({ p99Ms }) => p99Ms)],
  ['rate at peak', ({ peaks }) => medianOf(peaks, ({ requestsPerSecond }) => requestsPerSecond)],
];
/** Of our worker's thread alone, beside the whole process: against the whole of others, against the worker of ours. */
const workerAt: readonly Median[] = [
  ({ peaks }) => medianOf(peaks, ({ workerUs }) => workerUs),
  ({ fixed }) => medianOf(fixed, ({ workerUs }) => workerUs),
];

function ratioRow(name: string, ours: PeerFigures, theirs: PeerFigures): readonly string[] {
  const cells = compared.map(([, of], index) => {
    const whole = short(of(ours) / of(theirs));
    const worker = workerAt[index];
    if (worker === undefined) return whole;
    const isOurs = Number.isFinite(worker(theirs));
    return `${whole} (worker ${short(worker(ours) / (isOurs ? worker : of)(theirs))})`;
  });
  return [name, ...cells];
}

/** Ours over theirs, variant by variant; and our throttle over our one rule. */
function ratios(figures: readonly PeerFigures[]): Table {
  const find = (name: string): PeerFigures | undefined => figures.find((each) => each.name === name);
  const row = (label: string, one: string, other: string): readonly (readonly string[])[] => {
    const [ours, theirs] = [find(one), find(other)];
    return ours === undefined || theirs === undefined ? [] : [ratioRow(label, ours, theirs)];
  };
  const rows = variants.flatMap((variant) =>
    [haproxy, haproxyLines, nginx, envoy].flatMap((peer) =>
      row(`${variant.name}: ÷ ${peer.name}`, `api-defense, ${variant.name}`, called(peer, variant)),
    ),
  );
  const own = (variant: Variant): readonly (readonly string[])[] =>
    row(`${variant.name}: ÷ 1 rule of ours`, `api-defense, ${variant.name}`, 'api-defense, 1 rule');
  return {
    caption: 'Ours ÷ theirs (aims: CPU ≤ 1 of HAProxy and nginx, < 0.3 of Envoy; p99 ≤ 1)',
    columns: ['', ...compared.map(([name]) => name)],
    rows: [...rows, ...variants.slice(1).flatMap(own)],
  };
}

const missingNotes = ({ missing }: BenchContext): readonly string[] =>
  ['haproxy', 'nginx', 'envoy'].flatMap((tool) =>
    missing.has(tool) ? [`Left out: ${tool}, ${missing.get(tool) ?? ''}.`] : [],
  );

/** Ours against explicit proxies in the same topology. */
export const nodeInline: Section = async (context): Promise<SectionResult> => {
  const pods = await createBenchPods(variants.length + 1);
  let contestants: readonly Contestant[] = [];
  try {
    contestants = await startContestants(entrantsOf(pods), context);
    checkRules(pods, contestants);
    const contestContext = { ...context, atFixedRate: true };
    const { figures, rate } = await contest(contestants, contestContext);
    const caption = 'Inline between two pods';
    return {
      title: 'Node: inline between two pods',
      notes: [
        ...contestNotes(figures, rate, contestContext),
        'Client and server in namespaces of their own on a bridge. Ours is the whole `agent --node` with its watchdog and tap, inline by TPROXY (fwmark mode), the client’s address kept; the client calls the server’s own port. The peers listen on a port of their own in the server’s pod and forward over its loopback. Each refused a request by its rule before it was measured.',
        'Throttle: ours by principal, HAProxy by a stick table, nginx by `limit_req`, both by address, Envoy by its local rate limit, one bucket for all; 1,000,000/s.',
        'CPU is that of all threads of the proxy; the kernel’s work for packets is charged to whom it interrupts. Peers log nothing; ours makes, masks and keeps an event of every request.',
        ...missingNotes(context),
      ],
      tables: [{ caption, columns: contestColumns, rows: figures.flatMap(rowsOf) }, ratios(figures)],
      raw: { rate, figures },
    };
  } finally {
    for (const { peer } of contestants) await peer.stop();
    await pods.remove();
  }
};
