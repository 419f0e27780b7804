// What the hub keeps of Services, slices, nodes and policies, from objects as an API server sends them.
import { expect, test } from 'vitest';
import { readObject, type KubeObject } from '../../../src/io/kube/api/kube-object.ts';
import { kinds } from '../../../src/io/kube/api/resource-kind.ts';
import {
  trimClusterPod,
  trimNode,
  trimService,
  trimSlice,
} from '../../../src/io/kube/cluster/trim-cluster.ts';
import { trimJudged } from '../../../src/io/kube/policies/policy-status-object.ts';

const optOut = { key: 'apidefense.dev/enrol', value: 'false' };

function object(metadata: object, fields: object = {}): KubeObject {
  const read = readObject({ metadata: { name: 'x', namespace: 'shop', uid: 'u', ...metadata }, ...fields });
  if (read === undefined) throw new Error('not an object');
  return read;
}

test('a Service keeps its addresses and TCP ports; a headless one has none', () => {
  const ports = [
    { name: 'http', port: 80, protocol: 'TCP' },
    { name: 'dns', port: 53, protocol: 'UDP' },
  ];
  const spec = { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', 'fd00::1'], ports };
  expect(trimService(object({}, { spec }))).toEqual({
    ...{ uid: 'u', namespace: 'shop', name: 'x', addresses: ['10.96.0.1', 'fd00::1'] },
    ports: [{ name: 'http', port: 80 }],
  });
  expect(trimService(object({}, { spec: { clusterIP: 'None' } }))).toMatchObject({
    addresses: [],
    ports: [],
  });
});

test('a slice names its Service and the pods behind it; one of nobody is left out', () => {
  const fields = {
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: [
      { addresses: ['10.0.0.1'], targetRef: { kind: 'Pod', uid: 'p1' } },
      { addresses: ['192.0.2.1'], targetRef: { kind: 'Node', uid: 'n' } },
    ],
  };
  expect(trimSlice(object({ labels: { 'kubernetes.io/service-name': 'web' } }, fields))).toEqual({
    ...{ uid: 'u', namespace: 'shop', service: 'web', ports: [{ name: '', port: 8080 }] },
    endpoints: [{ addresses: ['10.0.0.1'], podUid: 'p1' }, { addresses: ['192.0.2.1'] }],
  });
  expect(trimSlice(object({}, fields))).toBeUndefined();
});

test('a node keeps addresses and no host names; a pod keeps its node and phase', () => {
  const addresses = [
    { type: 'InternalIP', address: '10.1.0.1' },
    { type: 'Hostname', address: 'n1' },
  ];
  expect(trimNode(object({ name: 'n1' }, { status: { addresses } }))).toEqual({
    name: 'n1',
    addresses: ['10.1.0.1'],
  });
  const fields = { spec: { nodeName: 'n1' }, status: { phase: 'Running' } };
  expect(trimClusterPod(object({}, fields), optOut)).toMatchObject({ node: 'n1', phase: 'Running' });
  expect(trimClusterPod(object({}, { spec: {}, status: { phase: 'New' } }), optOut)).toMatchObject({
    node: '',
    phase: 'Unknown',
  });
});

test('of a policy its mode, end and standing conditions are kept, of one that is being deleted nothing', () => {
  const trim = trimJudged(kinds.flowPolicies);
  const standing = {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'm',
    observedGeneration: 2,
    lastTransitionTime: 't',
  };
  const fields = {
    spec: { mode: 'Shadow', expiresAt: '2026-11-30T10:00:00Z' },
    status: { conditions: [standing, { type: 'Foreign', status: 'True' }] },
  };
  expect(trim(object({ generation: 2 }, fields))).toMatchObject({
    ...{ uid: 'u', name: 'shop/x', generation: 2, mode: 'Shadow', before: [standing] },
    expiresAtMs: Date.parse('2026-11-30T10:00:00Z'),
  });
  expect(trim(object({ deletionTimestamp: 't' }, fields))).toBeUndefined();
});
