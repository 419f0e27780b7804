// The way out: order, what stays and why, and what speaks against "nothing is left".
import { expect, test } from 'vitest';
import { installStages } from '../../../../src/core/install/install-stages.ts';
import { objectName, type KubeObject } from '../../../../src/core/install/kube-object.ts';
import {
  leftSentences,
  planUninstall,
  type Found,
} from '../../../../src/core/install/plan/uninstall-plan.ts';
import { defaults, objectsOf } from '../samples.ts';

const ours = objectsOf(installStages(defaults));
const policy: KubeObject = {
  apiVersion: 'apidefense.dev/v1alpha1',
  kind: 'FlowPolicy',
  metadata: { name: 'block', namespace: 'shop' },
};
const local = (kind: string, name: string, more = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: defaults.namespace, ...more },
});
const usual = [
  local('ConfigMap', 'kube-root-ca.crt'),
  local('ServiceAccount', 'default'),
  local('Event', 'e'),
  local('ReplicaSet', 'hub-1', { ownerReferences: [{ kind: 'Deployment' }] }),
];
const found: Found = {
  ours,
  policies: [policy],
  inNamespace: [...usual, ...ours.filter(({ metadata }) => 'namespace' in metadata)],
};

test('the API goes first, agents before hub, the namespace last; policies and definitions stay, in words', () => {
  const { steps, kept } = planUninstall(found, { purge: false });
  expect(steps.map(({ name }) => name)).toEqual([
    'aggregated-api',
    'agents',
    'hub',
    'local',
    'rights',
    'namespace',
  ]);
  expect(kept).toEqual(['1 policy and its definition stay, without effect: --purge removes them.']);
});

test('every object of an installation has its step, once', () => {
  const gone = planUninstall(found, { purge: true }).steps.flatMap(({ objects }) => objects.map(objectName));
  expect(gone.toSorted()).toEqual([...ours, policy].map(objectName).toSorted());
});

test('with purge policies go before their definitions, and nothing is kept', () => {
  const { steps, kept } = planUninstall(found, { purge: true });
  const names = steps.map(({ name }) => name);
  expect(names.indexOf('policies')).toBeLessThan(names.indexOf('definitions'));
  expect(kept).toEqual([]);
});

test('a namespace with what is not ours stays, and says with what', () => {
  const { steps, kept } = planUninstall(
    { ...found, inNamespace: [...usual, local('Deployment', 'theirs')] },
    { purge: true },
  );
  expect(steps.map(({ name }) => name)).not.toContain('namespace');
  expect(kept).toEqual([
    'The namespace apidefense-system stays, since it holds what is not ours: Deployment apidefense-system/theirs.',
  ]);
});

test('nothing left is proved by absence, by every agent’s end and by the groups that are served', () => {
  expect(
    leftSentences({ present: [], agents: [{ node: 'n1', pod: 'a', status: 0 }], groups: ['apps'] }),
  ).toEqual([]);
  const left = leftSentences({
    present: [policy],
    agents: [
      { node: 'n1', pod: 'a', status: 0 },
      { node: 'n2', pod: 'b', status: 137 },
      { node: 'n3', pod: 'c', status: undefined },
    ],
    groups: ['live.apidefense.dev'],
  });
  expect(left).toEqual([
    'FlowPolicy shop/block is still there.',
    expect.stringMatching(/^The agent b on n2 did not confirm .*ended with status 137\./),
    expect.stringMatching(/^The agent c on n3 did not confirm .*nobody saw how it ended\./),
    'The API server still serves the group live.apidefense.dev.',
  ]);
});
