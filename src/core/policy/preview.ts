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
import { actionRefuse, actionThrottled, emptyDecision, strictParsing } from './decision.ts';
import { createEvaluator, type Evaluator } from './evaluator.ts';
import { createFieldChecks } from './field-checks.ts';
import { openConnectionsOf } from './preview-connections.ts';
import { createTally, type PreviewResult } from './preview-tally.ts';
import { createHeadEncoder, factsOf, identityOf, type HttpFacts } from './request-facts.ts';
import type { FlowPolicy } from './schema.ts';
import { selects, type Scope, type ScopeIdentity } from './scope.ts';
import { nameOf } from './specificity.ts';

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
}

/** Pairs remembered; beyond it they are worked out again. */
const maxPairs = 20_000;

/**
 * With a Shadow policy as the change, flips are those that shadow would report; otherwise those that callers would feel.
 */
export function createPreview(input: PreviewInput): Preview {
  const { before, after, changed } = sets(input);
  const shadow = changed?.spec.mode === 'Shadow';
  const worlds = [worldOf(before), worldOf(after)] as const;
  const subject = changed === undefined ? undefined : createSubject(changed);
  const encoder = createHeadEncoder();
  const tally = createTally(input);
  const pairs = new Map<string, Pair>();
  const byAddress = worlds.some(({ evaluator }) => evaluator.tables.cidrs.length > 0);
  const seenPairs = new Map<string, boolean>();

  const pairOf = (flow: FlowEvent): Pair => {
    const key = keyOf(flow, byAddress);
    const known = pairs.get(key);
    if (known !== undefined) return known;
    if (pairs.size >= maxPairs) pairs.clear();
    const pair = makePair(flow, worlds, subject);
    pairs.set(key, pair);
    if (seenPairs.size < maxPairs)
      seenPairs.set(pairKey(workloadOf(flow.source), workloadOf(flow.destination)), pair.concerned);
    return pair;
  };
  const judge = ({ evaluator, out }: World, scope: Scope, flow: FlowEvent, atMs: number): number => {
    const facts = flow.broken === undefined ? factsOf(flow) : undefined;
    if (facts !== undefined)
      evaluator.decide(
        scope,
        encoder.encode(facts, scope.needsHeaders || scope.throttled),
        facts.route,
        atMs,
        out,
      );
    else if (flow.broken !== undefined && evaluator.judges(scope, atMs) === judgement.l7) return 400;
    else evaluator.decideOpaque(scope, atMs, out);
    return shadow ? statusOf(out.shadowAction, out.shadowPolicy) : statusOf(out.action, out.policy);
  };

  return {
    push(flow) {
      const atMs = Date.parse(flow.time);
      const pair = pairOf(flow);
      tally.seen(flow, atMs);
      if (pair.untouched) return;
      const was = judge(worlds[0], pair.before, flow, atMs);
      const is = judge(worlds[1], pair.after, flow, atMs);
      if ((was === 0) !== (is === 0)) tally.flip(flow, is);
      else if (pair.concerned && was === 0 && subject !== undefined) {
        const why = subject.undecidable(pair.who, factsOf(flow));
        if (why !== undefined) tally.undecidable(why);
      }
    },
    result: () => tally.result(openConnectionsOf(input.openByPair ?? {}, seenPairs, subject?.selects)),
  };
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
  const others = current.filter((policy) => nameOf(policy) !== name);
  const changed = change.type === 'add' ? change.policy : current.find((policy) => nameOf(policy) === name);
  return {
    before: timeless(current),
    after: timeless(change.type === 'add' ? [...others, change.policy] : others),
    changed,
  };
}

function worldOf(policies: readonly FlowPolicy[]): World {
  const { buffer } = compilePolicies(policies, { generation: 0, nowMs: millis(0) });
  return { evaluator: createEvaluator(buffer, createBuckets()), out: emptyDecision() };
}

interface Subject {
  readonly selects: (who: ScopeIdentity) => boolean;
  readonly undecidable: (who: ScopeIdentity, facts: HttpFacts | undefined) => string | undefined;
}

/** The policy that is added or removed, on its own. */
function createSubject(policy: FlowPolicy): Subject {
  const alone = withoutExpiry({ ...policy, spec: { ...policy.spec, mode: 'Enforce' } });
  const { tables } = worldOf([alone]).evaluator;
  const check = createFieldChecks(policy);
  return {
    selects: (who) => selects(tables, 0, who) !== 0,
    undecidable(who, facts) {
      if (facts === undefined) return undefined;
      const checks = check(who, facts);
      if (checks.some(({ result }) => result === 'miss')) return undefined;
      const unknown = checks.find(({ result }) => result === 'unknown');
      return unknown && `${nameOf(policy)} asks for ${unknown.field}, which was masked, cut or not recorded`;
    },
  };
}

function makePair(flow: FlowEvent, worlds: readonly [World, World], subject: Subject | undefined): Pair {
  const who = identityOf(flow.source, flow.destination);
  const [before, after] = [worlds[0].evaluator.scope(who), worlds[1].evaluator.scope(who)];
  const concerned = subject?.selects(who) ?? false;
  // Throttles can share buckets across pairs, so with them even a pair the change does not select can be affected.
  const untouched = !concerned && !before.throttled && !after.throttled;
  return { who, before, after, concerned, untouched };
}

function keyOf({ source, destination }: FlowEvent, byAddress: boolean): string {
  const key = `${source.namespace}/${source.kind ?? ''}/${source.workload} ${source.principal} ${source.assurance}>${destination.namespace}/${destination.kind ?? ''}/${destination.workload} ${destination.principal} ${destination.assurance} ${destination.address ?? ''}`;
  return byAddress ? `${key} ${(source.address ?? '').replace(/:\d+$/, '')}` : key;
}
