// Custom resources as policies, and whose they are: no cluster is asked.
import { expect, test } from 'vitest';
import { AppError } from '../../../src/core/model/app-error.ts';
import { readObject, type KubeObject } from '../../../src/io/kube/api/kube-object.ts';
import { refuseManaged } from '../../../src/io/kube/policies/managed-by.ts';
import { kinds } from '../../../src/io/kube/api/resource-kind.ts';
import {
  addressOf,
  readClusterPolicyObject,
  readPolicyObject,
} from '../../../src/io/kube/policies/policy-object.ts';

const spec = {
  mode: 'Enforce',
  from: { scope: 'All' },
  to: { peers: [{ workload: { kind: 'Deployment', name: 'web' } }] },
  action: { type: 'Block' },
};

function objectOf(more: object = {}, metadata: object = {}): KubeObject {
  const object = readObject({
    apiVersion: 'apidefense.dev/v1alpha1',
    kind: 'FlowPolicy',
    metadata: { name: 'a', namespace: 'shop', uid: 'u', resourceVersion: '1', generation: 3, ...metadata },
    spec,
    status: { conditions: [] },
    ...more,
  });
  if (object === undefined) throw new Error('not an object');
  return object;
}

test('what the API server and kubectl add is not part of a policy', () => {
  const note = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'apidefense.dev/author': 'ann' };
  const { read, title, name } = readPolicyObject(
    objectOf({}, { annotations: note, managedFields: [{}], creationTimestamp: 'x', finalizers: ['x'] }),
  );
  expect([title, name]).toEqual(['FlowPolicy shop/a', 'shop/a']);
  expect(read.ok && read.policy).toEqual({
    apiVersion: 'apidefense.dev/v1alpha1',
    kind: 'FlowPolicy',
    metadata: { name: 'a', namespace: 'shop', annotations: { 'apidefense.dev/author': 'ann' } },
    spec,
  });
});

test.each([
  [
    'a field',
    objectOf({ spec: { ...spec, budget: 3 } }),
    'POLICY_UNKNOWN_FIELD',
    /^FlowPolicy shop\/a, spec\.budget: .*"budget"/,
  ],
  ['a field beside spec', objectOf({ more: {} }), 'POLICY_UNKNOWN_FIELD', /^FlowPolicy shop\/a, more: /],
  [
    'a mode',
    objectOf({ spec: { ...spec, mode: 'Warn' } }),
    'POLICY_UNKNOWN_MODE',
    /^FlowPolicy shop\/a, spec\.mode: /,
  ],
  ['a version', objectOf({ apiVersion: 'apidefense.dev/v9' }), 'POLICY_INVALID_VALUE', /apiVersion/],
])('%s that is not known rejects the object and says so', (_what, object, code, message) => {
  const { read } = readPolicyObject(object);
  expect(read.ok ? undefined : read.rejection).toMatchObject({
    file: 'FlowPolicy shop/a',
    code,
    message: expect.stringMatching(message) as string,
  });
});

test('a ClusterFlowPolicy is read as strictly, under the name of its kind, and each of its peers says its namespace', () => {
  const peers = [{ workload: { kind: 'Deployment', name: 'web', namespace: 'shop' } }];
  const cluster = (more: object): ReturnType<typeof readClusterPolicyObject> =>
    readClusterPolicyObject(
      objectOf(
        { kind: 'ClusterFlowPolicy', spec: { ...spec, to: { peers }, ...more } },
        { namespace: undefined },
      ),
    );
  const codeOf = ({ read }: ReturnType<typeof cluster>): string => (read.ok ? '' : read.rejection.code);
  const { title, name, read } = cluster({});
  expect([title, name]).toEqual(['ClusterFlowPolicy a', 'ClusterFlowPolicy/a']);
  expect(read.ok && read.policy).toMatchObject({ kind: 'ClusterFlowPolicy', metadata: { name: 'a' } });
  expect(codeOf(cluster({ mode: 'Warn' }))).toBe('POLICY_UNKNOWN_MODE');
  expect(codeOf(cluster({ to: spec.to }))).toBe('POLICY_INVALID_VALUE');
});

test('the kind is that of the collection: a namespaced object gains nothing by calling itself cluster-wide', () => {
  const { read, name } = readPolicyObject(objectOf({ kind: 'ClusterFlowPolicy' }));
  expect(name).toBe('shop/a');
  expect(read.ok && read.policy.kind).toBe('FlowPolicy');
  const foreign = { peers: [{ workload: { name: 'ledger', namespace: 'pay' } }] };
  const refused = readPolicyObject(objectOf({ kind: 'ClusterFlowPolicy', spec: { ...spec, to: foreign } }));
  expect(!refused.read.ok && refused.read.rejection.code).toBe('POLICY_FOREIGN_DESTINATION');
});

test('a name leads back to where its object is kept', () => {
  expect(addressOf('shop/a')).toEqual({
    resource: kinds.flowPolicies,
    object: { namespace: 'shop', name: 'a' },
  });
  expect(addressOf('ClusterFlowPolicy/a')).toEqual({
    resource: kinds.clusterFlowPolicies,
    object: { name: 'a' },
  });
});

const managers = (...names: string[]): object => ({ managedFields: names.map((manager) => ({ manager })) });

test.each<[object, string]>([
  [
    { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apidefense.dev/FlowPolicy:shop/a' } },
    'Argo CD (application shop)',
  ],
  [{ labels: { 'argocd.argoproj.io/instance': 'shop' } }, 'Argo CD (application shop)'],
  [managers('kubectl', 'argocd-controller'), 'Argo CD'],
  [
    {
      labels: {
        'kustomize.toolkit.fluxcd.io/name': 'apps',
        'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
      },
    },
    'Flux (Kustomization apps in namespace flux-system)',
  ],
  [
    { labels: { 'app.kubernetes.io/managed-by': 'Helm', 'helm.toolkit.fluxcd.io/name': 'shop' } },
    'Flux (HelmRelease shop)',
  ],
  [managers('kustomize-controller'), 'Flux'],
  [
    { annotations: { 'meta.helm.sh/release-name': 'shop', 'meta.helm.sh/release-namespace': 'shop' } },
    'Helm (release shop in namespace shop)',
  ],
  [{ labels: { 'app.kubernetes.io/managed-by': 'Helm' } }, 'Helm'],
])('an object that a tool keeps is not written directly: %j', (metadata, who) => {
  const { meta } = objectOf({}, metadata);
  let told: unknown;
  try {
    refuseManaged('FlowPolicy shop/a', meta);
  } catch (error) {
    told = error;
  }
  expect(told).toBeInstanceOf(AppError);
  expect(told).toMatchObject({
    code: 'POLICY_MANAGED',
    message: `The FlowPolicy shop/a is kept by ${who}, which would undo a direct change, so nothing was written.`,
    hint: expect.stringMatching(/: "-o yaml" prints the object to put there\.$/) as string,
  });
});

test('kubectl, our own manager and an instance label alone are nobody’s claim', () => {
  const { meta } = objectOf(
    {},
    {
      ...managers('kubectl-client-side-apply', 'kubectl-api-defense'),
      labels: { 'app.kubernetes.io/instance': 'x' },
    },
  );
  expect(() => refuseManaged('FlowPolicy shop/a', meta)).not.toThrow();
});
