// One policy against one request, field by field and in words: for explain's steps and nearest miss, and for preview's
// "cannot be told". Peers and paths go through the very tables and readings that enforce.
import { millis } from '../model/brand.ts';
import { withoutExpiry } from './compile-facts.ts';
import { compilePolicies } from './compile.ts';
import { createPathMatcher, type PathMatch } from './path-matcher.ts';
import { isChanged, isComparable, isUnreadable, mayLackHeaders } from './recorded-value.ts';
import type { HttpFacts } from './request-facts.ts';
import type { HttpMatch } from './http-match-schema.ts';
import type { Peer } from './peer-schema.ts';
import type { Policy } from './schema.ts';
import { selectsSide, type ScopeIdentity } from './scope.ts';
import { openTables } from './tables.ts';
import { hostText } from './verdict-values.ts';

/** `unknown`: the value was masked, cut or not recorded, or the stream is not HTTP. */
export type CheckResult = 'match' | 'miss' | 'unknown';

/** One field of a policy against one request. */
export interface FieldCheck {
  /** `source`, `destination`, `port`, `method`, `host`, `path`, `header:x`. */
  readonly field: string;
  /** Where the policy says it. */
  readonly rule: string;
  readonly result: CheckResult;
  readonly wanted: string;
  readonly actual: string;
}

/** The checks of one policy, in the order a person would make them. */
export type PolicyChecks = (who: ScopeIdentity, http: HttpFacts | undefined) => readonly FieldCheck[];

/** Compiles the policy alone, as if it were in force for ever; reuse the result for many requests. */
export function createFieldChecks(policy: Policy): PolicyChecks {
  const always = withoutExpiry({ ...policy, spec: { ...policy.spec, mode: 'Enforce' } });
  const tables = openTables(compilePolicies([always], { generation: 0, nowMs: millis(0) }).buffer);
  const http = policy.spec.match?.http;
  const matchPath = createPathMatcher(http?.paths ?? []);
  const sideCheck = (side: 'source' | 'destination', who: ScopeIdentity): FieldCheck => {
    const { from, to } = policy.spec;
    const wanted = side === 'source' ? from : to;
    const selected = selectsSide(tables, { policy: 0, side }, who);
    return {
      field: side,
      rule: side === 'source' ? 'from' : 'to',
      result: selected === 0 ? 'miss' : selected === 1 ? 'match' : 'unknown',
      wanted: 'peers' in wanted ? wanted.peers.map(spellPeer).join(' or ') : 'everyone',
      actual: spellIdentity(who[side]),
    };
  };
  return (who, request) => [
    sideCheck('source', who),
    sideCheck('destination', who),
    ...portCheck(policy, who),
    ...(http === undefined ? [] : httpChecks(http, request, matchPath)),
  ];
}

function portCheck(policy: Policy, who: ScopeIdentity): FieldCheck[] {
  const { to } = policy.spec;
  if (!('peers' in to) || to.ports === undefined) return [];
  return [
    {
      field: 'port',
      rule: 'to.ports',
      result: to.ports.includes(who.destinationPort) ? 'match' : 'miss',
      wanted: to.ports.join(' or '),
      actual: String(who.destinationPort),
    },
  ];
}

function httpChecks(
  http: HttpMatch,
  request: HttpFacts | undefined,
  matchPath: (path: string) => PathMatch,
): FieldCheck[] {
  const checks: FieldCheck[] = [];
  const { methods, hosts, paths, headers } = http;
  if (methods !== undefined) checks.push(methodCheck(methods, request));
  if (hosts !== undefined) checks.push(hostCheck(hosts, request));
  if (paths !== undefined) checks.push(pathCheck(paths, request, matchPath));
  for (const [index, header] of (headers ?? []).entries()) checks.push(headerCheck(header, index, request));
  return checks;
}

const notHttp = 'a stream that is not HTTP';

function methodCheck(methods: readonly string[], request: HttpFacts | undefined): FieldCheck {
  const result = request === undefined ? 'unknown' : methods.includes(request.method) ? 'match' : 'miss';
  const actual = request?.method ?? notHttp;
  return { field: 'method', rule: 'match.http.methods', result, wanted: methods.join(' or '), actual };
}

function hostCheck(hosts: readonly string[], request: HttpFacts | undefined): FieldCheck {
  const host = hostText(request?.host ?? '');
  const fits = hosts
    .map((pattern) => pattern.toLowerCase())
    .some((pattern) =>
      pattern.startsWith('*.')
        ? host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1
        : host === pattern,
    );
  const unknown = request === undefined || isChanged(request.host);
  return {
    field: 'host',
    rule: 'match.http.hosts',
    result: unknown ? 'unknown' : fits ? 'match' : 'miss',
    wanted: hosts.join(' or '),
    actual: request === undefined ? notHttp : host === '' ? 'no host' : host,
  };
}

function pathCheck(
  paths: readonly string[],
  request: HttpFacts | undefined,
  matchPath: (path: string) => PathMatch,
): FieldCheck {
  const base = { field: 'path', wanted: paths.join(' or ') };
  if (request === undefined) return { ...base, rule: 'match.http.paths', result: 'unknown', actual: notHttp };
  const { index, reading } = matchPath(request.path);
  const rule = index === -1 ? 'match.http.paths' : `match.http.paths[${index}]`;
  const unknown = index === -1 ? isChanged(request.path) : isUnreadable(request.path);
  const result = unknown ? 'unknown' : index === -1 ? 'miss' : 'match';
  return { ...base, rule, result, actual: reading };
}

function headerCheck(
  { name, values }: { readonly name: string; readonly values: readonly string[] },
  index: number,
  request: HttpFacts | undefined,
): FieldCheck {
  const lower = name.toLowerCase();
  const sent = request?.headers?.filter(([key]) => key.toLowerCase() === lower).map(([, value]) => value);
  const base = {
    field: `header:${lower}`,
    rule: `match.http.headers[${index}]`,
    wanted: values.join(' or '),
  };
  if (sent === undefined)
    return { ...base, result: 'unknown', actual: request === undefined ? notHttp : 'not recorded' };
  const readings = sent.flatMap((value) => [value, ...value.split(',').map((member) => member.trim())]);
  if (readings.some((value) => values.includes(value) && isComparable(value)))
    return { ...base, result: 'match', actual: sent.join(', ') };
  const lacking = mayLackHeaders(request?.headers ?? []);
  const result = lacking || sent.some(isChanged) ? 'unknown' : 'miss';
  const absent = lacking ? 'not among those recorded' : 'not sent';
  return { ...base, result, actual: sent.length === 0 ? absent : sent.join(', ') };
}

function spellPeer({ workload, namespace, serviceAccount, labels, cidr, minAssurance }: Peer): string {
  const parts = [
    workload === undefined
      ? ''
      : [workload.namespace, workload.kind, workload.name].filter(Boolean).join('/'),
    namespace === undefined ? '' : `namespace ${namespace}`,
    serviceAccount === undefined ? '' : `service account ${serviceAccount.name}`,
    ...Object.entries(labels ?? {}).map(([key, value]) => `label ${key}=${value}`),
    cidr ?? '',
    minAssurance === undefined || minAssurance === 'IP' ? '' : `known at least by ${minAssurance}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

const spellIdentity = ({ workload, principal, assurance }: ScopeIdentity['source']): string =>
  `${workload.namespace}/${workload.kind}/${workload.name} (${principal}, by ${assurance})`;
