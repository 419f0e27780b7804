// Builders for policy tests: they read as the request or the policy they stand for, and go through the real parser.
import { Buffer } from 'node:buffer';
import { millis, type Millis } from '../../../src/core/model/brand.ts';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import type { Decision } from '../../../src/core/model/exchange.ts';
import { headerStride, type HeadView } from '../../../src/core/model/head-view.ts';
import { peerFromName, type ListenerConfig, type Peer } from '../../../src/core/model/identity.ts';
import { createBuckets, type ThrottleBuckets } from '../../../src/core/policy/buckets.ts';
import { compilePolicies } from '../../../src/core/policy/compile.ts';
import { createDecider, type PolicyDecider } from '../../../src/core/policy/decide.ts';
import { newDecision } from '../../../src/core/policy/decision.ts';
import { describeVerdict, type DescribedVerdict } from '../../../src/core/policy/describe-verdict.ts';
import { parsePolicy } from '../../../src/core/policy/parse-policy.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';

export const noon = millis(Date.parse('2026-11-23T12:00:00Z'));

export interface PolicyParts {
  readonly name?: string;
  readonly kind?: 'FlowPolicy' | 'ClusterFlowPolicy';
  readonly namespace?: string;
  readonly mode?: string;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly http?: unknown;
  readonly action?: unknown;
  readonly [field: string]: unknown;
}

/** The object of a policy, a FlowPolicy unless said otherwise: a Block of everyone to everyone unless said otherwise. */
export function objectOf(parts: PolicyParts = {}): Record<string, unknown> {
  const { name = 'p', kind = 'FlowPolicy', namespace = 'shop', http, mode = 'Enforce', ...spec } = parts;
  return {
    apiVersion: 'apidefense.dev/v1alpha1',
    kind,
    metadata: kind === 'FlowPolicy' ? { name, namespace } : { name },
    spec: {
      mode,
      from: { scope: 'All' },
      to: { scope: 'All' },
      action: { type: 'Block' },
      ...(http === undefined ? {} : { match: { http } }),
      ...spec,
    },
  };
}

export function policy(parts: PolicyParts = {}): Policy {
  const parsed = parsePolicy(objectOf(parts));
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.policy;
}

/** The same policy under another name. */
export const renamed = <Kind extends Policy>(made: Kind, name: string): Kind => ({
  ...made,
  metadata: { ...made.metadata, name },
});

export const throttle = (rate: string, more: Record<string, unknown> = {}): unknown => ({
  type: 'Throttle',
  throttle: { rate, ...more },
});

export const workload = (name: string, more: Record<string, unknown> = {}): unknown => ({
  peers: [{ workload: { name, ...more } }],
});

export interface RequestParts {
  readonly method?: string;
  readonly path?: string | Uint8Array;
  readonly host?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly route?: string;
}

/** A head as the parser would hand it over. */
export function headOf(parts: RequestParts): HeadView {
  const { method = 'GET', path = '/', host = '', headers = [] } = parts;
  const chunks: Uint8Array[] = [];
  let size = 0;
  const put = (text: string | Uint8Array): [number, number] => {
    const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
    chunks.push(bytes);
    size += bytes.length;
    return [size - bytes.length, size];
  };
  const [methodStart, methodEnd] = put(method);
  const [pathStart, pathEnd] = put(path);
  const [hostStart, hostEnd] = put(host);
  const spans = headers.flatMap(([name, value]) => [...put(name), ...put(value)]);
  return {
    bytes: Buffer.concat(chunks),
    start: 0,
    end: size,
    ...{ methodStart, methodEnd, targetStart: pathStart, targetEnd: pathEnd, pathStart, pathEnd },
    ...{ queryStart: pathEnd, queryEnd: pathEnd, hostStart, hostEnd },
    headerCount: spans.length / headerStride,
    headers: Int32Array.from(spans),
  };
}

export const listener = (source: Peer, destination: Peer, port = 8080): ListenerConfig => ({
  listen: { host: '127.0.0.1', port: 0 },
  upstream: { host: '10.0.0.9', port },
  source,
  destination,
});

export const shopListener = listener(peerFromName('scanner', 'shop'), peerFromName('orders', 'shop'));

export interface Bench {
  readonly decider: PolicyDecider;
  readonly buckets: ThrottleBuckets;
  decide(request?: RequestParts, now?: Millis): Decision;
  /** The decision in words. */
  verdict(request?: RequestParts, now?: Millis): DescribedVerdict;
  opaque(now?: Millis): Decision;
}

/** A decider over one listener. */
export function benchOf(
  policies: readonly Policy[],
  options: { at?: ListenerConfig; client?: string; buckets?: ThrottleBuckets; nowMs?: Millis } = {},
): Bench {
  const snapshot = compilePolicies(policies, { generation: 7, nowMs: options.nowMs ?? millis(0) });
  const buckets = options.buckets ?? createBuckets();
  const decider = createDecider(snapshot.buffer, [options.at ?? shopListener], buckets);
  const scope = options.client === undefined ? decider.scopeOf(0) : decider.scopeOfClient(0, options.client);
  const out = newDecision();
  const decide = (request: RequestParts = {}, now: Millis = noon): Decision => {
    decider.decide(scope, headOf(request), request.route ?? '', now, out);
    return { ...out };
  };
  return {
    decider,
    buckets,
    decide,
    verdict: (request, now) =>
      describeVerdict(decide(request, now), snapshot, {
        normalisedPath: decider.normalisedPath(),
        principal: (options.at ?? shopListener).source.principal,
      }),
    opaque: (now = noon) => {
      decider.decideOpaque(scope, now, out);
      return { ...out };
    },
  };
}

export const allow = 0;
export const block = 1;
export const throttled = 2;

export interface FlowParts extends RequestParts {
  readonly from?: string;
  readonly to?: string;
  readonly atMs?: number;
  readonly status?: number;
  readonly local?: boolean;
  readonly id?: string;
}

/** A recorded flow between workloads of namespace shop. */
export function flowOf(parts: FlowParts = {}): FlowEvent {
  const {
    from = 'scanner',
    to = 'orders',
    atMs = noon,
    status = 200,
    method = 'GET',
    host = 'orders',
  } = parts;
  const path = typeof parts.path === 'string' ? parts.path : '/';
  const end = (name: string, address: string): FlowEvent['source'] => ({
    workload: name,
    kind: 'Deployment',
    namespace: 'shop',
    address,
    principal: `sa:shop/${name}`,
    assurance: 'ip',
  });
  return {
    type: 'flow',
    time: new Date(atMs).toISOString(),
    id: parts.id ?? 'a-1',
    source: end(from, '10.0.1.5:40000'),
    destination: end(to, '10.0.0.9:8080'),
    protocol: 'http/1.1',
    request: {
      method,
      host,
      path,
      route: parts.route ?? path,
      bytes: 100,
      headers: (parts.headers ?? []).map(([name, value]) => [name, value]),
    },
    response: { status, bytes: 10, ...(parts.local === true ? { local: true } : {}) },
    verdict: { action: 'allow', mode: 'enforce' },
  };
}

/** A copy without one field. */
export function without<T extends object, K extends keyof T>(object: T, key: K): Omit<T, K> {
  const copy: Partial<T> = { ...object };
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the copy is ours, and the key is one of its own
  delete copy[key];
  return copy as Omit<T, K>;
}
