// What a change of policy would have done to the flows of a window: the evaluator that enforces, run twice per flow, once
// with the set as it was and once with it changed. A window that does not tell how its set changed is judged as if the set of now
// had been in force for all of it; recordings tell it, and so does the terminal of what it saw change.
import type { Millis, WorkloadId } from '../model/brand.ts';
import type { FlowEvent, PolicyEvent } from '../model/event.ts';
import { createArrivalOrder } from './arrival-order.ts';
import { createBuckets } from './buckets.ts';
import { judgement } from './decider.ts';
import { actionRefuse, actionThrottled, strictParsing } from './decision.ts';
import { needsHttp } from './enforced-how.ts';
import { createPolicyHistory } from './policy-history.ts';
import { openConnectionsOf } from './preview-connections.ts';
import { createDoubter, risksOf, type Doubt, type PairRisks } from './preview-doubts.ts';
import { nodeReach } from './preview-node.ts';
import { createPairBook, type Pair, type PairBook } from './preview-pairs.ts';
import { createTally, refusedInKernel, type PreviewResult, type Tally } from './preview-tally.ts';
import {
  changedPolicy,
  selectorOf,
  setsAround,
  timeless,
  worldOf,
  type PolicyChange,
  type World,
  type WorldSets,
} from './preview-worlds.ts';
import { createHeadEncoder, factsOf, type HttpFacts } from './request-facts.ts';
import type { Policy } from './schema.ts';
import type { Scope, ScopeIdentity } from './scope.ts';
import { nameOf } from './policy-name.ts';
import { unreadableCode } from './unreadable-code.ts';

export type { PreviewResult, Transition } from './preview-tally.ts';
export type { PolicyChange } from './preview-worlds.ts';

/** What is tried out, and against what. */
export interface PreviewInput {
  /** The set as it is now. It counts as in force for the whole window, unless `tellsPolicies`. */
  readonly current: readonly Policy[];
  /**
   * The window tells its policies itself, by `policy` events among its flows: those before the first flow hold from the
   * beginning, later ones from their time on. `current` then only says what a removal removes. Default: false.
   */
  readonly tellsPolicies?: boolean;
  readonly change: PolicyChange;
  /** Whose flips are wanted; everybody else's successful flips are counted as `othersSuccessFlips`. */
  readonly focusCaller?: WorkloadId;
  /** Open connections by `ns/Kind/name>ns/Kind/name`, as the agent's status has them. */
  readonly openByPair?: Readonly<Record<string, number>>;
  /** The agent works in the pods of a node: what asks for no request is refused by the kernel. Default: false. */
  readonly node?: boolean;
  /** Callers known to exist; those absent from the window are `notSeen`. */
  readonly knownCallers?: readonly WorkloadId[];
  readonly nowMs: Millis;
}

/** A preview under way. */
export interface Preview {
  /** In event order. Flows are judged in the order in which they arrived, as far as a bounded buffer can tell. */
  push(event: FlowEvent | PolicyEvent): void;
  /** Of everything pushed so far. */
  result(): PreviewResult;
}

/** What one side says of a flow. */
interface Judged {
  /** Status the caller would get from us; 0 when the request is let through. */
  readonly status: number;
  /** A throttle matched, or may have. */
  readonly throttled: boolean;
  readonly by: Policy | undefined;
}

/** What both sides say of a flow. */
interface Sides {
  readonly was: Judged;
  readonly is: Judged;
}

const sharedBucketsInDoubt = 'a throttle counts requests that could not be judged';

/** The flow that is being judged; one object for all of them. */
interface Asked {
  flow: FlowEvent;
  /** Undefined for what cannot be judged as a request. */
  facts: HttpFacts | undefined;
  /** An enforcing policy on requests refuses it unread. */
  isUnreadable: boolean;
  atMs: number;
}

class FlowPreview implements Preview {
  readonly #input: PreviewInput;
  readonly #changed: Policy | undefined;
  readonly #changedName: string | undefined;
  readonly #tellsPolicies: boolean;
  readonly #selects: ((who: ScopeIdentity) => boolean) | undefined;
  readonly #tally: Tally;
  /** The changed policy is in shadow: flips are those that shadow would report. */
  readonly #shadow: boolean;
  /** The change asks for HTTP fields and lets through what has none. */
  readonly #passesUnread: boolean;
  readonly #encoder = createHeadEncoder();
  readonly #doubter = createDoubter();
  readonly #pairs: PairBook;
  readonly #buckets = [createBuckets(), createBuckets()] as const;
  readonly #history = createPolicyHistory();
  readonly #order = createArrivalOrder<FlowEvent | PolicyEvent>((event) => this.#take(event));
  /** Nothing that was pushed depends on the order of flows: they are judged as they come. */
  #inAnyOrder = false;
  #asked: Asked | undefined;
  #worlds: readonly [World, World];
  /** The set has changed since the worlds were made. */
  #isStale = false;
  #hasFlows = false;

  constructor(input: PreviewInput) {
    this.#input = input;
    this.#changed = changedPolicy(input.change, input.current);
    this.#changedName = this.#changed && nameOf(this.#changed);
    this.#tellsPolicies = input.tellsPolicies === true;
    this.#selects = this.#changed === undefined ? undefined : selectorOf(this.#changed);
    this.#pairs = createPairBook(this.#selects);
    const countsEarlier = this.#tellsPolicies && input.change.type === 'remove';
    this.#tally = createTally({ ...input, countsEarlier });
    this.#shadow = this.#changed?.spec.mode === 'Shadow';
    this.#passesUnread = input.change.type === 'add' && passesUnread(input.change.policy);
    this.#worlds = this.#makeWorlds();
  }

  push(event: FlowEvent | PolicyEvent): void {
    if (event.type === 'policy') {
      if (!this.#tellsPolicies) return;
      if (this.#hasFlows) this.#order.push(event, Date.parse(event.time));
      else this.#take(event);
      return;
    }
    // It comes again at its end; the connections open now are counted by `openByPair`.
    if (event.opening === true) return;
    this.#hasFlows = true;
    if (this.#inAnyOrder) this.#judgeFlow(event);
    else this.#order.push(event, Date.parse(event.time));
  }

  result(): PreviewResult {
    this.#order.flush();
    const { openByPair = {}, node = false, change } = this.#input;
    const result = this.#tally.result(openConnectionsOf(openByPair, this.#pairs.seen, this.#selects));
    return node && this.#changed !== undefined
      ? { ...result, onNode: nodeReach(change.type, this.#changed) }
      : result;
  }

  #take(event: FlowEvent | PolicyEvent): void {
    if (event.type === 'flow') this.#judgeFlow(event);
    else if (this.#history.take(event)) this.#isStale = true;
  }

  #makeWorlds(): [World, World] {
    const { current, nowMs } = this.#input;
    const tellsPolicies = this.#tellsPolicies;
    const policies = tellsPolicies ? this.#history.policies() : timeless(current, nowMs);
    const { before, after } = this.#setsOf(policies);
    const [was, is] = [worldOf(before, this.#buckets[0]), worldOf(after, this.#buckets[1])];
    this.#pairs.renew([was, is]);
    this.#inAnyOrder = !tellsPolicies && ![...before, ...after].some(isThrottle);
    return [was, is];
  }

  /** Where the window tells that a removed policy was not there yet, what it would have refused too is asked. */
  #setsOf(policies: readonly Policy[]): WorldSets {
    const { change, nowMs } = this.#input;
    const { before, after } = setsAround(policies, change, nowMs);
    const removed = change.type === 'remove' && this.#tellsPolicies ? this.#changed : undefined;
    return removed === undefined || before.length > after.length
      ? { before, after }
      : { before: [...before, ...timeless([removed], nowMs)], after };
  }

  /** Only now, before a flow: of many changes in a row one compilation is enough. */
  #renewWorlds(): void {
    this.#isStale = false;
    this.#worlds = this.#makeWorlds();
  }

  #judgeFlow(flow: FlowEvent): void {
    if (this.#isStale) this.#renewWorlds();
    const pair = this.#pairs.of(flow);
    const atMs = Date.parse(flow.time);
    this.#tally.seen(flow, atMs);
    if (pair.untouched) return;
    const unread = this.#decidedUnread(flow);
    if (unread !== undefined) {
      this.#tally.undecidable(`${unread}, which decided them, is recorded in words this program cannot read`);
      return;
    }
    const asked = this.#ask(flow, atMs);
    const was = this.#judge(this.#worlds[0], pair.before, asked);
    const is = this.#judge(this.#worlds[1], pair.after, asked);
    const why = this.#inDoubt(pair, { was, is }, asked);
    if (this.#passesUnread && pair.concerned && asked.facts === undefined && is.status === 0)
      this.#tally.passesUnread();
    if (why !== undefined) this.#tally.undecidable(why);
    else if (isFlip(was.status, is.status)) this.#flip(flow, is.status);
  }

  /** A removal lets through again what the policy refused by its own word, not what it would have refused had it been there. */
  #flip(flow: FlowEvent, to: number): void {
    const isRemoval = this.#tellsPolicies && this.#input.change.type === 'remove';
    if (isRemoval && !this.#decided(flow)) this.#tally.earlier();
    else this.#tally.flip(flow, to);
  }

  /** The policy that decided the flow, where the window tells it in words that are no policy. */
  #decidedUnread({ verdict, shadow }: FlowEvent): string | undefined {
    const name = (this.#shadow ? shadow : verdict)?.policy;
    return name !== undefined && this.#history.isUnreadable(name) ? name : undefined;
  }

  #decided({ verdict, shadow }: FlowEvent): boolean {
    const own = this.#shadow ? shadow : verdict;
    return own?.action !== 'allow' && own?.policy !== undefined && own.policy === this.#changedName;
  }

  #ask(flow: FlowEvent, atMs: number): Asked {
    const asked = (this.#asked ??= { flow, facts: undefined, isUnreadable: false, atMs: 0 });
    asked.flow = flow;
    asked.isUnreadable = unreadableCode(flow) !== undefined;
    asked.facts = asked.isUnreadable && flow.broken !== undefined ? undefined : factsOf(flow);
    asked.atMs = atMs;
    return asked;
  }

  #judge({ evaluator, out, policies }: World, scope: Scope, { facts, atMs, isUnreadable }: Asked): Judged {
    if (isUnreadable && evaluator.judges(scope, atMs) === judgement.l7)
      return { status: 400, throttled: false, by: undefined };
    if (facts !== undefined) {
      const head = this.#encoder.encode(facts, scope.needsHeaders || scope.throttled);
      evaluator.decide(scope, head, facts.route, atMs, out);
    } else evaluator.decideOpaque(scope, atMs, out);
    const { shadowPolicy, shadowAction, policy, action } = out;
    return this.#shadow
      ? {
          status: this.#answer(statusOf(shadowAction, shadowPolicy), policies[shadowPolicy]),
          throttled: scope.throttled,
          by: policies[shadowPolicy],
        }
      : {
          status: this.#answer(statusOf(action, policy), policies[policy]),
          throttled: out.limitBurst > 0,
          by: policies[policy],
        };
  }

  /** On a node nobody answers for a policy that asks for no request. */
  #answer(status: number, by: Policy | undefined): number {
    const inKernel = this.#input.node === true && status === 403 && by !== undefined && !needsHttp(by);
    return inKernel ? refusedInKernel : status;
  }

  /** Why nobody can tell whether this flow flips, if so; notes what that means for later ones. */
  #inDoubt(pair: Pair, sides: Sides, { flow, facts }: Asked): string | undefined {
    if (facts === undefined) return this.#bucketsInDoubt(flow, sides);
    const { was, is } = sides;
    const risks = (pair.risks ??= this.#risksOf(pair));
    const doubt = this.#doubter.doubt(risks, facts);
    if (doubt === undefined) return this.#bucketsInDoubt(flow, sides);
    const guessed = [was, is].some(({ by }) => by !== undefined && doubt.policies.has(by));
    if (!guessed && surelyRefused(was) && surelyRefused(is)) return undefined;
    if (pair.before.throttled || pair.after.throttled) this.#doubter.taint(risks, flow);
    return guessed || mattersTo(doubt, sides) ? doubt.why : this.#bucketsInDoubt(flow, sides);
  }

  #bucketsInDoubt(flow: FlowEvent, { was, is }: Sides): string | undefined {
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
}

/**
 * With a Shadow policy as the change, flips are those that shadow would report; otherwise those that callers would feel.
 */
export const createPreview = (input: PreviewInput): Preview => new FlowPreview(input);

const isFlip = (was: number, is: number): boolean => (was === 0) !== (is === 0);

/** By a Block or strict parsing: whatever else may match, it stays refused and no throttle is charged. */
const surelyRefused = ({ status }: Judged): boolean =>
  status === 400 || status === 403 || status === refusedInKernel;

/** Whether the flow flips in one reading of what is in doubt and not in another. */
function mattersTo(doubt: Doubt, { was, is }: Sides): boolean {
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

/** As plain-verdict.ts decides of streams: what asks for HTTP, and a throttle always does, follows its `failure`. */
const passesUnread = (policy: Policy): boolean =>
  policy.spec.mode !== 'Off' && policy.spec.failure !== 'Closed' && needsHttp(policy);

const isThrottle = ({ spec }: Policy): boolean => spec.action.type === 'Throttle';
