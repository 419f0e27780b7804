// Objects of a cluster for tests, and sequences of changes as watches could tell them.
import fc from 'fast-check';
import type {
  ClusterChange,
  NodeRecord,
  PodRecord,
  ServiceRecord,
  SliceRecord,
} from '../../../src/core/identity/cluster-objects.ts';
import { createClusterIdentity, type ClusterIdentity } from '../../../src/core/identity/cluster-identity.ts';
import { entryKey, type IdentityEntry } from '../../../src/core/identity/identity-entry.ts';

export const startMs = Date.parse('2026-11-30T12:00:00Z');

/** A running pod of a Deployment; `name` is also that of its workload unless given. */
export function pod(parts: Partial<PodRecord> & { readonly name: string }): PodRecord {
  const namespace = parts.namespace ?? 'shop';
  return {
    uid: `uid-${namespace}-${parts.name}`,
    node: 'node-a',
    addresses: ['10.244.0.7'],
    startMs,
    phase: 'Running',
    hostNetwork: false,
    serviceAccount: parts.name,
    labels: { app: parts.name },
    ports: [8080],
    probes: [],
    workload: { kind: 'Deployment', name: parts.name, namespace },
    ...parts,
    namespace,
  };
}

export const service = (parts: Partial<ServiceRecord> & { readonly name: string }): ServiceRecord => ({
  uid: `uid-service-${parts.name}`,
  namespace: 'shop',
  addresses: ['10.96.0.10'],
  ports: [{ name: 'http', port: 80 }],
  ...parts,
});

export const slice = (
  of: string,
  pods: readonly PodRecord[],
  parts: Partial<SliceRecord> = {},
): SliceRecord => ({
  uid: `uid-slice-${of}`,
  namespace: 'shop',
  service: of,
  ports: [{ name: 'http', port: 8080 }],
  endpoints: pods.map(({ uid, addresses }) => ({ addresses, podUid: uid })),
  ...parts,
});

export const node = (name: string, ...addresses: readonly string[]): NodeRecord => ({ name, addresses });

export function identityOf(changes: readonly ClusterChange[], nowMs = startMs): ClusterIdentity {
  const identity = createClusterIdentity();
  for (const change of changes) identity.apply(change, nowMs);
  return identity;
}

/** What agents would be told of everything, sorted by key. */
export function entriesOf(identity: ClusterIdentity): readonly IdentityEntry[] {
  return identity
    .takeChanges()
    .flatMap(({ entry }) => (entry === undefined ? [] : [entry]))
    .sort((a, b) => (entryKey(a) < entryKey(b) ? -1 : 1));
}

/** Few names and addresses, so that they collide: reuse, conflicts and moves are what it is about. */
const address = fc.nat({ max: 7 }).map((last) => `10.0.0.${last}`);
const podRecord = fc
  .record({
    which: fc.nat({ max: 5 }),
    life: fc.nat({ max: 1 }),
    addresses: fc.array(address, { maxLength: 2 }),
    start: fc.nat({ max: 3 }),
    phase: fc.constantFrom('Pending' as const, 'Running' as const, 'Running' as const, 'Succeeded' as const),
    hostNetwork: fc.nat({ max: 9 }).map((die) => die === 0),
    workload: fc.constantFrom('orders', 'cart'),
    node: fc.constantFrom('a', 'b'),
  })
  .map(({ which, life, start, workload, ...rest }) =>
    pod({
      ...rest,
      name: `p${which}`,
      uid: `p${which}-${life}`,
      startMs: startMs + start * 1_000,
      workload: { kind: 'Deployment', name: workload, namespace: 'shop' },
    }),
  );
const serviceName = fc.constantFrom('s0', 's1');

/** One change of a small cluster. */
export const anyChange: fc.Arbitrary<ClusterChange> = fc.oneof(
  { weight: 5, arbitrary: podRecord.map((one): ClusterChange => ({ type: 'pod', pod: one })) },
  fc
    .record({ which: fc.nat({ max: 5 }), life: fc.nat({ max: 1 }) })
    .map(({ which, life }): ClusterChange => ({
      type: 'pod-gone',
      uid: `p${which}-${life}`,
    })),
  fc
    .record({ name: serviceName, addresses: fc.array(address, { maxLength: 1 }) })
    .map((parts): ClusterChange => ({ type: 'service', service: service(parts) })),
  serviceName.map((name): ClusterChange => ({ type: 'service-gone', namespace: 'shop', name })),
  fc
    .record({
      of: serviceName,
      shard: fc.nat({ max: 1 }),
      pods: fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 1 })), { maxLength: 3 }),
      port: fc.constantFrom(8080, 9090),
    })
    .map(({ of, shard, pods, port }): ClusterChange => ({
      type: 'slice',
      slice: {
        ...slice(of, [], { uid: `${of}-${shard}`, ports: [{ name: 'http', port }] }),
        endpoints: pods.map(([which, life]) => ({ addresses: [], podUid: `p${which}-${life}` })),
      },
    })),
  fc
    .record({ of: serviceName, shard: fc.nat({ max: 1 }) })
    .map(({ of, shard }): ClusterChange => ({ type: 'slice-gone', uid: `${of}-${shard}` })),
  fc
    .record({ name: fc.constantFrom('a', 'b'), addresses: fc.array(address, { maxLength: 2 }) })
    .map((record): ClusterChange => ({ type: 'node', node: record })),
  fc.constantFrom('a', 'b').map((name): ClusterChange => ({ type: 'node-gone', name })),
  fc
    .record({ node: fc.constantFrom('a', 'b'), isThere: fc.boolean() })
    .map((change): ClusterChange => ({ type: 'agent', ...change })),
);

/** The object that a change is about: of one object the order counts. */
export function objectOf(change: ClusterChange): string {
  switch (change.type) {
    case 'pod':
      return `pod ${change.pod.name}`;
    case 'pod-gone':
      return `pod ${change.uid.split('-')[0] ?? ''}`;
    case 'service':
      return `service ${change.service.name}`;
    case 'service-gone':
      return `service ${change.name}`;
    case 'slice':
      return `slice ${change.slice.uid}`;
    case 'slice-gone':
      return `slice ${change.uid}`;
    case 'node':
      return `node ${change.node.name}`;
    case 'node-gone':
      return `node ${change.name}`;
    case 'agent':
      return `agent ${change.node}`;
  }
}

/** The same changes with the objects mixed otherwise; those of one object stay in order. */
export function mixedOtherwise(changes: readonly ClusterChange[]): readonly ClusterChange[] {
  return [...Map.groupBy(changes, objectOf).values()].reverse().flat();
}
