// What planning one policy comes to, gathered while it is planned and told in a sentence or two at the end. Knows no selector.
import type { PlanStatement } from './node-plan.ts';

/** Gathered for one policy. */
export interface Outcome {
  readonly gears: Set<'kernel' | 'inline'>;
  readonly atDestination: Set<string>;
  readonly atSource: Set<string>;
  /** What it selects here and is not enforced for: reason → whom. */
  readonly failures: Map<string, Set<string>>;
  /** What else is to be known, as sentences. */
  readonly remarks: Set<string>;
}

/** Nothing yet. */
export const newOutcome = (): Outcome => ({
  gears: new Set(),
  atDestination: new Set(),
  atSource: new Set(),
  failures: new Map(),
  remarks: new Set(),
});

/** Notes that it is not enforced for `who`; `reason` completes "because …". */
export function noteFailure(outcome: Outcome, reason: string, who: string): void {
  const known = outcome.failures.get(reason);
  if (known === undefined) outcome.failures.set(reason, new Set([who]));
  else known.add(who);
}

/** Names told in full; of more, how many. */
const namesTold = 3;

/** `a`, `a and b`, `a, b, c and 4 more`. */
export function listed(names: Iterable<string>): string {
  const all = [...names];
  const told = all.length > namesTold + 1 ? all.slice(0, namesTold) : all;
  const rest = all.length - told.length;
  const words = rest > 0 ? [...told, `${rest} more`] : told;
  const last = words.pop() ?? '';
  return words.length === 0 ? last : `${words.join(', ')} and ${last}`;
}

/** A policy that is not to be enforced, or selects nobody here, in one sentence. */
export function unplanned(
  policy: string,
  state: 'idle' | 'shadow' | 'off' | 'expired',
  sentence: string,
): PlanStatement {
  return { policy, state, gears: [], atDestination: [], atSource: [], sentence };
}

/** The statement of one policy in force; `doing` is the verb, `Refused` or `Judged request by request`. */
export function statementOf(policy: string, outcome: Outcome, doing: string): PlanStatement {
  const { gears, atDestination, atSource, failures, remarks } = outcome;
  const where = placesOf(outcome);
  const isEnforced = where !== '';
  const state = isEnforced
    ? failures.size === 0
      ? 'enforced'
      : 'partly'
    : failures.size === 0
      ? 'idle'
      : 'unenforceable';
  const missing = [...failures].map(
    ([reason, who]) => `${isEnforced ? 'Not' : 'Not enforced'} for ${listed(who)}: ${reason}.`,
  );
  const first = isEnforced
    ? [`${doing} ${where}.`]
    : state === 'idle'
      ? ['It selects nothing that this node could enforce it for.']
      : [];
  return {
    policy,
    state,
    gears: [...gears],
    atDestination: [...atDestination],
    atSource: [...atSource],
    sentence: [...first, ...missing, ...remarks].join(' '),
  };
}

function placesOf({ atDestination, atSource }: Outcome): string {
  return [
    ...(atDestination.size === 0 ? [] : [`at the destination, in ${listed(atDestination)}`]),
    ...(atSource.size === 0 ? [] : [`at the source, in ${listed(atSource)}`]),
  ].join(', and ');
}
