// What an inventory makes of Pod objects, without a cluster: addresses that are given out again, owners, opt-outs, what is kept.
import { expect, test } from 'vitest';
import { readObject, type KubeObject } from '../../../src/io/kube/api/kube-object.ts';
import { inventoryOf } from '../../../src/io/kube/pods/pod-inventory.ts';
import { trimPod, type KnownPod } from '../../../src/io/kube/pods/trim-pod.ts';
import { workloadOfPod, type Owners } from '../../../src/io/kube/pods/workload-of.ts';
import { joinInventories } from '../../../src/core/plan/joined-inventory.ts';
import type { NodeInventory } from '../../../src/core/model/pod.ts';

interface Made {
  readonly name: string;
  readonly ip?: string;
  readonly start?: string;
  readonly phase?: string;
  readonly metadata?: object;
  readonly spec?: object;
}

function objectOf({ name, ip, start, phase = 'Running', metadata, spec }: Made): KubeObject {
  const object = readObject({
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion: '1', ...metadata },
    spec: { nodeName: 'n1', ...spec },
    status: { phase, startTime: start, podIP: ip, podIPs: ip === undefined ? undefined : [{ ip }] },
  });
  if (object === undefined) throw new Error('not an object');
  return object;
}

const optOut = { key: 'apidefense.dev/enrol', value: 'false' };

function pod(made: Made, how = optOut): KnownPod {
  const kept = trimPod(objectOf(made), how);
  if (kept === undefined) throw new Error('not a pod');
  return kept;
}

const inventory = (
  pods: readonly KnownPod[],
  more: Partial<Parameters<typeof inventoryOf>[0]> = {},
): NodeInventory => inventoryOf({ pods, owners: new Map(), optedOut: new Set(), ...more });

const controlled = (kind: string, name: string, apiVersion = 'apps/v1'): object => ({
  ownerReferences: [
    { apiVersion: 'v1', kind: 'Other', name: 'x', uid: 'x' },
    { apiVersion, kind, name, uid: `uid-${name}`, controller: true },
  ],
});

test('an address is that of the pod that started last, and of none that is over', () => {
  const old = pod({ name: 'old', ip: '10.1.0.5', start: '2026-11-30T10:00:00Z' });
  const young = pod({ name: 'young', ip: '::ffff:10.1.0.5', start: '2026-11-30T11:00:00Z' });
  const done = pod({ name: 'done', ip: '10.1.0.5', start: '2026-11-30T12:00:00Z', phase: 'Succeeded' });
  for (const order of [
    [old, young, done],
    [done, young, old],
  ])
    expect(inventory(order).pods.map(({ name, addresses }) => [name, addresses])).toEqual([
      ['young', ['::ffff:10.1.0.5']],
    ]);
});

test('pods on the node’s network share its address, and take none from anybody', () => {
  const proxy = pod({ name: 'proxy', ip: '10.0.0.9', spec: { hostNetwork: true } });
  const dns = pod({ name: 'dns', ip: '10.0.0.9', spec: { hostNetwork: true } });
  expect(
    inventory([proxy, dns]).pods.map(({ name, hostNetwork, addresses }) => [name, hostNetwork, addresses]),
  ).toEqual([
    ['dns', true, ['10.0.0.9']],
    ['proxy', true, ['10.0.0.9']],
  ]);
});

test('who opted out, by its own label or its namespace’s, is known as a peer and not worked in', () => {
  const metadata = { labels: { 'apidefense.dev/enrol': 'false' } };
  const own = pod({ name: 'own', ip: '10.1.0.1', metadata });
  const plain = pod({ name: 'plain', ip: '10.1.0.2' });
  expect(inventory([own, plain])).toMatchObject({
    pods: [{ id: 'shop/plain', uid: 'uid-plain' }],
    peers: [{ id: 'shop/own', enrolled: false, addresses: ['10.1.0.1'] }],
  });
  const all = inventory([own, plain], { optedOut: new Set(['shop']) });
  expect([all.pods.length, all.peers.length]).toEqual([0, 2]);
});

test('which label it is that leaves a pod alone is an option', () => {
  const labels = { 'apidefense.dev/enrol': 'false', 'example.com/alone': 'yes' };
  const made = { name: 'own', ip: '10.1.0.1', metadata: { labels } };
  const left = (key: string, value: string): boolean => pod(made, { key, value }).isOptedOut;
  expect(left('example.com/alone', 'yes')).toBe(true);
  expect([left('example.com/alone', 'no'), left('example.com/other', 'yes')]).toEqual([false, false]);
});

const none: Owners = new Map();

test.each<[string, Made, Owners, string]>([
  ['without a controller it is its own', { name: 'a' }, none, 'Pod/a'],
  ['a static pod is its own', { name: 'a', metadata: controlled('Node', 'n1', 'v1') }, none, 'Pod/a'],
  [
    'a StatefulSet is what it is',
    { name: 'a', metadata: controlled('StatefulSet', 'db') },
    none,
    'StatefulSet/db',
  ],
  [
    'a Deployment’s pod says so before anybody was asked',
    {
      name: 'a',
      metadata: { ...controlled('ReplicaSet', 'web-5d9f'), labels: { 'pod-template-hash': '5d9f' } },
    },
    none,
    'Deployment/web',
  ],
  [
    'a hash that is not the end of the name says nothing',
    { name: 'a', metadata: { ...controlled('ReplicaSet', 'web'), labels: { 'pod-template-hash': '5d9f' } } },
    none,
    'ReplicaSet/web',
  ],
  [
    'the answer goes before the label',
    {
      name: 'a',
      metadata: { ...controlled('ReplicaSet', 'web-5d9f'), labels: { 'pod-template-hash': '5d9f' } },
    },
    new Map([['uid-web-5d9f', { kind: 'Rollout', name: 'canary' }]]),
    'Rollout/canary',
  ],
  [
    'a ReplicaSet that nothing controls is the workload, whatever labels say',
    {
      name: 'a',
      metadata: { ...controlled('ReplicaSet', 'web-5d9f'), labels: { 'pod-template-hash': '5d9f' } },
    },
    new Map([['uid-web-5d9f', null]]),
    'ReplicaSet/web-5d9f',
  ],
  [
    'a CronJob’s Job, once it was asked',
    { name: 'a', metadata: controlled('Job', 'backup-28', 'batch/v1') },
    new Map([['uid-backup-28', { kind: 'CronJob', name: 'backup' }]]),
    'CronJob/backup',
  ],
  [
    'a Job until then',
    { name: 'a', metadata: controlled('Job', 'backup-28', 'batch/v1') },
    none,
    'Job/backup-28',
  ],
])('whose pod it is: %s', (_what, made, owners, workload) => {
  const { kind, name, namespace } = workloadOfPod(pod(made), owners);
  expect(`${kind}/${name}`).toBe(workload);
  expect(namespace).toBe('shop');
});

test('what is kept: TCP ports, ServiceAccount, labels, and what the kubelet checks, with named ports resolved', () => {
  const kept = pod({
    name: 'a',
    ip: '10.1.0.1',
    start: '2026-11-30T10:00:00Z',
    metadata: { labels: { app: 'web' }, annotations: { big: 'x'.repeat(1_000) } },
    spec: {
      serviceAccountName: 'web',
      containers: [
        {
          image: 'x',
          ports: [
            { containerPort: 8080, name: 'http' },
            { containerPort: 53, protocol: 'UDP' },
            { containerPort: 443 },
          ],
          readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
          livenessProbe: { tcpSocket: { port: 443 } },
          startupProbe: { exec: { command: ['true'] } },
        },
      ],
      initContainers: [
        { restartPolicy: 'Always', ports: [{ containerPort: 15001 }] },
        { ports: [{ containerPort: 1 }] },
      ],
    },
  });
  expect(kept).toEqual({
    ...{ uid: 'uid-a', namespace: 'shop', name: 'a', hostNetwork: false, isOver: false, isOptedOut: false },
    ...{ startMs: Date.parse('2026-11-30T10:00:00Z'), addresses: ['10.1.0.1'], serviceAccount: 'web' },
    ...{ labels: { app: 'web' }, ports: [443, 8080, 15001] },
    probes: [
      { purpose: 'liveness', type: 'tcp', port: 443 },
      { purpose: 'readiness', type: 'http', port: 8080, path: '/ready' },
    ],
  });
});

test('what is here goes before what is said of it elsewhere, and a change of either is told', () => {
  const here = inventory([pod({ name: 'a', ip: '10.1.0.1' })]);
  const peer = { ...inventory([pod({ name: 'b', ip: '10.1.0.2' })]).pods[0]!, enrolled: true };
  const same = { ...here.pods[0]!, enrolled: true };
  let [tellLocal, tellRemote] = [(): void => undefined, (): void => undefined];
  let peers = [peer, same];
  const joined = joinInventories(
    {
      current: () => here,
      onChange: (listener) => ((tellLocal = listener), () => undefined),
      close: () => undefined,
    },
    {
      current: () => ({ peers, services: [] }),
      onChange: (listener) => ((tellRemote = listener), () => undefined),
      close: () => undefined,
    },
  );
  let told = 0;
  joined.onChange(() => (told += 1));
  expect(joined.current().peers.map(({ id }) => id)).toEqual(['shop/b']);
  expect(joined.current()).toBe(joined.current());
  peers = [];
  tellRemote();
  expect(joined.current().peers).toEqual([]);
  tellLocal();
  expect(told).toBe(2);
});
