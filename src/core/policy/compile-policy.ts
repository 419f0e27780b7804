// One policy into the tables: its peers, its match, its throttle, and the ways into it. What it refers to is appended and stays where it is; its
// own columns and rows are put together with those of the others whenever the set is another (compiler.ts).
import type { KnownPolicy } from './attribution-order.ts';
import { rowsOf, type HttpWays, type Way } from './compile-rows.ts';
import { headerUseKey } from './compile-facts.ts';
import type { Group, GroupBuilder, GroupMade, Run } from './compile-groups.ts';
import { parseCidr } from './ip-address.ts';
import { parsePathPattern } from './path-pattern.ts';
import type { createPathTrie } from './path-trie.ts';
import { parseRate } from './rate.ts';
import { exactHost, headerKey, suffixHost } from './row-key.ts';
import type { HttpMatch } from './http-match-schema.ts';
import type { Peer } from './peer-schema.ts';
import type { Policy } from './schema.ts';
import type { createStringTable } from './string-table.ts';
import {
  actionBlock,
  actionThrottle,
  everyone,
  headerPart,
  keyParts,
  labelText,
  modeEnforce,
  modeShadow,
  peerStride,
  rowStride,
} from './table-layout.ts';
import { homeOf, reachesAnywhere } from './tenancy.ts';

/** What policies refer to; one array per section. Only appended to. */
export interface CompileState {
  readonly strings: ReturnType<typeof createStringTable>;
  readonly trie: ReturnType<typeof createPathTrie>;
  readonly headerUse: ReadonlyMap<string, number>;
  /** Rule names in the order of their ids. */
  readonly rules: Map<string, number>;
  readonly groups: GroupBuilder;
  readonly peers: number[];
  readonly cidrs: number[];
  readonly lists: number[];
  readonly headers: number[];
}

/** A policy compiled, wherever it stands among others. */
export interface CompiledPolicy {
  readonly group: Group;
  /** In the order of `numberColumn`. */
  readonly numbers: readonly number[];
  /** In the order of `policyColumn`; where its rows begin is 0. */
  readonly columns: readonly number[];
  /** In the order of `rowColumn`; whose they are is 0. */
  readonly rows: Int32Array;
  /** Which of its header conditions it is found by: the rarest among all policies. */
  readonly rarestHeader: number;
}

const assuranceRank = { IP: 0, MTLS: 1, Token: 2 } as const;
/** Where a connection has been accepted, the silence that Drop asks for is no longer to be had: it is aborted. */
const abortingAnswers: ReadonlySet<string> = new Set(['Reset', 'Drop']);
/** The key of a throttle that names none. */
export const defaultKey = ['principal'] as const;

/** Appends all it refers to. */
export function compilePolicy(state: CompileState, { policy, name, expiryMs }: KnownPolicy): CompiledPolicy {
  const { spec } = policy;
  const { strings } = state;
  const http = spec.match?.http;
  const throttle = spec.action.type === 'Throttle' ? spec.action.throttle : undefined;
  const home = homeOf(policy);
  const selectors = JSON.stringify([home, spec.from, spec.to]);
  const group = state.groups.of(selectors, () => selectorsInto(state, policy));
  const { from, to, ports } = group.selectors;
  const plainRule = plainRules(state, spec.from);
  const ways = waysOf(state, policy);
  const methods = listInto(
    state,
    (ways.methods ?? []).map(({ value }) => value),
  );
  const hosts = listInto(
    state,
    (ways.hosts ?? []).map(({ value }) => value),
  );
  const headers = headersInto(state, http);
  const needsHttp = http !== undefined || throttle !== undefined;
  const rows = needsHttp ? rowsAs(ways, plainRule) : new Int32Array(0);
  const key = keyInto(state, throttle?.key ?? defaultKey);
  const rate = throttle === undefined ? { count: 0, periodMs: 0 } : parseRate(throttle.rate);
  const numbers = [expiryMs, rate.count, rate.periodMs, throttle?.burst ?? rate.count];
  const columns = [
    spec.mode === 'Enforce' ? modeEnforce : modeShadow,
    throttle === undefined ? actionBlock : actionThrottle,
    spec.failure === 'Closed' ? 1 : 0,
    spec.action.type === 'Block' && abortingAnswers.has(spec.action.block?.answer ?? 'Auto') ? 1 : 0,
    needsHttp ? 1 : 0,
    strings.intern(name),
    strings.intern(home),
    reachesAnywhere(policy) ? 1 : 0,
    ...[from, to, ports, methods, hosts, headers].flatMap(({ at, count }) => [at, count]),
    ...[0, rows.length / rowStride, key.at, key.count],
    plainRule,
  ];
  return { group, numbers, columns, rows, rarestHeader: rarestHeader(state.headerUse, policy) };
}

function selectorsInto(state: CompileState, policy: Policy): GroupMade {
  const { spec } = policy;
  const home = homeOf(policy);
  return {
    selectors: {
      from: peersInto(state, spec.from, home),
      to: peersInto(state, spec.to, home),
      ports: listInto(state, 'peers' in spec.to ? (spec.to.ports ?? []) : []),
    },
    destinationNamespace: reachesAnywhere(policy) ? -1 : state.strings.intern(home),
  };
}

function peersInto(
  state: CompileState,
  side: Policy['spec']['from'] | Policy['spec']['to'],
  namespace: string,
): Run {
  if (!('peers' in side)) return { at: 0, count: everyone };
  const at = state.peers.length / peerStride;
  for (const peer of side.peers) state.peers.push(...peerColumns(state, peer, namespace));
  return { at, count: side.peers.length };
}

/** In the order of `peerColumn`. A workload, a ServiceAccount or labels without a namespace are of the policy's home. */
function peerColumns(state: CompileState, peer: Peer, namespace: string): number[] {
  const id = (text: string | undefined): number => (text === undefined ? -1 : state.strings.intern(text));
  const { workload, serviceAccount } = peer;
  const own = peer.namespace ?? namespace;
  const labels = listInto(state, labelIds(state, peer));
  return [
    id(workload?.kind),
    id(workload?.name),
    id(namespaceOf(peer, own)),
    id(peer.namespace),
    serviceAccount === undefined ? -1 : id(`sa:${serviceAccount.namespace ?? own}/${serviceAccount.name}`),
    peer.cidr === undefined ? -1 : cidrInto(state, peer.cidr),
    assuranceRank[peer.minAssurance ?? 'IP'],
    labels.at,
    labels.count,
  ];
}

/** The namespace that a workload's name, or labels that stand alone, are of. */
function namespaceOf({ workload, serviceAccount, labels }: Peer, own: string): string | undefined {
  if (workload !== undefined) return workload.namespace ?? own;
  return labels === undefined || serviceAccount !== undefined ? undefined : own;
}

const labelIds = ({ strings }: CompileState, { labels }: Peer): number[] =>
  Object.entries(labels ?? {}).map(([key, value]) => strings.intern(labelText(key, value)));

function cidrInto(state: CompileState, text: string): number {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`parsePolicy let an unreadable cidr through: ${text}`);
  state.cidrs.push(cidr.bits, ...cidr.words.map((word) => word | 0));
  return state.cidrs.length / 5 - 1;
}

function listInto(state: CompileState, values: readonly number[]): Run {
  const at = state.lists.length;
  for (const value of values) state.lists.push(value);
  return { at, count: values.length };
}

function ruleId(state: CompileState, name: string): number {
  const known = state.rules.get(name);
  if (known !== undefined) return known;
  state.rules.set(name, state.rules.size);
  return state.rules.size - 1;
}

/** Where the caller's peers are named: the first of them, or the `scope: All` that stands for everyone. */
function plainRules(state: CompileState, from: Policy['spec']['from']): number {
  return ruleId(state, 'peers' in from ? 'from.peers' : 'from.scope');
}

function waysOf(state: CompileState, policy: Policy): HttpWays {
  const { strings } = state;
  const http = policy.spec.match?.http;
  const paths = (http?.paths ?? []).flatMap((path, index) =>
    patternIds(state, path).map((value) => ({ value, rule: ruleId(state, `match.http.paths[${index}]`) })),
  );
  return {
    paths: paths.length === 0 ? [{ value: 0, rule: 0 }] : paths,
    methods: http?.methods?.map((method, index) => ({
      value: strings.intern(method),
      rule: ruleId(state, `match.http.methods[${index}]`),
    })),
    hosts: http?.hosts?.map((host, index) => ({
      value: hostValue(state, host),
      rule: ruleId(state, `match.http.hosts[${index}]`),
    })),
    header: headerWays(state, policy),
  };
}

function patternIds(state: CompileState, path: string): readonly number[] {
  const parsed = parsePathPattern(path);
  if (!parsed.ok) throw new Error(`parsePolicy let a path through that ${parsed.message}: ${path}`);
  return state.trie.add(parsed.pattern);
}

function hostValue(state: CompileState, host: string): number {
  const lower = host.toLowerCase();
  return lower.startsWith('*.')
    ? suffixHost(state.strings.intern(lower.slice(2)))
    : exactHost(state.strings.intern(lower));
}

/** Which of its header conditions is asked for by the fewest policies; 0 when it has none. */
export function rarestHeader(headerUse: CompileState['headerUse'], { spec }: Policy): number {
  const headers = spec.match?.http.headers ?? [];
  if (headers.length < 2) return 0;
  const uses = headers.map(({ name, values }) =>
    Math.max(...values.map((value) => headerUse.get(headerUseKey(name, value)) ?? 0)),
  );
  return uses.indexOf(Math.min(...uses));
}

function headerWays(state: CompileState, policy: Policy): readonly Way[] | undefined {
  const index = rarestHeader(state.headerUse, policy);
  const rarest = policy.spec.match?.http.headers?.[index];
  if (rarest === undefined) return undefined;
  const { name, values } = rarest;
  return values.map((value, at) => ({
    value: headerKey(state.strings.intern(name.toLowerCase()), state.strings.intern(value)),
    rule: ruleId(state, `match.http.headers[${index}].values[${at}]`),
  }));
}

function headersInto(state: CompileState, http: HttpMatch | undefined): Run {
  const at = state.headers.length / 3;
  for (const { name, values } of http?.headers ?? []) {
    const run = listInto(
      state,
      values.map((value) => state.strings.intern(value)),
    );
    state.headers.push(state.strings.intern(name.toLowerCase()), run.at, run.count);
  }
  return { at, count: http?.headers?.length ?? 0 };
}

const rowsAs = (ways: HttpWays, plainRule: number): Int32Array =>
  Int32Array.from(
    rowsOf(ways, plainRule).flatMap(({ key, rule, pattern, shape }) => [key, 0, rule, pattern, shape]),
  );

function keyInto(state: CompileState, key: readonly string[]): Run {
  return listInto(
    state,
    key.map((part) =>
      part.startsWith('header:')
        ? headerPart + state.strings.intern(part.slice('header:'.length).toLowerCase())
        : keyParts.findIndex((name) => name === part),
    ),
  );
}
