// What planning any policy needs to know of the node: who is where, which gears work, and the drafts to write into.
import { gearOf, inlineMode, type NodeAbilities } from '../model/abilities.ts';
import type { Policy } from '../policy/schema.ts';
import { homeOf, reachesAnywhere } from '../policy/tenancy.ts';
import type { Parties, SelectedParty } from './parties.ts';
import type { PodDraft } from './pod-draft.ts';

/** Shared by all policies of one plan. */
export interface PlanContext {
  readonly parties: Parties;
  readonly abilities: NodeAbilities;
  readonly meshed: ReadonlySet<string>;
  /** By pod id: those that can be enrolled. */
  readonly drafts: Pick<ReadonlyMap<string, PodDraft>, 'get'>;
}

/** Why nothing of a gear can be enforced in a pod; undefined when it can. A gear is whole or off. */
export function gearMissing(
  { abilities }: Pick<PlanContext, 'abilities'>,
  gear: 'kernel' | 'inline',
  { pod }: PodDraft,
): string | undefined {
  const able = gearOf(abilities, gear);
  if (!able.ok) return withoutStop(able.sentence);
  if (gear === 'inline' && inlineMode(abilities) === undefined)
    return 'inline has no way to hand connections on';
  if (!abilities.ipv6.ok && pod.addresses.some((address) => address.includes(':')))
    return `${gear} is off where a pod has an IPv6 address, because it would hold for IPv4 only (${withoutStop(abilities.ipv6.sentence)})`;
  return undefined;
}

const withoutStop = (sentence: string): string => sentence.replace(/\.$/, '');

/** Those the policy may touch: of its own namespace, or any when it is cluster-wide or all its sources are of that namespace. */
export function destinationsOf(policy: Policy, parties: Parties): readonly SelectedParty[] {
  const { parties: selected } = parties.select(policy.spec.to, homeOf(policy));
  return reachesAnywhere(policy)
    ? selected
    : selected.filter(({ party }) => party.identity.workload.namespace === homeOf(policy));
}

/** Ports that a policy names. */
export const portsOf = ({ spec: { to } }: Policy): readonly number[] =>
  'peers' in to ? [...new Set(to.ports)].sort((a, b) => a - b) : [];

/** A pod in the node's own network, as a reason. */
export const hostReason =
  'it shares the node’s network, so it can neither be enrolled nor be told apart by address';
/** A demand that addresses cannot meet, as a reason. */
export const assuranceReason =
  'identities are known by address only (assurance IP), and the policy asks for more';
