// Who an address is: pods by their start and end, nodes, Services; what cannot be told is unknown; one change costs what it touches.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createClusterIdentity } from '../../../src/core/identity/cluster-identity.ts';
import type { ClusterChange } from '../../../src/core/identity/cluster-objects.ts';
import { peerOfHolder } from '../../../src/core/identity/peer-of-holder.ts';
import {
  anyChange,
  entriesOf,
  identityOf,
  mixedOtherwise,
  objectOf,
  node,
  pod,
  service,
  slice,
  startMs,
} from './build.ts';

const orders = pod({ name: 'orders', addresses: ['10.244.0.7'] });
const cart = pod({ name: 'cart', addresses: ['10.244.0.8'] });
const podChange = (one: ReturnType<typeof pod>): ClusterChange => ({ type: 'pod', pod: one });
const second = 1_000;

test('an address is its pod, with workload, ServiceAccount and labels', () => {
  const holder = identityOf([podChange(orders)]).holder('10.244.0.7');
  expect(peerOfHolder(holder)).toEqual({
    workload: { kind: 'Deployment', name: 'orders', namespace: 'shop' },
    principal: 'sa:shop/orders',
    assurance: 'ip',
    labels: { app: 'orders' },
  });
});

test('nobody has an address that nobody claims', () => {
  expect(identityOf([podChange(orders)]).holder('10.244.0.9')).toEqual({ type: 'unknown', why: 'nobody' });
  expect(peerOfHolder({ type: 'unknown', why: 'nobody' })).toBeUndefined();
});

test('of two living pods with one address the later start has it', () => {
  const newer = pod({ name: 'newer', startMs: startMs + second });
  for (const changes of [
    [podChange(orders), podChange(newer)],
    [podChange(newer), podChange(orders)],
  ])
    expect(identityOf(changes).holder('10.244.0.7')).toMatchObject({ type: 'pod', pod: { name: 'newer' } });
});

test('two that started in the same second are a conflict, and neither is told to agents with that address', () => {
  const rival = pod({ name: 'rival' });
  const identity = identityOf([podChange(orders), podChange(rival)]);
  expect(identity.holder('10.244.0.7')).toEqual({ type: 'unknown', why: 'conflict' });
  expect(entriesOf(identity)).toEqual([]);
  identity.apply({ type: 'pod-gone', uid: rival.uid }, startMs);
  expect(entriesOf(identity)).toMatchObject([{ name: 'orders', addresses: ['10.244.0.7'] }]);
});

test('a terminated pod has no address, whatever its status still says', () => {
  const done = pod({ name: 'job', phase: 'Succeeded', startMs: startMs + second });
  const identity = identityOf([podChange(done)]);
  expect(identity.holder('10.244.0.7')).toEqual({ type: 'unknown', why: 'nobody' });
  identity.apply(podChange(orders), startMs);
  expect(identity.holder('10.244.0.7')).toMatchObject({ pod: { name: 'orders' } });
});

test('a flow of a pod that is gone is still named, and one after its end is not', () => {
  const identity = identityOf([podChange(orders)]);
  identity.apply({ type: 'pod-gone', uid: orders.uid }, startMs + 60 * second);
  expect(identity.holder('10.244.0.7')).toEqual({ type: 'unknown', why: 'nobody' });
  expect(identity.holderAt('10.244.0.7', startMs + 59 * second)).toMatchObject({
    pod: { name: 'orders' },
    isLiving: false,
  });
  expect(identity.holderAt('10.244.0.7', startMs + 70 * second)).toMatchObject({ type: 'unknown' });
  expect(identity.holderAt('10.244.0.7', startMs - 10 * second)).toMatchObject({ type: 'unknown' });
});

test('an address that was given again is the pod of the moment', () => {
  const identity = identityOf([podChange(orders)]);
  identity.apply({ type: 'pod-gone', uid: orders.uid }, startMs + 60 * second);
  const next = pod({ name: 'next', startMs: startMs + 61 * second });
  identity.apply(podChange(next), startMs + 62 * second);
  const nameAt = (atMs: number): unknown => {
    const holder = identity.holderAt('10.244.0.7', atMs);
    return holder.type === 'pod' ? holder.pod.name : holder.type;
  };
  expect([nameAt(startMs + 59 * second), nameAt(startMs + 61 * second)]).toEqual(['orders', 'next']);
});

test('the dead are forgotten after their time, and more of them than the bound at once', () => {
  const identity = createClusterIdentity({ tombstoneMs: 60 * second, tombstones: 3, slackMs: 0 });
  for (let at = 0; at < 5; at += 1) {
    const one = pod({ name: `p${at}`, addresses: [`10.0.0.${at}`] });
    identity.apply(podChange(one), startMs);
    identity.apply({ type: 'pod-gone', uid: one.uid }, startMs + at);
  }
  expect(identity.tombstones()).toBe(3);
  expect(identity.holderAt('10.0.0.1', startMs)).toMatchObject({ type: 'unknown' });
  expect(identity.holderAt('10.0.0.4', startMs)).toMatchObject({ pod: { name: 'p4' } });
  identity.apply(podChange(orders), startMs + 70 * second);
  expect(identity.tombstones()).toBe(0);
  expect(identity.holderAt('10.0.0.4', startMs)).toMatchObject({ type: 'unknown' });
});

test('a pod of the same name with another UID ends the one before', () => {
  const again = { ...orders, uid: 'uid-again', addresses: ['10.244.0.9'] };
  const identity = identityOf([podChange(orders), podChange(again)]);
  expect(identity.holder('10.244.0.7')).toMatchObject({ type: 'unknown' });
  expect(identity.podUids()).toEqual(['uid-again']);
});

test('pods in the network of their node are the node, and never one pod', () => {
  const proxy = pod({ name: 'proxy', hostNetwork: true, addresses: ['192.168.0.2'] });
  const identity = identityOf([podChange(proxy), { type: 'node', node: node('node-a', '192.168.0.2') }]);
  expect(identity.holder('192.168.0.2')).toEqual({ type: 'host', node: 'node-a' });
  expect(peerOfHolder(identity.holder('192.168.0.2'))?.principal).toBe('host:node-a');
  expect(entriesOf(identity).map(({ type }) => type)).toEqual(['node']);
});

test('a pod whose status claims the address of a node does not get it', () => {
  const liar = pod({ name: 'liar', addresses: ['192.168.0.2', '10.244.0.4'] });
  const identity = identityOf([{ type: 'node', node: node('node-a', '192.168.0.2') }, podChange(liar)]);
  expect(identity.holder('192.168.0.2')).toEqual({ type: 'host', node: 'node-a' });
  expect(entriesOf(identity)).toMatchObject([{ type: 'node' }, { addresses: ['10.244.0.4'] }]);
});

test('a Service is the one workload behind it', () => {
  const identity = identityOf([
    podChange(orders),
    { type: 'service', service: service({ name: 'orders' }) },
    { type: 'slice', slice: slice('orders', [orders]) },
  ]);
  expect(entriesOf(identity)).toContainEqual({
    ...{ type: 'service', namespace: 'shop', name: 'orders', addresses: ['10.96.0.10'] },
    workload: { kind: 'Deployment', name: 'orders' },
    ports: [{ port: 80, targetPort: 8080 }],
  });
  expect(identity.isBehind('10.96.0.10', '10.244.0.7', startMs)).toBe(true);
  expect(identity.isBehind('10.96.0.10', '10.244.0.8', startMs)).toBe(false);
});

test('a Service before several workloads is itself, and one workload again when the others have left', () => {
  const both: ClusterChange[] = [
    podChange(orders),
    podChange(cart),
    { type: 'service', service: service({ name: 'mixed' }) },
    { type: 'slice', slice: slice('mixed', [orders, cart]) },
  ];
  const identity = identityOf(both);
  const told = (): unknown =>
    entriesOf(identity).flatMap((entry) => (entry.type === 'service' ? [entry.workload] : []));
  expect(told()).toEqual([{ kind: 'Service', name: 'mixed' }]);
  identity.apply({ type: 'slice', slice: slice('mixed', [cart]) }, startMs);
  expect(told()).toEqual([{ kind: 'Deployment', name: 'cart' }]);
  identity.apply({ type: 'pod-gone', uid: cart.uid }, startMs);
  expect(told()).toEqual([{ kind: 'Service', name: 'mixed' }]);
});

test('an endpoint that is no pod leaves its Service itself', () => {
  const byHand = slice('orders', [orders]);
  const endpoints = [...byHand.endpoints, { addresses: ['203.0.113.5'] }];
  const identity = identityOf([
    podChange(orders),
    { type: 'service', service: service({ name: 'orders' }) },
    { type: 'slice', slice: { ...byHand, endpoints } },
  ]);
  expect(entriesOf(identity)).toContainEqual(
    expect.objectContaining({ type: 'service', workload: { kind: 'Service', name: 'orders' } }),
  );
});

test('a headless Service has no address and is not told', () => {
  const identity = identityOf([
    podChange(orders),
    { type: 'service', service: service({ name: 'orders', addresses: [] }) },
    { type: 'slice', slice: slice('orders', [orders]) },
  ]);
  expect(entriesOf(identity).map(({ type }) => type)).toEqual(['pod']);
});

test('a readiness that flips tells nothing anew', () => {
  const identity = identityOf([
    podChange(orders),
    { type: 'service', service: service({ name: 'orders' }) },
    { type: 'slice', slice: slice('orders', [orders]) },
  ]);
  identity.takeChanges();
  const before = identity.work();
  identity.apply({ type: 'slice', slice: slice('orders', [orders]) }, startMs);
  expect(identity.work() - before).toBeLessThan(10);
  expect(identity.takeChanges().length).toBeLessThanOrEqual(1);
});

test('IPv6 has one spelling', () => {
  const six = pod({ name: 'six', addresses: ['FD00:0:0::7'] });
  const identity = identityOf([podChange(six)]);
  expect(identity.holder('fd00::7')).toMatchObject({ pod: { name: 'six' } });
  expect(entriesOf(identity)).toMatchObject([{ addresses: ['fd00::7'] }]);
});

/** The last word on each object: what a listing would show. */
function listing(changes: readonly ClusterChange[]): readonly ClusterChange[] {
  const last = new Map<string, ClusterChange>();
  for (const change of changes) {
    if (change.type === 'pod-gone') {
      const key = `pod ${change.uid.split('-')[0] ?? ''}`;
      const standing = last.get(key);
      if (standing?.type === 'pod' && standing.pod.uid === change.uid) last.delete(key);
    } else {
      last.set(objectOf(change), change);
    }
  }
  return [...last.values()];
}

test('what agents are told is the same after any changes as from a listing, and in any order of objects', () => {
  fc.assert(
    fc.property(fc.array(anyChange, { maxLength: 60 }), (changes) => {
      const told = entriesOf(identityOf(changes));
      expect(entriesOf(identityOf(mixedOtherwise(changes)))).toEqual(told);
      expect(entriesOf(identityOf(listing(changes)))).toEqual(told);
    }),
    { numRuns: 500 },
  );
});

test('changes that are taken as they come add up to the same', () => {
  fc.assert(
    fc.property(fc.array(anyChange, { maxLength: 40 }), (changes) => {
      const identity = createClusterIdentity();
      const known = new Map<string, unknown>();
      for (const change of changes) {
        identity.apply(change, startMs);
        for (const { key, entry } of identity.takeChanges()) {
          if (entry === undefined) known.delete(key);
          else known.set(key, entry);
        }
      }
      expect([...known.values()].map((entry) => JSON.stringify(entry)).sort()).toEqual(
        entriesOf(identityOf(changes))
          .map((entry) => JSON.stringify(entry))
          .sort(),
      );
    }),
    { numRuns: 300 },
  );
});

/** `size` pods, 20 a workload, each workload behind a Service of slices of 100. */
function cluster(size: number): {
  readonly identity: ReturnType<typeof createClusterIdentity>;
  readonly last: ReturnType<typeof pod>;
} {
  const identity = createClusterIdentity();
  const pods = Array.from({ length: size }, (_, at) =>
    pod({
      name: `w${Math.floor(at / 20)}-${at}`,
      workload: { kind: 'Deployment', name: `w${Math.floor(at / 20)}`, namespace: 'shop' },
      addresses: [`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`],
      node: `node-${at % 500}`,
    }),
  );
  for (const one of pods) identity.apply(podChange(one), startMs);
  // One Service before everything: the worst that a pod can be behind.
  identity.apply({ type: 'service', service: service({ name: 'all' }) }, startMs);
  for (let at = 0; at < size; at += 100)
    identity.apply(
      { type: 'slice', slice: slice('all', pods.slice(at, at + 100), { uid: `all-${at}` }) },
      startMs,
    );
  identity.takeChanges();
  return { identity, last: pods[size - 1]! };
}

test('one pod that changes, comes or goes costs the same among 1,000 and among 10,000', () => {
  const costs = [1_000, 10_000].map((size) => {
    const { identity, last } = cluster(size);
    const steps: (readonly [number, number])[] = [];
    const measure = (change: ClusterChange): void => {
      const before = identity.work();
      identity.apply(change, startMs);
      const told = identity.takeChanges().length;
      steps.push([identity.work() - before, told]);
    };
    measure(podChange({ ...last, labels: { app: 'other' } }));
    measure(podChange({ ...last, addresses: ['10.9.9.9'] }));
    measure({ type: 'pod-gone', uid: last.uid });
    measure(podChange(pod({ name: 'fresh', addresses: ['10.9.9.8'] })));
    return steps;
  });
  expect(costs[0]).toEqual(costs[1]);
  for (const [work, told] of costs[0]!) {
    expect(work).toBeLessThanOrEqual(20);
    expect(told).toBeLessThanOrEqual(2);
  }
});
