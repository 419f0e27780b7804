// The objects of a cluster as they are now, and which of them may have to be told anew: each change costs what it touches. Says nothing
// of what an address means; that is for cluster-identity.ts.
import { assertNever } from '../model/assert-never.ts';
import { addressKey } from '../plan/address-block.ts';
import { createAddressClaims, type AddressClaims, type ClaimLimits } from './address-claims.ts';
import type { ClusterChange, NodeRecord, PodRecord, ServiceRecord } from './cluster-objects.ts';
import { createServiceBook, type ServiceBook } from './service-book.ts';

/** Members by address (`addressKey`). */
type MembersAt = Map<string, ReadonlySet<string>>;

/** All that is known. */
export interface ClusterWorld {
  readonly pods: Map<string, PodRecord>;
  /** UID by `namespace/name`. */
  readonly uidByName: Map<string, string>;
  readonly claims: AddressClaims;
  readonly services: ServiceBook;
  /** Services (`namespace/name`) and nodes by address. */
  readonly serviceAt: MembersAt;
  readonly nodeAt: MembersAt;
  readonly nodes: Map<string, NodeRecord>;
  /** Nodes with an agent. */
  readonly agents: Set<string>;
  /** By name, to be told anew; Services are in their book. */
  readonly touchedPods: Set<string>;
  readonly touchedNodes: Set<string>;
}

/** An empty cluster. */
export const createClusterWorld = (limits: ClaimLimits): ClusterWorld => ({
  pods: new Map(),
  uidByName: new Map(),
  claims: createAddressClaims(limits),
  services: createServiceBook(),
  serviceAt: new Map(),
  nodeAt: new Map(),
  nodes: new Map(),
  agents: new Set(),
  touchedPods: new Set(),
  touchedNodes: new Set(),
});

/** `namespace/name`. */
export const nameKey = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

/** Terminated pods have no address any more, whatever their status still says; those in the node's network never had one. */
function claimedBy(pod: PodRecord | undefined): readonly string[] {
  const holds = pod !== undefined && !pod.hostNetwork && pod.phase !== 'Succeeded' && pod.phase !== 'Failed';
  return holds ? pod.addresses.map(addressKey) : [];
}

function leave(members: MembersAt, key: string, member: string): void {
  const rest = new Set(members.get(key));
  rest.delete(member);
  if (rest.size === 0) members.delete(key);
  else members.set(key, rest);
}

function enter(members: MembersAt, key: string, member: string): void {
  members.set(key, new Set(members.get(key)).add(member));
}

/** Everyone who claims the address may be told differently now. */
function touchAddress(world: ClusterWorld, key: string): void {
  for (const pod of world.claims.living(key)) world.touchedPods.add(nameKey(pod));
  for (const service of world.serviceAt.get(key) ?? []) world.services.touch(service);
  for (const node of world.nodeAt.get(key) ?? []) world.touchedNodes.add(node);
}

function endClaims(
  world: ClusterWorld,
  pod: PodRecord,
  ends: { keys: Iterable<string>; nowMs: number },
): void {
  for (const key of ends.keys) {
    world.claims.end(key, pod.uid, ends.nowMs);
    touchAddress(world, key);
  }
}

function putPod(world: ClusterWorld, pod: PodRecord, nowMs: number): void {
  const known = world.uidByName.get(nameKey(pod));
  // Of one name there is one pod at a time: a watch that began anew need not have told the end of the last.
  if (known !== undefined && known !== pod.uid) removePod(world, known, nowMs);
  const before = world.pods.get(pod.uid);
  world.uidByName.set(nameKey(pod), pod.uid);
  world.pods.set(pod.uid, pod);
  world.touchedPods.add(nameKey(pod));
  const next = new Set(claimedBy(pod));
  endClaims(world, pod, { keys: claimedBy(before).filter((key) => !next.has(key)), nowMs });
  for (const key of next) {
    world.claims.put(key, pod);
    touchAddress(world, key);
  }
  world.services.setPod(pod.uid, pod.workload);
}

function removePod(world: ClusterWorld, uid: string, nowMs: number): void {
  const pod = world.pods.get(uid);
  if (pod === undefined) return;
  world.pods.delete(uid);
  world.uidByName.delete(nameKey(pod));
  world.touchedPods.add(nameKey(pod));
  endClaims(world, pod, { keys: claimedBy(pod), nowMs });
  world.services.setPod(uid, undefined);
}

/** Moves a member from the addresses that it had to those that it has. */
function moveMember(
  world: ClusterWorld,
  members: MembersAt,
  { member, from, to }: { member: string; from: readonly string[]; to: readonly string[] },
): void {
  for (const key of from.map(addressKey)) {
    leave(members, key, member);
    touchAddress(world, key);
  }
  for (const key of to.map(addressKey)) {
    enter(members, key, member);
    touchAddress(world, key);
  }
}

function setService(world: ClusterWorld, key: string, service: ServiceRecord | undefined): void {
  const from = world.services.get(key)?.addresses ?? [];
  moveMember(world, world.serviceAt, { member: key, from, to: service?.addresses ?? [] });
  if (service === undefined) world.services.remove(key);
  else world.services.put(service);
}

function setNode(world: ClusterWorld, name: string, node: NodeRecord | undefined): void {
  const from = world.nodes.get(name)?.addresses ?? [];
  moveMember(world, world.nodeAt, { member: name, from, to: node?.addresses ?? [] });
  if (node === undefined) world.nodes.delete(name);
  else world.nodes.set(name, node);
  world.touchedNodes.add(name);
}

/** Takes one change in. @param nowMs epoch ms; must not go back. */
export function applyChange(world: ClusterWorld, change: ClusterChange, nowMs: number): void {
  world.claims.expire(nowMs);
  switch (change.type) {
    case 'pod':
      putPod(world, change.pod, nowMs);
      return;
    case 'pod-gone':
      removePod(world, change.uid, nowMs);
      return;
    case 'service':
      setService(world, nameKey(change.service), change.service);
      return;
    case 'service-gone':
      setService(world, nameKey(change), undefined);
      return;
    case 'slice':
      world.services.putSlice(change.slice);
      return;
    case 'slice-gone':
      world.services.removeSlice(change.uid);
      return;
    case 'node':
      setNode(world, change.node.name, change.node);
      return;
    case 'node-gone':
      setNode(world, change.name, undefined);
      return;
    case 'agent':
      if (change.isThere) world.agents.add(change.node);
      else world.agents.delete(change.node);
      world.touchedNodes.add(change.node);
      return;
    default:
      return assertNever(change);
  }
}
