// What an agent says of a policy as words for tables: on a node what really stands, elsewhere the state alone. Pure.
import type { PolicyEvent } from './event.ts';

/** Whether it is as its author wants it: told in the colour of the state, or of a fault. */
export interface StateWord {
  readonly word: string;
  /** Something of it does not stand. */
  readonly isWanting: boolean;
}

type Enforcement = NonNullable<PolicyEvent['enforcement']>;

const wanting: Readonly<Partial<Record<Enforcement['state'], string>>> = {
  pending: 'PENDING',
  unenforceable: 'NOT HERE',
};

/** `active`, `PART 1/2` (pods), `PENDING`, `NOT HERE`, `idle` of an enforcing policy on a node; undefined where the state says it all. */
export function enforcementWord({ state, enforcement }: PolicyEvent): StateWord | undefined {
  if (state !== 'active' || enforcement === undefined) return undefined;
  const share = `${enforcement.inPlace}/${enforcement.meant}`;
  if (enforcement.state === 'enforced') return { word: 'active', isWanting: false };
  if (enforcement.state === 'partly') return { word: `PART ${share}`, isWanting: true };
  const word = wanting[enforcement.state];
  return word === undefined ? { word: enforcement.state, isWanting: false } : { word, isWanting: true };
}
