// Services and what is behind them, kept by counting endpoints per workload, so that one pod or one slice that changes costs its own
// endpoints and never a walk over the others. Knows no address of a pod.
import type { Workload } from '../model/identity.ts';
import type { ServiceAddress } from '../model/pod.ts';
import type { ServiceRecord, SliceRecord } from './cluster-objects.ts';

/** Services by `namespace/name`. */
export interface ServiceBook {
  put(service: ServiceRecord): void;
  remove(key: string): void;
  putSlice(slice: SliceRecord): void;
  removeSlice(uid: string): void;
  /** The pod is of this workload now; undefined: it is gone. Endpoints that name it are counted anew. */
  setPod(uid: string, workload: Workload | undefined): void;
  get(key: string): ServiceRecord | undefined;
  /** As agents are told of it; undefined when it is not there or has no address. */
  addressOf(key: string): ServiceAddress | undefined;
  /** Whether the pod is behind the Service. */
  isBehind(key: string, podUid: string): boolean;
  /** Something else about it has changed: it is among `takeChanged` next. */
  touch(key: string): void;
  /** Keys of Services that may be told differently since the last call. */
  takeChanged(): readonly string[];
  /** Endpoints and ports looked at so far. */
  readonly looked: () => number;
}

interface Backing {
  /** Endpoints by workload; those whose pod is not known are under ''. */
  readonly workloads: Map<string, { readonly workload: Workload | undefined; count: number }>;
  /** How often each pod is an endpoint. */
  readonly pods: Map<string, number>;
  /** Ports of the slices by name, and of how many slices each is. */
  readonly ports: Map<string, Map<number, number>>;
  slices: number;
}

interface Book {
  readonly services: Map<string, ServiceRecord>;
  readonly slices: Map<string, SliceRecord>;
  readonly backings: Map<string, Backing>;
  readonly pods: Map<string, Workload>;
  /** Services that each pod is behind, and how many endpoints of each it is. */
  readonly servicesOfPod: Map<string, Map<string, number>>;
  readonly changed: Set<string>;
  looked: number;
}

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;
const workloadText = (workload: Workload | undefined): string =>
  workload === undefined ? '' : `${workload.namespace}/${workload.kind}/${workload.name}`;

function backingOf(book: Book, key: string): Backing {
  let found = book.backings.get(key);
  if (found === undefined)
    book.backings.set(key, (found = { workloads: new Map(), pods: new Map(), ports: new Map(), slices: 0 }));
  return found;
}

/** More or fewer endpoints of one workload. The Service is told anew when a workload came or went. */
function count(
  book: Book,
  key: string,
  { workload, by }: { workload: Workload | undefined; by: number },
): void {
  book.looked += 1;
  const { workloads } = backingOf(book, key);
  const text = workloadText(workload);
  const before = workloads.get(text);
  const next = (before?.count ?? 0) + by;
  if (next === 0) workloads.delete(text);
  else if (before === undefined) workloads.set(text, { workload, count: next });
  else before.count = next;
  if (before === undefined || next === 0) book.changed.add(key);
}

function add<K>(counts: Map<K, number>, key: K, by: number): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
}

/** All endpoints of a slice, in (`by` 1) or out (-1). */
function countSlice(book: Book, slice: SliceRecord, by: 1 | -1): void {
  const key = keyOf(slice.namespace, slice.service);
  const backing = backingOf(book, key);
  for (const { podUid } of slice.endpoints) {
    count(book, key, { workload: podUid === undefined ? undefined : book.pods.get(podUid), by });
    if (podUid === undefined) continue;
    add(backing.pods, podUid, by);
    const services = book.servicesOfPod.get(podUid) ?? new Map<string, number>();
    add(services, key, by);
    if (services.size === 0) book.servicesOfPod.delete(podUid);
    else book.servicesOfPod.set(podUid, services);
  }
  for (const { name, port } of slice.ports) {
    const targets = backing.ports.get(name) ?? new Map<number, number>();
    add(targets, port, by);
    backing.ports.set(name, targets);
  }
  backing.slices += by;
}

function removeSlice(book: Book, uid: string): void {
  const slice = book.slices.get(uid);
  if (slice === undefined) return;
  countSlice(book, slice, -1);
  book.slices.delete(uid);
  const key = keyOf(slice.namespace, slice.service);
  if (backingOf(book, key).slices === 0) book.backings.delete(key);
}

const samePorts = (a: SliceRecord['ports'], b: SliceRecord['ports']): boolean =>
  a.length === b.length && a.every(({ name, port }, at) => b[at]?.name === name && b[at].port === port);

function putSlice(book: Book, slice: SliceRecord): void {
  const before = book.slices.get(slice.uid);
  removeSlice(book, slice.uid);
  book.slices.set(slice.uid, slice);
  countSlice(book, slice, 1);
  if (before === undefined || !samePorts(before.ports, slice.ports))
    book.changed.add(keyOf(slice.namespace, slice.service));
}

function setPod(book: Book, uid: string, workload: Workload | undefined): void {
  const before = book.pods.get(uid);
  if (workload === undefined) book.pods.delete(uid);
  else book.pods.set(uid, workload);
  if (workloadText(before) === workloadText(workload)) return;
  for (const [key, endpoints] of book.servicesOfPod.get(uid) ?? []) {
    count(book, key, { workload: before, by: -endpoints });
    count(book, key, { workload, by: endpoints });
  }
}

/** Where the Service's ports lead; a named target port may be several numbers, and then all are told. */
function portsOf(book: Book, { namespace, name, ports }: ServiceRecord): ServiceAddress['ports'] {
  const known = book.backings.get(keyOf(namespace, name))?.ports;
  const pairs = ports.flatMap(({ name: portName, port }) => {
    const targets = [...(known?.get(portName)?.keys() ?? [])];
    book.looked += targets.length;
    return (targets.length === 0 ? [port] : targets).map((targetPort) => ({ port, targetPort }));
  });
  return pairs.sort((a, b) => a.port - b.port || a.targetPort - b.targetPort);
}

/**
 * The one workload behind it. A Service before several, before a pod that is not known, or before nothing is its own workload, of kind
 * Service: what is sent to it cannot be said to be for any of them before it arrives.
 */
function workloadBehind(book: Book, { namespace, name }: ServiceRecord): Workload {
  const [only, ...others] = book.backings.get(keyOf(namespace, name))?.workloads.values() ?? [];
  return others.length === 0 && only?.workload !== undefined
    ? only.workload
    : { kind: 'Service', name, namespace };
}

function addressOf(book: Book, key: string): ServiceAddress | undefined {
  const service = book.services.get(key);
  if (service === undefined || service.addresses.length === 0) return undefined;
  const { namespace, name, addresses } = service;
  return {
    ...{ namespace, name, addresses },
    workload: workloadBehind(book, service),
    ports: portsOf(book, service),
  };
}

/** No Service yet. */
export function createServiceBook(): ServiceBook {
  const book: Book = {
    services: new Map(),
    slices: new Map(),
    backings: new Map(),
    pods: new Map(),
    servicesOfPod: new Map(),
    changed: new Set(),
    looked: 0,
  };
  return {
    put(service) {
      const key = keyOf(service.namespace, service.name);
      book.services.set(key, service);
      book.changed.add(key);
    },
    remove(key) {
      if (book.services.delete(key)) book.changed.add(key);
    },
    putSlice: (slice) => putSlice(book, slice),
    removeSlice(uid) {
      const slice = book.slices.get(uid);
      if (slice !== undefined) book.changed.add(keyOf(slice.namespace, slice.service));
      removeSlice(book, uid);
    },
    setPod: (uid, workload) => setPod(book, uid, workload),
    get: (key) => book.services.get(key),
    addressOf: (key) => addressOf(book, key),
    isBehind: (key, podUid) => book.backings.get(key)?.pods.has(podUid) ?? false,
    touch: (key) => void book.changed.add(key),
    takeChanged() {
      const keys = [...book.changed];
      book.changed.clear();
      return keys;
    },
    looked: () => book.looked,
  };
}
