// One Block without HTTP: refused by address and port in the kernel, at the destination pods of this node. What nobody enrols is refused at
// the source pods instead (plan-source.ts): for one flow there is one place.
import type { FlowPolicy } from '../policy/schema.ts';
import { nameOf } from '../policy/specificity.ts';
import type { Block } from './address-block.ts';
import type { KernelEntry, PairCut } from './node-plan.ts';
import { noteFailure, type Outcome } from './outcome.ts';
import type { Party, SelectedParty, Selection } from './parties.ts';
import {
  assuranceReason,
  destinationsOf,
  gearMissing,
  hostReason,
  portsOf,
  type PlanContext,
} from './plan-context.ts';
import { planSources } from './plan-source.ts';

/** One policy being planned. */
export interface KernelTask {
  readonly context: PlanContext;
  readonly policy: FlowPolicy;
  readonly outcome: Outcome;
  readonly from: Selection;
  readonly destinations: readonly SelectedParty[];
  readonly ports: readonly number[];
}

/** Writes the policy's entries into the drafts and tells the outcome what came of it. */
export function planKernel(context: PlanContext, policy: FlowPolicy, outcome: Outcome): void {
  const { parties } = context;
  const task: KernelTask = {
    ...{ context, policy, outcome, ports: portsOf(policy) },
    from: parties.select(policy.spec.from, policy.metadata.namespace),
    destinations: destinationsOf(policy, parties),
  };
  noteUnmet(context, policy, outcome);
  if (task.from.blocks.length === 0 && task.from.hosts.length === 0 && !task.from.unprovable)
    outcome.remarks.add('No address of its callers is known.');
  planDestinations(task);
  planSources(task);
  noteElsewhere(task);
}

/** What of the policy's own words cannot be met by an address; the same for every gear. */
export function noteUnmet({ parties }: PlanContext, { spec, metadata }: FlowPolicy, outcome: Outcome): void {
  for (const [side, who] of [
    [parties.select(spec.from, metadata.namespace), 'callers'],
    [parties.select(spec.to, metadata.namespace), 'destinations'],
  ] as const) {
    if (side.unprovable) noteFailure(outcome, assuranceReason, who);
    for (const host of side.hosts) noteFailure(outcome, hostReason, host);
  }
}

/** Other agents have their own pods. */
export function noteElsewhere({ destinations, outcome }: Pick<KernelTask, 'destinations' | 'outcome'>): void {
  const count = destinations.filter(({ party }) => party.place === 'elsewhere' && party.enrolled).length;
  if (count === 0) return;
  const pods = count === 1 ? 'one destination' : `${count} destinations`;
  outcome.remarks.add(`The agents of other nodes enforce it for ${pods} there.`);
}

function planDestinations(task: KernelTask): void {
  const { context, outcome, from } = task;
  if (from.blocks.length === 0) return;
  const shared = new Map<string, readonly KernelEntry[]>();
  for (const { party, blocks } of task.destinations) {
    const { id } = party.identity;
    if (party.place === 'host') noteFailure(outcome, hostReason, id);
    const draft = context.drafts.get(id);
    if (party.place !== 'here' || draft === undefined) continue;
    const missing = gearMissing(context, 'kernel', draft);
    if (missing !== undefined) {
      noteFailure(outcome, missing, id);
      continue;
    }
    const families = wholeFamilies(party, blocks);
    if (families.length < 2) notePartial(outcome, party, blocks);
    const meant = from.blocks.filter(({ family }) => families.includes(family));
    if (meant.length === 0) continue;
    const key = families.join();
    const entries = shared.get(key) ?? entriesFor(task.policy, meant, task.ports);
    shared.set(key, entries);
    draft.inbound.push(entries);
    draft.cuts.push(...cutsFor(task.policy, { direction: 'inbound', blocks: meant, ports: task.ports }));
    outcome.gears.add('kernel');
    outcome.atDestination.add(id);
  }
  if (from.everyone && outcome.atDestination.size > 0)
    outcome.remarks.add('Everyone includes the kubelet with its probes.');
}

/** Families of which every address is meant: entries of a pod's own namespace do not tell its addresses apart. */
function wholeFamilies(party: Party, blocks: readonly Block[]): readonly (4 | 6)[] {
  if (blocks.length === party.blocks.length) return [4, 6];
  const isWhole = (family: 4 | 6): boolean => {
    const own = party.blocks.filter((block) => block.family === family);
    return own.length > 0 && own.every((block) => blocks.includes(block));
  };
  return ([4, 6] as const).filter(isWhole);
}

function notePartial(outcome: Outcome, party: Party, blocks: readonly Block[]): void {
  const families = wholeFamilies(party, blocks);
  const loose = blocks.filter(({ family }) => !families.includes(family));
  const reason = 'others of its addresses are outside the block that the policy names';
  if (loose.length > 0)
    noteFailure(outcome, reason, `${party.identity.id} at ${loose.map(({ cidr }) => cidr).join(' and ')}`);
}

/** One entry a block. */
export function entriesFor(
  policy: FlowPolicy,
  blocks: readonly Block[],
  ports: readonly number[],
): readonly KernelEntry[] {
  const { action } = policy.spec;
  const isDrop = action.type === 'Block' && action.block?.answer === 'Drop';
  const name = nameOf(policy);
  return blocks.map(({ family, cidr }) => ({
    ...{ policy: name, family, cidr, ports },
    answer: isDrop ? 'drop' : 'reset',
    existing: isCutting(policy) ? 'cut' : 'drain',
  }));
}

/** Block cuts unless it says Drain; a throttle lets open connections drain (semantics.md). */
export const isCutting = ({ spec: { action } }: FlowPolicy): boolean =>
  action.type === 'Block' && action.block?.existing !== 'Drain';

/** What to cut when the policy sets in: one or none. */
export function cutsFor(
  policy: FlowPolicy,
  pairs: {
    readonly direction: PairCut['direction'];
    readonly blocks: readonly Block[];
    readonly ports: readonly number[];
  },
): readonly PairCut[] {
  if (!isCutting(policy) || pairs.blocks.length === 0) return [];
  const { direction, blocks, ports } = pairs;
  return [{ policy: nameOf(policy), direction, remotes: blocks.map(({ cidr }) => cidr), ports }];
}
