// Who is who in the cluster, from the objects of its watches: address → pod, workload, ServiceAccount, labels, node. What cannot be told
// is unknown. What agents have to be told anew is gathered for whoever tells them. Knows no watch and no clock.
import { addressKey } from '../plan/address-block.ts';
import { claimLimits, type ClaimLimits, type PodHolder } from './address-claims.ts';
import type { ClusterChange, PodRecord } from './cluster-objects.ts';
import { applyChange, createClusterWorld, nameKey, type ClusterWorld } from './cluster-world.ts';
import type { EntryChange, NodeEntry, PodEntry, ServiceEntry } from './identity-entry.ts';

/** What an address is. */
export type Holder =
  | { readonly type: 'pod'; readonly pod: PodRecord; readonly isLiving: boolean }
  /** A node, and every pod in its network. */
  | { readonly type: 'host'; readonly node: string }
  | { readonly type: 'service'; readonly namespace: string; readonly name: string }
  /** `conflict`: several claim it, and none is believed. */
  | { readonly type: 'unknown'; readonly why: 'nobody' | 'conflict' };

/** The hub's knowledge of the cluster. */
export interface ClusterIdentity {
  /** @param nowMs epoch ms of whoever watches; must not go back. */
  apply(change: ClusterChange, nowMs: number): void;
  /** What the address is now: for enforcement. No dead pod is ever an answer. */
  holder(address: string): Holder;
  /** What it was then, for naming a flow that began at `atMs`: pods that have gone since are still known for a while. */
  holderAt(address: string, atMs: number): Holder;
  /** Whether the pod that had one address at `atMs` is behind the Service that has the other. */
  isBehind(serviceAddress: string, podAddress: string, atMs: number): boolean;
  pod(uid: string): PodRecord | undefined;
  /** UIDs of all pods: a listing that starts anew removes those that are not in it. */
  podUids(): readonly string[];
  /** Entries that may be different since the last call, as they are now. */
  takeChanges(): readonly EntryChange[];
  /** Claims and endpoints looked at so far: the work it was. */
  readonly work: () => number;
  /** Ended claims that are kept. */
  readonly tombstones: () => number;
}

const unknown = (why: 'nobody' | 'conflict'): Holder => ({ type: 'unknown', why });

function ofPods(holder: PodHolder): Holder {
  if (holder.type === 'pod') return holder;
  return unknown(holder.type === 'several' ? 'conflict' : 'nobody');
}

/**
 * A node's address is the node's, whatever else claims it: pods in its network have it too, and none of them is one pod. Between a pod and
 * a Service, two Services or two nodes nobody is believed.
 */
function resolve(world: ClusterWorld, key: string, pods: PodHolder): Holder {
  const [node, ...otherNodes] = world.nodeAt.get(key) ?? [];
  if (node !== undefined) return otherNodes.length > 0 ? unknown('conflict') : { type: 'host', node };
  const [service, ...otherServices] = world.serviceAt.get(key) ?? [];
  if (service === undefined) return ofPods(pods);
  if (otherServices.length > 0 || pods.type === 'several') return unknown('conflict');
  if (pods.type === 'pod' && pods.isLiving) return unknown('conflict');
  const record = world.services.get(service);
  return record === undefined
    ? unknown('nobody')
    : { type: 'service', namespace: record.namespace, name: record.name };
}

const holderNow = (world: ClusterWorld, key: string): Holder => resolve(world, key, world.claims.holder(key));

const holds = (holder: Holder, uid: string): boolean => holder.type === 'pod' && holder.pod.uid === uid;

/** Canonical: each once, sorted. */
const distinct = <T extends string | number>(values: readonly T[]): readonly T[] =>
  [...new Set(values)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

/** `10.0.0.7` of `10.0.0.7/32`: one spelling, as keys have it. */
const spelled = (addresses: readonly string[]): readonly string[] =>
  distinct(addresses.map((address) => addressKey(address).replace(/\/\d+$/, '')));

function podEntry(world: ClusterWorld, name: string): PodEntry | undefined {
  const pod = world.pods.get(world.uidByName.get(name) ?? '');
  if (pod === undefined) return undefined;
  const own = pod.addresses.filter((address) => holds(holderNow(world, addressKey(address)), pod.uid));
  if (own.length === 0) return undefined;
  return {
    ...{ type: 'pod', namespace: pod.namespace, name: pod.name, node: pod.node },
    workload: { kind: pod.workload.kind, name: pod.workload.name },
    serviceAccount: pod.serviceAccount,
    labels: Object.entries(pod.labels).sort(([a], [b]) => (a < b ? -1 : 1)),
    ports: distinct(pod.ports),
    addresses: spelled(own),
    isEnrollable: pod.optedOut !== true,
  };
}

function serviceEntry(world: ClusterWorld, key: string): ServiceEntry | undefined {
  const told = world.services.addressOf(key);
  if (told === undefined) return undefined;
  const { namespace, name, workload, ports } = told;
  const own = told.addresses.filter((address) => {
    const holder = holderNow(world, addressKey(address));
    return holder.type === 'service' && nameKey(holder) === key;
  });
  if (own.length === 0) return undefined;
  return {
    ...{ type: 'service', namespace, name, ports, addresses: spelled(own) },
    workload: { kind: workload.kind, name: workload.name },
  };
}

function nodeEntry(world: ClusterWorld, name: string): NodeEntry | undefined {
  const node = world.nodes.get(name);
  if (node === undefined) return undefined;
  const own = node.addresses.filter((address) => holderNow(world, addressKey(address)).type === 'host');
  return { type: 'node', name, addresses: spelled(own), hasAgent: world.agents.has(name) };
}

function takeChanges(world: ClusterWorld): readonly EntryChange[] {
  const changes: EntryChange[] = [
    ...[...world.touchedPods].map((name) => ({ key: `pod:${name}`, entry: podEntry(world, name) })),
    ...world.services
      .takeChanged()
      .map((key) => ({ key: `service:${key}`, entry: serviceEntry(world, key) })),
    ...[...world.touchedNodes].map((name) => ({ key: `node:${name}`, entry: nodeEntry(world, name) })),
  ];
  world.touchedPods.clear();
  world.touchedNodes.clear();
  return changes;
}

/** Nothing known yet. */
export function createClusterIdentity(limits: ClaimLimits = claimLimits): ClusterIdentity {
  const world = createClusterWorld(limits);
  const at = (address: string, atMs: number): Holder => {
    const key = addressKey(address);
    return resolve(world, key, world.claims.holderAt(key, atMs));
  };
  return {
    apply: (change, nowMs) => applyChange(world, change, nowMs),
    holder: (address) => holderNow(world, addressKey(address)),
    holderAt: at,
    isBehind(serviceAddress, podAddress, atMs) {
      const service = holderNow(world, addressKey(serviceAddress));
      const pod = at(podAddress, atMs);
      return (
        service.type === 'service' &&
        pod.type === 'pod' &&
        world.services.isBehind(nameKey(service), pod.pod.uid)
      );
    },
    pod: (uid) => world.pods.get(uid),
    podUids: () => [...world.pods.keys()],
    takeChanges: () => takeChanges(world),
    work: () => world.claims.looked() + world.services.looked(),
    tombstones: () => world.claims.tombstones(),
  };
}
