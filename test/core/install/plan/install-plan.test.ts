// The plan of an installation from answers of the API server, and how it reads.
import { expect, test } from 'vitest';
import { installStages } from '../../../../src/core/install/install-stages.ts';
import { objectName, type KubeObject } from '../../../../src/core/install/kube-object.ts';
import { installationLabel, managedByLabel } from '../../../../src/core/install/names.ts';
import { allChanges, planInstall, type Answer } from '../../../../src/core/install/plan/install-plan.ts';
import { planLines, planSum } from '../../../../src/core/install/plan/plan-sentences.ts';
import { defaults, objectsOf } from '../samples.ts';

const stages = installStages(defaults);
const wanted = objectsOf(stages);
const standing = new Map<string, Answer>(
  wanted.map((object) => [objectName(object), { type: 'live', live: object, dryRun: object }]),
);
const agents = wanted.find(({ kind }) => kind === 'DaemonSet')!;

/** Everything stands, but one object is answered so. */
const but = (object: KubeObject, answer: Answer): ReadonlyMap<string, Answer> =>
  new Map([...standing, [objectName(object), answer]]);

const withMeta = (object: KubeObject, labels: Record<string, string>, annotations = {}): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...labels }, annotations },
});

test('with nothing there everything is created, stage by stage', () => {
  const plan = planInstall(stages, { answers: new Map(), ours: [] });
  expect(plan.stages.map(({ name }) => name)).toEqual(stages.map(({ name }) => name));
  expect(allChanges(plan).map(({ type }) => type)).toEqual(wanted.map(() => 'created'));
  expect(planSum(plan)).toBe(`${wanted.length} to create`);
  expect(planLines(plan).slice(0, 3)).toEqual([
    `${wanted.length} to create.`,
    'namespace and priority:',
    '  + Namespace apidefense-system',
  ]);
});

test('with everything there and as wanted there is nothing to do', () => {
  expect(planLines(planInstall(stages, { answers: standing, ours: wanted }))).toEqual([
    `Nothing to do: ${wanted.length} as they should be.`,
  ]);
});

test('what changes is told field by field', () => {
  const old = { ...agents, spec: { minReadySeconds: 0 } };
  const now = { ...agents, spec: { minReadySeconds: 5, note: 'x'.repeat(200) } };
  const plan = planInstall(stages, {
    answers: but(agents, { type: 'live', live: old, dryRun: now }),
    ours: [],
  });
  expect(planLines(plan)).toEqual([
    `1 to change, ${wanted.length - 1} as they should be.`,
    'agents:',
    '  ~ DaemonSet apidefense-system/apidefense-agent',
    '    spec.minReadySeconds: 0 → 5',
    `    spec.note: nothing → ${'x'.repeat(80)}…`,
  ]);
});

test('what is ours and not wanted any more is removed, users before what they use, and never a definition or the namespace', () => {
  const extra = (kind: string, name: string): KubeObject => ({ apiVersion: 'v1', kind, metadata: { name } });
  const ours = [
    ...wanted,
    ...['ConfigMap', 'CustomResourceDefinition', 'Namespace', 'APIService', 'DaemonSet'].map((kind) =>
      extra(kind, 'old'),
    ),
  ];
  const plan = planInstall(stages, { answers: standing, ours });
  expect(plan.removals.map(({ object }) => objectName(object))).toEqual([
    'APIService old',
    'DaemonSet old',
    'ConfigMap old',
  ]);
  expect(planLines(plan).slice(1, 3)).toEqual(['not wanted any more:', '  - APIService old']);
});

test.each<[string, Answer, RegExp]>([
  [
    'another installation',
    { type: 'live', live: withMeta(agents, { [installationLabel]: 'other' }), dryRun: agents },
    /belongs to the installation in the namespace other, .*--namespace other/,
  ],
  [
    'a Helm release',
    {
      type: 'live',
      live: withMeta(agents, { [managedByLabel]: 'Helm' }, { 'meta.helm.sh/release-name': 'defense' }),
      dryRun: agents,
    },
    /kept by the Helm release defense: use helm upgrade/,
  ],
  [
    'a refusal of the API server',
    { type: 'refused', live: agents, sentence: 'spec.selector is immutable.' },
    /DaemonSet apidefense-system\/apidefense-agent was refused: spec\.selector is immutable\./,
  ],
])('%s is in the way, in words', (_name, answer, sentence) => {
  const plan = planInstall(stages, { answers: but(agents, answer), ours: [] });
  expect(planSum(plan)).toBe(`${wanted.length - 1} as they should be, 1 in the way`);
  expect(planLines(plan).at(-1)).toMatch(sentence);
});
