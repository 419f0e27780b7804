// The Decider of explicit listeners: both identities fixed by configuration, judged over a snapshot's tables. Runs in the
// data plane's worker; make a new one when the snapshot changes, with the same buckets.
import type { Peer, ListenerConfig } from '../model/identity.ts';
import type { ThrottleBuckets } from './buckets.ts';
import type { Decider, ThrottleTerms } from './decider.ts';
import { createEvaluator } from './evaluator.ts';
import { parseAddress, type AddressWords } from './ip-address.ts';
import type { DecideWork } from './lookup.ts';
import { createRegions } from './regions.ts';
import { policyText, type Scope, type ScopeIdentity } from './scope.ts';
import type { ScopeWork } from './scope-index.ts';
import { numberColumn, numberStride } from './table-layout.ts';
import type { Tables } from './tables.ts';

/** The port of `decider.ts` over compiled tables, with all its optional parts. */
export interface PolicyDecider extends Decider {
  /** Work done so far; for tests and benchmarks. */
  readonly work: Readonly<DecideWork>;
  readonly scopeWork: Readonly<ScopeWork>;
  scopeOfClient(listener: number, clientAddress: string): number;
  refusesAll(scope: number, now: number): boolean;
  normalisedPath(): string;
  throttleTerms(policy: number): ThrottleTerms;
}

const nobody: Peer = {
  workload: { kind: '', name: '', namespace: '' },
  principal: 'unknown',
  assurance: 'ip',
};

/** Scopes are made when first asked for and kept: at most one per listener and distinguishable client address. */
export function createDecider(
  buffer: SharedArrayBuffer,
  listeners: readonly ListenerConfig[],
  buckets: ThrottleBuckets,
): PolicyDecider {
  const evaluator = createEvaluator(buffer, buckets);
  const scopes: Scope[] = [];
  const known = new Map<string, number>();
  const regionOf = createRegions(evaluator.tables, evaluator.scopeWork);
  const scopeFor = (listener: number, address: AddressWords | undefined): number => {
    const region = address === undefined ? '?' : regionOf(address);
    const key = `${listener} ${region}`;
    const made = known.get(key);
    if (made !== undefined) return made;
    scopes.push(evaluator.scope(identityOf(listeners[listener], address)));
    known.set(key, scopes.length - 1);
    return scopes.length - 1;
  };
  const scope = (index: number): Scope => {
    const made = scopes[index];
    if (made === undefined) throw new Error(`scope ${index} is of another snapshot: ask scopeOf again`);
    return made;
  };
  return {
    generation: evaluator.tables.generation,
    work: evaluator.work,
    scopeWork: evaluator.scopeWork,
    scopeOf: (listener) => scopeFor(listener, undefined),
    scopeOfClient: (listener, address) => scopeFor(listener, parseAddress(address)),
    judges: (index, now) => evaluator.judges(scope(index), now),
    refusesAll: (index, now) => evaluator.refusesAll(scope(index), now),
    // eslint-disable-next-line max-params -- hot path: an options object would be allocated per request
    decide: (index, head, route, now, out) => evaluator.decide(scope(index), head, route, now, out),
    // eslint-disable-next-line max-params -- hot path: an options object would be allocated per request
    judge: (index, head, route, now, out) => evaluator.judge(scope(index), head, route, now, out),
    decideOpaque: (index, now, out) => evaluator.decideOpaque(scope(index), now, out),
    normalisedPath: () => evaluator.normalisedPath(),
    throttleTerms: (policy) => throttleTermsOf(evaluator.tables, policy),
  };
}

/** A full bucket is the quota; the time in which the rate grants that much is its window. */
function throttleTermsOf(tables: Tables, policy: number): ThrottleTerms {
  const at = policy * numberStride;
  const rate = tables.policyNumbers[at + numberColumn.rate] ?? 0;
  const periodMs = tables.policyNumbers[at + numberColumn.periodMs] ?? 0;
  const burst = tables.policyNumbers[at + numberColumn.burst] ?? 0;
  const windowMs = rate > 0 ? (burst * periodMs) / rate : 0;
  return { name: policyText(tables, policy), windowSeconds: Math.max(1, Math.ceil(windowMs / 1000)) };
}

function identityOf(config: ListenerConfig | undefined, address: AddressWords | undefined): ScopeIdentity {
  return {
    source: config?.source ?? nobody,
    destination: config?.destination ?? nobody,
    destinationPort: config?.upstream.port ?? 0,
    sourceAddress: address,
    destinationAddress: config === undefined ? undefined : parseAddress(config.upstream.host),
  };
}
