// What the agents of several nodes say of one policy, as one word and one sentence: pods n of m, nodes k of l, and who is behind. Pure.
import type { EnforcementStatus } from '../model/node-status.ts';
import { listed } from '../plan/outcome.ts';

/** What one node's agent said last, and whether it can be asked now. */
export interface NodeWord {
  readonly node: string;
  readonly enforcement: EnforcementStatus;
  /** Its agent is not connected: what it said last may not be so any more. */
  readonly isSilent: boolean;
}

const isIdle = ({ enforcement: { state } }: NodeWord): boolean => state === 'idle';
/** Where it is not to be enforced, for a reason of its own. */
const resting: readonly string[] = ['shadow', 'off', 'expired'];

/** Of the nodes that have something to do. */
function stateOf(busy: readonly NodeWord[]): EnforcementStatus['state'] {
  const states = new Set(busy.map(({ enforcement }) => enforcement.state));
  const [first = 'idle', ...others] = states;
  if (others.length === 0) return first;
  const working = [...states].filter((state) => !resting.includes(state));
  if (working.length === 1 && states.size > 1 && working[0] !== 'enforced') return working[0] ?? 'pending';
  if (working.some((state) => state === 'enforced' || state === 'partly')) return 'partly';
  return 'pending';
}

const counted = (inPlace: number, meant: number, what: string): string =>
  `${inPlace}/${meant} ${meant === 1 ? what : `${what}s`}`;

/** Nodes that say the same are told together, so that a reason is there once. */
function behindSentence(behind: readonly NodeWord[]): string {
  const bySentence = Map.groupBy(behind, ({ enforcement }) => enforcement.sentence);
  const groups = [...bySentence].map(
    ([sentence, words]) => `${listed(words.map(({ node }) => node))}: ${sentence}`,
  );
  const told = groups.slice(0, reasonsTold);
  const rest = groups.length - told.length;
  return [...told, ...(rest > 0 ? [`${rest} more reasons on other nodes.`] : [])].join(' ');
}

/** Reasons told in full; of more, how many. */
const reasonsTold = 3;

/** The one word; undefined when no node said any. Nodes are told in the order of their names. */
export function mergedEnforcement(words: readonly NodeWord[]): EnforcementStatus | undefined {
  const all = words.toSorted((a, b) => (a.node < b.node ? -1 : 1));
  if (all.length === 0) return undefined;
  const busy = all.filter((word) => !isIdle(word));
  const sum = (of: (status: EnforcementStatus) => number): number =>
    all.reduce((total, { enforcement }) => total + of(enforcement), 0);
  const inPlace = sum((status) => status.inPlace);
  const meant = sum((status) => status.meant);
  const standing = busy.filter(({ enforcement }) => enforcement.state === 'enforced');
  const behind = busy.filter(
    ({ enforcement: { state } }) => state !== 'enforced' && !resting.includes(state),
  );
  const silent = all.filter(({ isSilent }) => isSilent).map(({ node }) => node);
  const places = `${counted(inPlace, meant, 'pod')} on ${counted(standing.length, busy.length, 'node')}`;
  const sentences = [
    busy.length === 0 ? 'No node has anything to enforce for it.' : `It stands in ${places}.`,
    ...(behind.length === 0 ? [] : [behindSentence(behind)]),
    ...(silent.length === 0 ? [] : [`Not heard now: ${listed(silent)}; what they said last is counted.`]),
  ];
  return {
    state: stateOf(busy),
    gears: (['kernel', 'inline'] as const).filter((gear) =>
      all.some(({ enforcement }) => enforcement.gears.includes(gear)),
    ),
    ...{ inPlace, meant, outside: sum((status) => status.outside) },
    sentence: sentences.join(' '),
    nodes: { inPlace: standing.length, meant: busy.length },
  };
}
