// What an agent says of a policy as words for tables: on a node what really stands, elsewhere the state alone. Pure.
import type { PolicyEvent } from './event.ts';
import type { EnforcementStatus, NodeStatus } from './node-status.ts';

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

/** With the share of pods where that is what is wanting; it may be something else, such as an address. */
const partWord = ({ inPlace, meant }: Enforcement): string =>
  inPlace < meant ? `PART ${inPlace}/${meant}` : 'PART';

type ClusterWords = NonNullable<PolicyEvent['cluster']>;

/** What the object's condition `Programmed` comes to, by its reason where it is not so; nothing said yet is not enforced. */
const unprogrammed: Readonly<Record<string, string>> = { NotEnforceable: 'NOT HERE' };

function conditionOf(
  { conditions }: ClusterWords,
  type: string,
): ClusterWords['conditions'][number] | undefined {
  return conditions.find((one) => one.type === type);
}

function clusterWord(cluster: ClusterWords): StateWord {
  const programmed = conditionOf(cluster, 'Programmed');
  if (programmed?.status === 'True')
    return { word: programmed.reason === 'NothingSelected' ? 'idle' : 'active', isWanting: false };
  if (programmed?.reason === 'PartiallyProgrammed') {
    const { enforced } = cluster;
    return { word: enforced === undefined ? 'PART' : `PART ${enforced}`, isWanting: true };
  }
  return { word: unprogrammed[programmed?.reason ?? ''] ?? 'PENDING', isWanting: true };
}

/** Where it stands, in a sentence; undefined where nothing is known of that. */
export function enforcementSentence({ enforcement, cluster }: PolicyEvent): string | undefined {
  if (cluster === undefined) return enforcement?.sentence;
  const programmed = conditionOf(cluster, 'Programmed');
  if (programmed === undefined) return enforcement?.sentence ?? 'no agent has reported it yet.';
  return programmed.message === '' ? programmed.reason : programmed.message;
}

/** `active`, `PART 1/2` (pods), `PART`, `PENDING`, `NOT HERE`, `idle` of an enforcing policy on a node; undefined where the state says it all. */
export function enforcementWord({ state, enforcement, cluster }: PolicyEvent): StateWord | undefined {
  if (state !== 'active') return undefined;
  // Agents' own word is there before the status that is made of it.
  if (
    cluster !== undefined &&
    (enforcement === undefined || conditionOf(cluster, 'Programmed') !== undefined)
  )
    return clusterWord(cluster);
  if (enforcement === undefined) return undefined;
  if (enforcement.state === 'enforced') return { word: 'active', isWanting: false };
  if (enforcement.state === 'partly') return { word: partWord(enforcement), isWanting: true };
  const word = wanting[enforcement.state];
  return word === undefined ? { word: enforcement.state, isWanting: false } : { word, isWanting: true };
}

/** Of one, and of several policies; in the order in which they are told. */
const standing: Readonly<Record<EnforcementStatus['state'], readonly [string, string]>> = {
  enforced: ['stands everywhere', 'stand everywhere'],
  partly: ['in part', 'in part'],
  pending: ['not yet', 'not yet'],
  unenforceable: ['nowhere here', 'nowhere here'],
  idle: ['has nothing to do here', 'have nothing to do here'],
  shadow: ['in shadow', 'in shadow'],
  off: ['off', 'off'],
  expired: ['expired', 'expired'],
};

/** `4 stand everywhere, 1 in part, 7 nowhere here`: what became of the policies of a node; '' without any. */
export function standingText(policies: NodeStatus['policies']): string {
  const byState = Map.groupBy(policies, ({ enforcement: { state } }) => state);
  const states = Object.keys(standing) as (keyof typeof standing)[];
  return states
    .flatMap((state) => {
      const count = byState.get(state)?.length ?? 0;
      return count === 0 ? [] : [`${count} ${standing[state][count === 1 ? 0 : 1]}`];
    })
    .join(', ');
}
