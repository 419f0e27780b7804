// The way out: order, what stays and why, and what speaks against "nothing is left".
import { expect, test } from 'vitest';
import { installStages } from '../../../../src/core/install/install-stages.ts';
import { objectName, type KubeObject } from '../../../../src/core/install/kube-object.ts';
import {
  leftSentences,
  planUninstall,
  provedSentences,
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

test('a policy in that namespace keeps it, unless policies go too', () => {
  const theirs = local('FlowPolicy', 'mine');
  const seen = { ...found, policies: [theirs], inNamespace: [...usual, theirs] };
  expect(planUninstall(seen, { purge: false }).kept.join(' ')).toContain('FlowPolicy apidefense-system/mine');
  const { steps, kept } = planUninstall(seen, { purge: true });
  expect(steps.at(-1)?.name).toBe('namespace');
  expect(kept).toEqual([]);
});

test('a namespace into which nobody could look stays, and says of which kinds nothing is known', () => {
  const { steps, kept } = planUninstall({ ...found, unseen: ['widgets.example.com'] }, { purge: true });
  expect(steps.map(({ name }) => name)).not.toContain('namespace');
  expect(kept).toEqual([
    'The namespace apidefense-system stays, since nobody could look whether it holds what is not ours: widgets.example.com.',
  ]);
});

test('the proof says what was looked for, and that without agents nobody spoke for the nodes', () => {
  const looked = { objects: 1, places: 18, namespace: 'a' };
  const agents = ['n2', 'n1'].map((node) => ({ node, pod: node, status: 0 }));
  expect(provedSentences({ ...looked, agents })).toEqual([
    'Looked for and not found: 1 object by name, anything with the label apidefense.dev/installation=a in 18 places, the API group live.apidefense.dev.',
    '2 agents ended with status 0, having taken back every rule, route, socket and setting: n1, n2.',
  ]);
  expect(provedSentences({ ...looked, agents: [] })[1]).toMatch(/^No agent ran when this began/);
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
