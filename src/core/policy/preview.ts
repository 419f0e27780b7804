// What a change of policy would have done to the flows of a window: the evaluator that enforces, run twice per flow, once
// with the set as it is and once with it changed. Policies count as in force for the whole window.
import type { Millis, PolicyName, WorkloadId } from '../model/brand.ts';
import { millis } from '../model/brand.ts';
import type { FlowEvent } from '../model/event.ts';
import type { Decision } from '../model/exchange.ts';
import { pairKey, workloadOf } from '../model/workload-key.ts';
import { createBuckets } from './buckets.ts';
import { expiryOf, withoutExpiry } from './compile-facts.ts';
import { compilePolicies } from './compile.ts';
import { judgement } from './decider.ts';
import { actionRefuse, actionThrottled, newDecision, strictParsing } from './decision.ts';
import { createEvaluator, type Evaluator } from './evaluator.ts';
import { openConnectionsOf } from './preview-connections.ts';
import { createDoubter, risksOf, type Doubt, type PairRisks } from './preview-doubts.ts';
import { createTally, type PreviewResult, type Tally } from './preview-tally.ts';
import { createHeadEncoder, factsOf, identityOf, type HttpFacts } from './request-facts.ts';
import type { FlowPolicy } from './schema.ts';
import { selects, type Scope, type ScopeIdentity } from './scope.ts';
import { nameOf } from './specificity.ts';
import { unreadableCode } from './unreadable-code.ts';

export type { PreviewResult, Transition } from './preview-tally.ts';

export type PolicyChange =
  | { readonly type: 'add'; readonly policy: FlowPolicy }
  | { readonly type: 'remove'; readonly name: PolicyName };

export interface PreviewInput {
  readonly current: readonly FlowPolicy[];
  readonly change: PolicyChange;
  /** Whose flips are wanted; everybody else's successful flips are counted as `othersSuccessFlips`. */
  readonly focusCaller?: WorkloadId;
  /** Open connections by `ns/Kind/name>ns/Kind/name`, as the agent's status has them. */
  readonly openByPair?: Readonly<Record<string, number>>;
  /** Callers known to exist; those absent from the window are `notSeen`. */
  readonly knownCallers?: readonly WorkloadId[];
  readonly nowMs: Millis;
}

export interface Preview {
  /** In event order. */
  push(flow: FlowEvent): void;
  result(): PreviewResult;
}

/** One side of the comparison. */
interface World {
  readonly policies: readonly FlowPolicy[];
  readonly evaluator: Evaluator;
  readonly out: Decision;
}

/** What does not change between flows of one caller, destination and address. */
interface Pair {
  readonly who: ScopeIdentity;
  readonly before: Scope;
  readonly after: Scope;
  /** Nothing of the change can reach this pair: not judged at all. */
  readonly untouched: boolean;
  /** The changed policy selects it. */
  readonly concerned: boolean;
  /** Made when first needed. */
  risks: PairRisks | undefined;
}

/** What one side says of a flow. */
interface Judged {
  /** Status the caller would get from us; 0 when the request is let through. */
  readonly status: number;
  /** A throttle matched, or may have. */
  readonly throttled: boolean;
  readonly by: FlowPolicy | undefined;
}

/** Pairs remembered; beyond it they are worked out again. */
const maxPairs = 20_000;

const sharedBucketsInDoubt = 'a throttle counts requests that could not be judged';

class FlowPreview implements Preview {
  readonly #input: PreviewInput;
  readonly #worlds: readonly [World, World];
  readonly #selects: ((who: ScopeIdentity) => boolean) | undefined;
  readonly #tally: Tally;
  /** The changed policy is in shadow: flips are those that shadow would report. */
  readonly #shadow: boolean;
  readonly #byAddress: boolean;
  readonly #encoder = createHeadEncoder();
  readonly #doubter = createDoubter();
  readonly #pairs = new Map<string, Pair>();
  readonly #seenPairs = new Map<string, boolean>();

  constructor(input: PreviewInput) {
    const { before, after, changed } = sets(input);
    this.#input = input;
    this.#worlds = [worldOf(before), worldOf(after)];
    this.#selects = changed === undefined ? undefined : selectorOf(changed);
    this.#tally = createTally(input);
    this.#shadow = changed?.spec.mode === 'Shadow';
    this.#byAddress = this.#worlds.some(({ evaluator }) => evaluator.tables.cidrs.length > 0);
  }

  push(flow: FlowEvent): void {
    // It comes again at its end; the connections open now are counted by `openByPair`.
    if (flow.opening === true) return;
    const atMs = Date.parse(flow.time);
    const pair = this.#pairOf(flow);
    this.#tally.seen(flow, atMs);
    if (pair.untouched) return;
    const facts = flow.broken === undefined || unreadableCode(flow) === undefined ? factsOf(flow) : undefined;
    const [before, after] = this.#worlds;
    const was = this.#judge(before, pair.before, flow, facts, atMs);
    const is = this.#judge(after, pair.after, flow, facts, atMs);
    const why =
      facts === undefined ? this.#bucketsInDoubt(flow, was, is) : this.#inDoubt(pair, flow, facts, was, is);
    if (why !== undefined) this.#tally.undecidable(why);
    else if (isFlip(was.status, is.status)) this.#tally.flip(flow, is.status);
  }

  result(): PreviewResult {
    return this.#tally.result(
      openConnectionsOf(this.#input.openByPair ?? {}, this.#seenPairs, this.#selects),
    );
  }

  #judge(
    { evaluator, out, policies }: World,
    scope: Scope,
    flow: FlowEvent,
    facts: HttpFacts | undefined,
    atMs: number,
  ): Judged {
    if (unreadableCode(flow) !== undefined && evaluator.judges(scope, atMs) === judgement.l7)
      return { status: 400, throttled: false, by: undefined };
    if (facts !== undefined) {
      const head = this.#encoder.encode(facts, scope.needsHeaders || scope.throttled);
      evaluator.decide(scope, head, facts.route, atMs, out);
    } else evaluator.decideOpaque(scope, atMs, out);
    const { shadowPolicy, shadowAction, policy, action } = out;
    return this.#shadow
      ? {
          status: statusOf(shadowAction, shadowPolicy),
          throttled: scope.throttled,
          by: policies[shadowPolicy],
        }
      : { status: statusOf(action, policy), throttled: out.limitBurst > 0, by: policies[policy] };
  }

  /** Why nobody can tell whether this flow flips, if so; notes what that means for later ones. */
  #inDoubt(pair: Pair, flow: FlowEvent, facts: HttpFacts, was: Judged, is: Judged): string | undefined {
    const risks = (pair.risks ??= this.#risksOf(pair));
    const doubt = this.#doubter.doubt(risks, facts);
    if (doubt === undefined) return this.#bucketsInDoubt(flow, was, is);
    const guessed = [was, is].some(({ by }) => by !== undefined && doubt.policies.has(by));
    if (!guessed && surelyRefused(was) && surelyRefused(is)) return undefined;
    if (pair.before.throttled || pair.after.throttled) this.#doubter.taint(risks, flow);
    return guessed || mattersTo(doubt, was, is) ? doubt.why : this.#bucketsInDoubt(flow, was, is);
  }

  #bucketsInDoubt(flow: FlowEvent, was: Judged, is: Judged): string | undefined {
    if (!was.throttled && !is.throttled) return undefined;
    if (surelyRefused(was) && surelyRefused(is)) return undefined;
    return this.#doubter.isTainted(flow) ? sharedBucketsInDoubt : undefined;
  }

  #risksOf({ who, before, after }: Pair): PairRisks {
    const [one, other] = this.#worlds;
    const sides = [
      { policies: one.policies, scope: before },
      { policies: other.policies, scope: after },
    ] as const;
    return risksOf(who, sides, this.#shadow);
  }

  #pairOf(flow: FlowEvent): Pair {
    const key = keyOf(flow, this.#byAddress);
    const known = this.#pairs.get(key);
    if (known !== undefined) return known;
    if (this.#pairs.size >= maxPairs) this.#pairs.clear();
    const pair = this.#makePair(flow);
    this.#pairs.set(key, pair);
    if (this.#seenPairs.size < maxPairs)
      this.#seenPairs.set(pairKey(workloadOf(flow.source), workloadOf(flow.destination)), pair.concerned);
    return pair;
  }

  #makePair(flow: FlowEvent): Pair {
    const who = identityOf(flow.source, flow.destination);
    const before = this.#worlds[0].evaluator.scope(who);
    const after = this.#worlds[1].evaluator.scope(who);
    const concerned = this.#selects?.(who) ?? false;
    // Throttles can share buckets across pairs, so with them even a pair the change does not select can be affected.
    const untouched = !concerned && !before.throttled && !after.throttled;
    return { who, before, after, concerned, untouched, risks: undefined };
  }
}

/**
 * With a Shadow policy as the change, flips are those that shadow would report; otherwise those that callers would feel.
 */
export const createPreview = (input: PreviewInput): Preview => new FlowPreview(input);

const isFlip = (was: number, is: number): boolean => (was === 0) !== (is === 0);

/** By a Block or strict parsing: whatever else may match, it stays refused and no throttle is charged. */
const surelyRefused = ({ status }: Judged): boolean => status === 400 || status === 403;

/** Whether the flow flips in one reading of what is in doubt and not in another. */
function mattersTo(doubt: Doubt, was: Judged, is: Judged): boolean {
  if (doubt.throttles) return true;
  const flips = isFlip(was.status, is.status);
  // A Block of both sides refuses in both: then there is no flip.
  if (doubt.both && flips) return true;
  const refusedBefore = doubt.before ? 403 : was.status;
  const refusedAfter = doubt.after ? 403 : is.status;
  return isFlip(refusedBefore, refusedAfter) !== flips;
}

/** Status the caller would get from us; 0 when the request is let through. */
function statusOf(action: number, policy: number): number {
  if (policy === strictParsing) return 400;
  if (action === actionRefuse) return 403;
  return action === actionThrottled ? 429 : 0;
}

/** Expired policies are out; the others hold for all of the window, whenever they were written. */
function sets({ current, change, nowMs }: PreviewInput): {
  before: readonly FlowPolicy[];
  after: readonly FlowPolicy[];
  changed: FlowPolicy | undefined;
} {
  const timeless = (policies: readonly FlowPolicy[]): readonly FlowPolicy[] =>
    policies.filter((policy) => nowMs < expiryOf(policy)).map(withoutExpiry);
  const name = change.type === 'add' ? nameOf(change.policy) : change.name;
  const others = timeless(current.filter((policy) => nameOf(policy) !== name));
  const old = current.findLast((policy) => nameOf(policy) === name);
  return {
    before: [...others, ...timeless(old === undefined ? [] : [old])],
    after: [...others, ...timeless(change.type === 'add' ? [change.policy] : [])],
    changed: change.type === 'add' ? change.policy : old,
  };
}

function worldOf(policies: readonly FlowPolicy[]): World {
  const snapshot = compilePolicies(policies, { generation: 0, nowMs: millis(0) });
  return {
    policies: snapshot.policies,
    evaluator: createEvaluator(snapshot.buffer, createBuckets()),
    out: newDecision(),
  };
}

/** Whether the policy that is added or removed, on its own, selects a pair. */
function selectorOf(policy: FlowPolicy): (who: ScopeIdentity) => boolean {
  const alone = withoutExpiry({ ...policy, spec: { ...policy.spec, mode: 'Enforce' } });
  const { tables } = worldOf([alone]).evaluator;
  return (who) => selects(tables, 0, who) !== 0;
}

function keyOf({ source, destination }: FlowEvent, byAddress: boolean): string {
  const key = `${source.namespace}/${source.kind ?? ''}/${source.workload} ${source.principal} ${source.assurance}>${destination.namespace}/${destination.kind ?? ''}/${destination.workload} ${destination.principal} ${destination.assurance} ${destination.address ?? ''}`;
  return byAddress ? `${key} ${(source.address ?? '').replace(/:\d+$/, '')}` : key;
}
