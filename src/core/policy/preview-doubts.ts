// What a recording cannot tell: flows on which some policy may or may not match, because capture masked, escaped or cut what it asks
// for, and throttles whose buckets such flows may or may not have drawn from. Knows how to doubt, not how to judge.
import type { FlowEvent } from '../model/event.ts';
import { workloadOf } from '../model/workload-key.ts';
import { defaultKey } from './compile-policy.ts';
import { createFieldChecks, type PolicyChecks } from './field-checks.ts';
import { isChanged, mayLackHeaders } from './recorded-value.ts';
import type { HttpFacts } from './request-facts.ts';
import type { Policy } from './schema.ts';
import type { Scope, ScopeIdentity } from './scope.ts';
import { nameOf } from './policy-name.ts';

/** The policies of one side of the comparison that select a pair. */
export interface DoubtSide {
  /** By index in `scope`. */
  readonly policies: readonly Policy[];
  readonly scope: Scope;
}

/** A policy of a pair that asks for something capture may have changed. */
interface Risk {
  readonly policy: Policy;
  readonly before: boolean;
  readonly after: boolean;
  readonly headers: readonly string[];
  readonly keyHeaders: readonly string[];
}

/** Everything that could be in doubt for flows of one pair. */
export interface PairRisks {
  readonly who: ScopeIdentity;
  readonly risks: readonly Risk[];
  readonly headers: ReadonlySet<string>;
  readonly hosts: boolean;
  /** An address or labels of an end are missing, and some policy asks for them. */
  readonly noAddress: boolean;
  /** Some throttle's bucket can be shared with other callers. */
  readonly sharedBuckets: boolean;
}

/** What may or may not have happened to one flow. */
export interface Doubt {
  /** The sentence to show. */
  readonly why: string;
  /** Blocks (or throttles) in doubt: of both sides, of the side before only, of the side after only. */
  readonly both: boolean;
  readonly before: boolean;
  readonly after: boolean;
  readonly throttles: boolean;
  readonly policies: ReadonlySet<Policy>;
}

/** Policies looked at for one flow; when more are in doubt, so is the flow. */
const maxChecked = 64;

const headersOf = ({ spec }: Policy): string[] =>
  (spec.match?.http.headers ?? []).map(({ name }) => name.toLowerCase());

const keyOf = ({ spec }: Policy): readonly string[] =>
  spec.action.type === 'Throttle' ? (spec.action.throttle.key ?? defaultKey) : [];

const keyHeadersOf = (policy: Policy): string[] =>
  keyOf(policy).flatMap((part) => (part.startsWith('header:') ? [part.slice(7).toLowerCase()] : []));

const isThrottle = ({ spec }: Policy): boolean => spec.action.type === 'Throttle';

/** Both sides' policies are compared by identity: one that stays is the same object in both. */
export function risksOf(
  who: ScopeIdentity,
  sides: readonly [DoubtSide, DoubtSide],
  shadow: boolean,
): PairRisks {
  const [before, after] = sides.map(({ policies, scope }) => {
    const all = [
      ...scope.plain,
      ...scope.http,
      ...(shadow ? [...scope.shadowPlain, ...scope.shadowHttp] : []),
    ];
    return new Set(all.flatMap((index) => policies[index] ?? []));
  });
  const selected = [...new Set([...(before ?? []), ...(after ?? [])])];
  const risks = selected.map((policy) => ({
    policy,
    before: before?.has(policy) ?? false,
    after: after?.has(policy) ?? false,
    headers: headersOf(policy),
    keyHeaders: keyHeadersOf(policy),
  }));
  return {
    who,
    risks,
    headers: new Set(risks.flatMap(({ headers, keyHeaders }) => [...headers, ...keyHeaders])),
    hosts: selected.some(({ spec }) => spec.match?.http.hosts !== undefined),
    noAddress: sides.some(({ scope }) => scope.unsure.size > 0),
    sharedBuckets: selected
      .filter(isThrottle)
      .some((policy) => !keyOf(policy).some((part) => part === 'principal' || part === 'workload')),
  };
}

/** What capture changed of a request, as far as policies of its pair ask for it; undefined when nothing. */
interface Changes {
  /** Names of headers that cannot be trusted; undefined for all of them. */
  readonly headers: ReadonlySet<string> | undefined;
}

function changesOf(pair: PairRisks, facts: HttpFacts): Changes | undefined {
  const wantsHeaders = pair.headers.size > 0;
  const list = facts.headers;
  if (wantsHeaders && (list === undefined || mayLackHeaders(list))) return { headers: undefined };
  const headers = new Set<string>();
  if (wantsHeaders)
    for (const [name, value] of list ?? []) if (pair.headers.has(name) && isChanged(value)) headers.add(name);
  const other = pair.noAddress || isChanged(facts.path) || (pair.hosts && isChanged(facts.host));
  return headers.size > 0 || other ? { headers } : undefined;
}

/** Remembers, flow after flow, what cannot be told. */
export interface Doubter {
  /** Undefined for a flow that can be judged, as nearly all can. */
  doubt(pair: PairRisks, facts: HttpFacts): Doubt | undefined;
  /** From now on the caller's throttles count requests that may or may not have reached them. */
  taint(pair: PairRisks, flow: FlowEvent): void;
  isTainted(flow: FlowEvent): boolean;
}

/** Callers whose buckets are known to be in doubt; beyond it all are. */
const maxTainted = 10_000;

class FlowDoubter implements Doubter {
  readonly #checks = new Map<Policy, PolicyChecks>();
  readonly #tainted = new Set<string>();
  #allTainted = false;

  doubt(pair: PairRisks, facts: HttpFacts): Doubt | undefined {
    const changes = changesOf(pair, facts);
    if (changes === undefined) return undefined;
    const found: Risk[] = [];
    let why = '';
    let checked = 0;
    for (const risk of pair.risks) {
      if (!asks(risk, changes)) continue;
      if (checked === maxChecked) return tooMany(pair.risks);
      checked += 1;
      const unknown = this.#unknownOf(risk, { who: pair.who, facts }, changes);
      if (unknown === undefined) continue;
      why ||= `${nameOf(risk.policy)} asks for ${unknown}, which was masked, cut or not recorded`;
      found.push(risk);
    }
    return found.length === 0 ? undefined : { why, ...sidesOf(found) };
  }

  taint(pair: PairRisks, flow: FlowEvent): void {
    this.#allTainted ||= pair.sharedBuckets || this.#tainted.size >= maxTainted;
    for (const key of callerKeys(flow)) this.#tainted.add(key);
  }

  isTainted(flow: FlowEvent): boolean {
    if (this.#allTainted) return true;
    return this.#tainted.size > 0 && callerKeys(flow).some((key) => this.#tainted.has(key));
  }

  /** The field because of which nobody can tell, unless another field rules the policy out. */
  #unknownOf(
    { policy, keyHeaders }: Risk,
    { who, facts }: { readonly who: ScopeIdentity; readonly facts: HttpFacts },
    changes: Changes,
  ): string | undefined {
    const checks = this.#checksOf(policy)(who, facts);
    if (checks.some(({ result }) => result === 'miss')) return undefined;
    const field = checks.find(({ result }) => result === 'unknown')?.field;
    if (field !== undefined) return field;
    // Masking keeps equality, and so buckets; only a header that may be missing from the recording moves a request elsewhere.
    const [keyHeader] = changes.headers === undefined ? keyHeaders : [];
    return keyHeader === undefined ? undefined : `header:${keyHeader}`;
  }

  #checksOf(policy: Policy): PolicyChecks {
    const known = this.#checks.get(policy);
    if (known !== undefined) return known;
    const made = createFieldChecks(policy);
    this.#checks.set(policy, made);
    return made;
  }
}

/** One per preview. */
export const createDoubter = (): Doubter => new FlowDoubter();

/** Cheap: whether a policy asks for anything that was changed; paths, hosts and addresses are looked at field by field. */
function asks({ policy, headers, keyHeaders }: Risk, changes: Changes): boolean {
  const http = policy.spec.match?.http;
  if (http?.paths !== undefined || http?.hosts !== undefined || hasCidr(policy)) return true;
  const names = [...headers, ...keyHeaders];
  return changes.headers === undefined ? names.length > 0 : names.some((name) => changes.headers?.has(name));
}

const hasCidr = ({ spec }: Policy): boolean =>
  [spec.from, spec.to].some((side) => 'peers' in side && side.peers.some(({ cidr }) => cidr !== undefined));

const tooMany = (risks: readonly Risk[]): Doubt => ({
  why: 'too many policies ask for fields that were masked or cut',
  ...sidesOf(risks),
});

function sidesOf(risks: readonly Risk[]): Omit<Doubt, 'why'> {
  return {
    both: risks.some(({ before, after }) => before && after),
    before: risks.some(({ before, after }) => before && !after),
    after: risks.some(({ before, after }) => after && !before),
    throttles: risks.some(({ policy }) => isThrottle(policy)),
    policies: new Set(risks.map(({ policy }) => policy)),
  };
}

const callerKeys = ({ source }: FlowEvent): string[] => [
  `principal ${source.principal}`,
  `workload ${workloadOf(source)}`,
];
