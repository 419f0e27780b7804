// One Block without HTTP: refused by address and port in the kernel, at the destination pods of this node. What nobody enrols is refused at
// the source pods instead (plan-source.ts): for one flow there is one place.
import type { Policy } from '../policy/schema.ts';
import { homeOf } from '../policy/tenancy.ts';
import type { KernelEntry } from './node-plan.ts';
import { noteFailure, type Outcome } from './outcome.ts';
import type { SelectedParty, Selection } from './parties.ts';
import {
  assuranceReason,
  destinationsOf,
  gearMissing,
  hostReason,
  portsOf,
  type PlanContext,
} from './plan-context.ts';
import { cutsFor, entriesFor, notePartial, wholeFamilies } from './kernel-entries.ts';
import { planSources } from './plan-source.ts';

/** One policy being planned. */
export interface KernelTask {
  readonly context: PlanContext;
  readonly policy: Policy;
  readonly outcome: Outcome;
  readonly from: Selection;
  readonly destinations: readonly SelectedParty[];
  readonly ports: readonly number[];
}

/** Writes the policy's entries into the drafts and tells the outcome what came of it. */
export function planKernel(context: PlanContext, policy: Policy, outcome: Outcome): void {
  const { parties } = context;
  const task: KernelTask = {
    ...{ context, policy, outcome, ports: portsOf(policy) },
    from: parties.select(policy.spec.from, homeOf(policy)),
    destinations: destinationsOf(policy, parties),
  };
  noteUnmet(context, policy, outcome);
  if (task.from.blocks.length === 0 && task.from.hosts.length === 0 && !task.from.unprovable)
    outcome.remarks.add('No address of its callers is known.');
  planDestinations(task);
  planSources(task);
  noteElsewhere(task);
  const isEnforced = outcome.atDestination.size + outcome.atSource.size > 0;
  if (isEnforced && task.ports.length === 0) outcome.remarks.add(udpRemark);
}

/** See kernel-rules.ts: without connection tracking nobody can tell an answer from a question there. */
const udpRemark = 'UDP to ports from 32768 on passes: it may answer what was asked.';

/** What of the policy's own words cannot be met by an address; the same for every gear. */
export function noteUnmet({ parties }: PlanContext, policy: Policy, outcome: Outcome): void {
  const { from, to } = policy.spec;
  for (const [side, who] of [
    [parties.select(from, homeOf(policy)), 'callers'],
    [parties.select(to, homeOf(policy)), 'destinations'],
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
