// The part of a Block that is refused where it starts: destinations that nobody enrols, with the Services before them, and, for egress
// and cluster-wide policies, addresses outside. Entries cover what the source sees as the destination: before a Service is translated, its own address.
import type { ServiceAddress } from '../model/pod.ts';
import { homeOf, reachesAnywhere } from '../policy/tenancy.ts';
import type { Peer } from '../policy/peer-schema.ts';
import type { Policy } from '../policy/schema.ts';
import { hostBlock, type Block } from './address-block.ts';
import type { KernelEntry, PairCut } from './node-plan.ts';
import { noteFailure } from './outcome.ts';
import { keyOfWorkload, type Party } from './parties.ts';
import { gearMissing } from './plan-context.ts';
import type { KernelTask } from './plan-kernel.ts';
import { cutsFor, entriesFor, notePartial, wholeFamilies } from './kernel-entries.ts';

/** Addresses that are refused on the same ports. */
interface Target {
  readonly blocks: readonly Block[];
  readonly ports: readonly number[];
}

/** Entries at the source pods of this node. */
export function planSources(task: KernelTask): void {
  const targets = targetsOf(task);
  if (targets.length === 0) return;
  const { context, outcome, from } = task;
  const shared = new Map<string, Placed>();
  for (const { party, blocks } of from.parties) {
    const draft = context.drafts.get(party.identity.id);
    if (draft === undefined) continue;
    const missing = gearMissing(context, 'kernel', draft);
    if (missing !== undefined) {
      noteFailure(outcome, missing, draft.pod.id);
      continue;
    }
    const families = wholeFamilies(party, blocks);
    if (families.length < 2) notePartial(outcome, party, blocks);
    const placed = shared.get(families.join()) ?? placedFor(task, targets, families);
    shared.set(families.join(), placed);
    if (placed.entries.length > 0) place(task, draft, placed);
  }
  noteFree(task);
}

/** What goes to a pod whose addresses of these families are meant: it calls with an address of the family it calls. */
function placedFor(task: KernelTask, targets: readonly Target[], families: readonly (4 | 6)[]): Placed {
  const { policy } = task;
  const meant = targets.map(({ blocks, ports }) => ({
    blocks: blocks.filter(({ family }) => families.includes(family)),
    ports,
  }));
  return {
    entries: meant.flatMap(({ blocks, ports }) => entriesFor(policy, blocks, ports)),
    cuts: meant.flatMap(({ blocks, ports }) => cutsFor(policy, { direction: 'outbound', blocks, ports })),
    spared: sparedBy(task, meant),
  };
}

interface Placed {
  readonly entries: readonly KernelEntry[];
  readonly cuts: readonly PairCut[];
  readonly spared: readonly string[];
}

type Draft = NonNullable<ReturnType<KernelTask['context']['drafts']['get']>>;

function place({ outcome }: KernelTask, draft: Draft, { entries, cuts, spared }: Placed): void {
  draft.outbound.push(entries);
  draft.cuts.push(...cuts);
  for (const address of spared) draft.judgedElsewhere.add(address);
  outcome.gears.add('kernel');
  outcome.atSource.add(draft.pod.id);
}

const isFree = (party: Party): boolean => party.place === 'elsewhere' && !party.enrolled;

function targetsOf(task: KernelTask): readonly Target[] {
  const { policy, ports } = task;
  const blocks = reachesAnywhere(policy) ? wideBlocks(task) : freeBlocks(task);
  const targets: Target[] = blocks.length === 0 ? [] : [{ blocks, ports }];
  if (task.context.parties.select(policy.spec.to, homeOf(policy)).everyone && reachesAnywhere(policy)) {
    if (ports.length === 0) task.outcome.remarks.add('Names are still resolved: port 53 is spared.');
    return targets;
  }
  return [...targets, ...serviceTargets(task)];
}

/** Addresses of known destinations that nobody enrols. */
const freeBlocks = ({ destinations }: KernelTask): readonly Block[] =>
  destinations.flatMap(({ party, blocks }) => (isFree(party) ? blocks : []));

/** All that a policy names that may reach anywhere, but addresses that are judged at their own end. */
function wideBlocks({ context: { parties }, policy }: KernelTask): readonly Block[] {
  const { blocks } = parties.select(policy.spec.to, homeOf(policy));
  return blocks.filter((block) => block.bits < 128 || parties.enrolledIn(block).length === 0);
}

/** Enrolled addresses within wider blocks. */
function sparedBy({ context: { parties } }: KernelTask, targets: readonly Target[]): readonly string[] {
  return targets.flatMap(({ blocks }) =>
    blocks.flatMap((block) => (block.bits < 128 ? parties.enrolledIn(block) : [])),
  );
}

/** Services of the workloads that are refused at the source, on the ports that lead to theirs. */
function serviceTargets(task: KernelTask): readonly Target[] {
  const { destinations, context, policy, outcome } = task;
  const meant = new Set(destinations.map(({ party }) => party));
  const workloads = new Set(
    destinations.filter(({ party }) => isFree(party)).map(({ party }) => keyOfWorkload(party.identity)),
  );
  const services = [...workloads].flatMap((key) => {
    const isWhole = context.parties.ofWorkload(key).every((party) => meant.has(party));
    const before = context.parties.servicesOf(key);
    if (!isWhole)
      for (const { namespace, name } of before)
        noteFailure(
          outcome,
          'the policy means only some of the pods behind it',
          `Service ${namespace}/${name}`,
        );
    return isWhole ? before : [];
  });
  const bare = context.parties.bareServices.filter((service) => isBareDestination(policy, service));
  return [...services, ...bare].flatMap((service) => serviceTarget(service, task.ports));
}

function serviceTarget(service: ServiceAddress, ports: readonly number[]): readonly Target[] {
  const blocks = service.addresses.flatMap((address) => hostBlock(address) ?? []);
  const own = service.ports.filter(({ targetPort }) => ports.includes(targetPort)).map(({ port }) => port);
  if (blocks.length === 0 || (ports.length > 0 && own.length === 0)) return [];
  return [{ blocks, ports: ports.length === 0 ? [] : [...new Set(own)].sort((a, b) => a - b) }];
}

/** A Service without known pods is a destination by the name of its workload, when nothing else is asked. */
function isBareDestination(policy: Policy, { workload }: ServiceAddress): boolean {
  const { to } = policy.spec;
  const home = homeOf(policy);
  if (!reachesAnywhere(policy) && workload.namespace !== home) return false;
  if (!('peers' in to)) return true;
  const isMeant = (peer: Peer): boolean => {
    const own = peer.namespace ?? home;
    if (peer.cidr !== undefined || peer.serviceAccount !== undefined || peer.labels !== undefined)
      return false;
    if ((peer.minAssurance ?? 'IP') !== 'IP') return false;
    if (peer.namespace !== undefined && peer.namespace !== workload.namespace) return false;
    const wanted = peer.workload;
    return (
      wanted === undefined ||
      (wanted.name === workload.name &&
        (wanted.namespace ?? own) === workload.namespace &&
        (wanted.kind ?? workload.kind) === workload.kind)
    );
  };
  return to.peers.some(isMeant);
}

/** A destination that nobody enrols can be kept from enrolled callers only. */
function noteFree({ destinations, outcome, from }: KernelTask): void {
  const free = destinations.filter(({ party }) => isFree(party)).map(({ party }) => party.identity.id);
  const others =
    from.everyone || from.literals.length > 0 || from.parties.some(({ party }) => !party.enrolled);
  if (free.length > 0 && others)
    for (const id of free)
      noteFailure(outcome, 'nobody enrols it, so callers that nobody enrols either reach it still', id);
}
