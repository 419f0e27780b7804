// What a plan says of a policy, held against what is really in place: nothing is called enforced before the rules stand in every pod that
// was meant. Pure.
import type { EnforcementStatus } from '../model/node-status.ts';
import type { PlanStatement } from './node-plan.ts';
import { listed } from './outcome.ts';

/** What is known of the pods, by `namespace/name`. */
export interface PodFacts {
  /** Its rules are as planned. */
  readonly inPlace: (pod: string) => boolean;
  /** Why they are not; '' when nothing is known. */
  readonly why: (pod: string) => string;
  /** Open connections that the policy does not reach yet in this pod. */
  readonly outside: (pod: string, policy: string) => number;
}

/** Of one policy. */
export function enforcementOf(statement: PlanStatement, facts: PodFacts): EnforcementStatus {
  const { policy, gears } = statement;
  const pods = [...new Set([...statement.atDestination, ...statement.atSource])];
  const missing = pods.filter((pod) => !facts.inPlace(pod));
  const inPlace = pods.length - missing.length;
  const outside = pods.reduce((sum, pod) => sum + facts.outside(pod, policy), 0);
  const sentences = [
    statement.sentence,
    ...(missing.length === 0 ? [] : [missingSentence(missing, facts)]),
    ...(outside === 0 ? [] : [outsideSentence(outside)]),
  ];
  return {
    state: stateOf(statement, { inPlace, missing: missing.length }),
    ...{ gears: [...gears], inPlace, meant: pods.length, outside },
    sentence: sentences.join(' '),
  };
}

function stateOf(
  { state }: PlanStatement,
  { inPlace, missing }: { readonly inPlace: number; readonly missing: number },
): EnforcementStatus['state'] {
  if (missing === 0) return state;
  return inPlace === 0 ? 'pending' : 'partly';
}

/** Pods of one reason are told together. */
function missingSentence(missing: readonly string[], { why }: PodFacts): string {
  const byReason = Map.groupBy(missing, why);
  return [...byReason]
    .map(([reason, pods]) => `Not in place in ${listed(pods)}${reason === '' ? '' : `: ${reason}`}.`)
    .join(' ');
}

const outsideSentence = (count: number): string =>
  count === 1 ? '1 open connection is still outside.' : `${count} open connections are still outside.`;
