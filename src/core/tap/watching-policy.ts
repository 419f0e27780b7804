// Policy over what is only watched: everything has passed, so that is the verdict; what the policies would have done stands beside it as the
// shadow. Nothing that a tap tells may read as if it had been enforced, whatever mode its policy has.
import type { Decision } from '../model/exchange.ts';
import { createBuckets } from '../policy/buckets.ts';
import { createDecider, type PolicyDecider } from '../policy/decide.ts';
import { judgement, type Decider } from '../policy/decider.ts';
import { actionAllow, noPolicy } from '../policy/decision.ts';

/** The policies in force, as taps ask them. Its throttles count what passes, apart from those that are enforced. */
export interface WatchingPolicy {
  /** In force now: refuses nothing, and reads whatever can be read. Made when first asked for. */
  decider(): Decider;
  /** A connection begins: what is kept of earlier ones may be let go. */
  connecting(): void;
  /** Other policies from the next question on; throttles outlive the change. */
  replace(snapshot: SharedArrayBuffer): void;
  /** Who is who has changed: connections are to ask again. */
  renew(): void;
}

/** It passed, by nobody's leave. What enforced and shadow set together would have done stays. */
function asPassed(out: Decision): void {
  out.action = actionAllow;
  out.policy = noPolicy;
  out.rule = -1;
  out.answer = 0;
  out.retryAfterMs = 0;
  out.limitBurst = 0;
  out.limitRemaining = 0;
}

/** As many objects as deciders: connections tell by the object that another is in force. */
const onlyWatching = (decider: PolicyDecider): Decider => ({
  generation: decider.generation,
  scopeOf: (listener) => decider.scopeOf(listener),
  scopeOfConnection: (pair) => decider.scopeOfConnection(pair),
  normalisedPath: () => decider.normalisedPath(),
  judges: () => judgement.none,
  decide: (scope, head, route, now, out) => {
    decider.decide(scope, head, route, now, out);
    asPassed(out);
  },
  judge: (scope, head, route, now, out) => {
    decider.judge(scope, head, route, now, out);
    asPassed(out);
  },
  decideOpaque: (scope, now, out) => {
    decider.decideOpaque(scope, now, out);
    asPassed(out);
  },
});

/** Over a compiled set. */
export function createWatchingPolicy(first: SharedArrayBuffer): WatchingPolicy {
  const buckets = createBuckets();
  let snapshot = first;
  let judge: PolicyDecider | undefined;
  let watching: Decider | undefined;
  const renew = (): void => {
    judge = judge?.renewed();
    watching = undefined;
  };
  return {
    decider() {
      judge ??= createDecider(snapshot, [], buckets);
      return (watching ??= onlyWatching(judge));
    },
    connecting() {
      if (judge?.isFull() === true) renew();
    },
    replace(next) {
      snapshot = next;
      judge = watching = undefined;
    },
    renew,
  };
}
