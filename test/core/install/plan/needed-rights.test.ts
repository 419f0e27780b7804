// The rights that an installation takes, and the sentences that name what is missing.
import { expect, test } from 'vitest';
import { installStages } from '../../../../src/core/install/install-stages.ts';
import {
  installNeeds,
  searchedKinds,
  uninstallNeeds,
} from '../../../../src/core/install/plan/needed-rights.ts';
import {
  missingLines,
  missingNeeds,
  rightKey,
  rightsToAsk,
  type Right,
  type RightAnswers,
} from '../../../../src/core/install/plan/rights.ts';
import { defaults, objectsOf } from '../samples.ts';

const stages = installStages(defaults);
const needs = installNeeds(stages, defaults.namespace);

/** Asks until nothing is left to ask, as the adapter does. */
function ask(may: (right: Right) => boolean): { readonly answers: RightAnswers; readonly asked: number } {
  const answers = new Map<string, boolean>();
  for (let rights = rightsToAsk(needs, answers); rights.length > 0; rights = rightsToAsk(needs, answers))
    for (const right of rights) answers.set(rightKey(right), may(right));
  return { answers, asked: answers.size };
}

const lines = (may: (right: Right) => boolean): readonly string[] =>
  missingLines(missingNeeds(needs, ask(may).answers));

test('who may everything lacks nothing, and is not asked about what roles give', () => {
  expect(lines(() => true)).toEqual([]);
  expect(ask(() => true).asked).toBeLessThan(needs.length + 1);
  expect(ask(() => false).asked).toBeGreaterThan(ask(() => true).asked);
});

test('every object of the stages takes get, patch and create by its name', () => {
  for (const { kind, metadata } of objectsOf(stages)) {
    const verbs = needs
      .filter(
        ({ right, orAll }) =>
          orAll === undefined && right.name === metadata.name && right.namespace === metadata.namespace,
      )
      .map(({ right }) => right.verb);
    expect(verbs, `${kind} ${metadata.name}`).toEqual(expect.arrayContaining(['get', 'patch', 'create']));
    expect(searchedKinds).toContain(kind);
  }
});

test('what is missing is named: verbs, resource, place, names', () => {
  expect(
    lines(({ resource, verb }) => !(resource === 'customresourcedefinitions' && verb !== 'get')),
  ).toEqual([
    'patch and create customresourcedefinitions.apiextensions.k8s.io in the whole cluster: flowpolicies.apidefense.dev',
    'list customresourcedefinitions.apiextensions.k8s.io in the whole cluster',
  ]);
  expect(lines(({ resource }) => resource !== 'secrets')).toEqual([
    'get, patch and create secrets in the namespace apidefense-system: apidefense-ca',
    'list secrets in the namespace apidefense-system',
  ]);
});

test('who may neither escalate nor bind must hold what roles give, and does so without further ado if he holds it', () => {
  const noGiving = ({ verb }: Right): boolean => verb !== 'escalate' && verb !== 'bind';
  expect(lines(noGiving)).toEqual([]);
  const found = lines((right) => noGiving(right) && right.resource !== 'bodies');
  expect(found).toEqual([
    'escalate clusterroles.rbac.authorization.k8s.io in the whole cluster: apidefense-revealer (or to hold every right that these give)',
  ]);
});

test('a binding asks for what the bound role gives, also for the one that Kubernetes made', () => {
  const proxy = needs.filter(({ right }) => right.verb === 'bind' && right.namespace === 'kube-system');
  expect(proxy).toEqual([
    {
      right: {
        verb: 'bind',
        group: 'rbac.authorization.k8s.io',
        resource: 'roles',
        namespace: 'kube-system',
        name: 'extension-apiserver-authentication-reader',
      },
      orAll: ['get', 'list', 'watch'].map((verb) => ({
        verb,
        group: '',
        resource: 'configmaps',
        namespace: 'kube-system',
        name: 'extension-apiserver-authentication',
      })),
    },
  ]);
  const bindings = objectsOf(stages).filter(({ kind }) => kind.endsWith('Binding'));
  expect(needs.filter(({ right }) => right.verb === 'bind')).toHaveLength(bindings.length);
});

test('removal takes get and delete of what was found, policies too', () => {
  const found = [
    ...objectsOf(stages),
    { apiVersion: 'apidefense.dev/v1alpha1', kind: 'FlowPolicy', metadata: { name: 'a', namespace: 'shop' } },
  ];
  const missing = missingNeeds(uninstallNeeds(found, 'apidefense-system'), new Map());
  expect(missingLines(missing)).toContain(
    'get and delete flowpolicies.apidefense.dev in the namespace shop: a',
  );
  expect(missingLines(missing)).toContain(
    'get and delete daemonsets.apps in the namespace apidefense-system: apidefense-agent',
  );
});
