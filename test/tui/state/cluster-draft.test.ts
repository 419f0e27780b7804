// A draft on a cluster: tried by its API server before it can be written, with what led to it in the object, and said in words of a cluster.
import { expect, test } from 'vitest';
import type { MutationDialog } from '../../../src/tui/state/dialog.ts';
import { headerFigures, messageLine } from '../../../src/tui/state/header-figures.ts';
import { nameOf } from '../../../src/core/policy/policy-name.ts';
import { activePolicy, placeOf, sceneFlows, stage } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';

const onScanner = (): Stage => {
  const scene = stage(80, 24, { place: placeOf('kind-shop'), writable: false });
  scene.feed(sceneFlows(590));
  scene.press('filter.edit');
  scene.type('from:scanner');
  scene.press('filter.accept');
  return scene;
};
const drafting = (): Stage => {
  const scene = onScanner();
  scene.press('flow.block');
  scene.preview();
  return scene;
};
const dialogOf = (scene: Stage): MutationDialog => {
  const dialog = scene.state().dialogs.at(-1);
  if (dialog?.type !== 'mutation') throw new Error('no mutation dialog is open');
  return dialog;
};
const requests = (scene: Stage) => scene.effects.filter((effect) => effect.type === 'feed.request');
const newest = (scene: Stage): number => requests(scene).at(-1)?.tag ?? -1;
const refusal = { code: 'KUBE_FORBIDDEN', message: 'ann may not create x.', hint: 'Ask for a role.' };
const refuse = (scene: Stage): void => scene.send({ type: 'refused', tag: newest(scene), error: refusal });
const accept = (scene: Stage): void =>
  scene.send({ type: 'replied', tag: newest(scene), result: { name: 'shop/x', change: 'dry-run' } });
const told = (scene: Stage): string | undefined => messageLine(scene.state(), scene.session.data)?.text;

test('opening it asks for a server dry-run of the very draft, and y waits for the answer', () => {
  const scene = drafting();
  expect(requests(scene)).toMatchObject([{ operation: { op: 'policy.apply', dryRun: true } }]);
  scene.press('dialog.apply');
  expect(requests(scene)).toHaveLength(1);
  expect(scene.screen()).toContain('has not said yet whether it would take this');
  accept(scene);
  expect(scene.screen()).toContain(
    'Ready, the server dry-run accepts it: exactly this is written and enforced.',
  );
  scene.press('dialog.apply');
  expect(requests(scene).at(-1)).toMatchObject({
    operation: { op: 'policy.apply', object: dialogOf(scene).policy },
  });
  expect(requests(scene).at(-1)?.operation).not.toHaveProperty('dryRun');
});

test('what the API server would refuse is said whole, and y asks again instead of writing', () => {
  const scene = drafting();
  refuse(scene);
  const screen = scene.screen();
  expect(screen).toContain('ann may not create x. Ask for a role.');
  expect(screen).toContain('The API server would not take this, see above: export the YAML (X)');
  scene.press('dialog.apply');
  expect(requests(scene).map(({ operation }) => operation)).toMatchObject([
    { dryRun: true },
    { dryRun: true },
  ]);
  accept(scene);
  expect(scene.screen()).toContain('Ready, the server dry-run accepts it');
});

test('an edited draft is tried anew, and the answer to the one before counts for nothing', () => {
  const scene = drafting();
  const before = newest(scene);
  scene.press('dialog.shadow');
  scene.preview();
  scene.send({ type: 'replied', tag: before, result: {} });
  expect(dialogOf(scene).check).toMatchObject({ type: 'asked' });
  accept(scene);
  expect(scene.screen()).toContain('accepts it: written in shadow, nothing is refused.');
});

test('what the preview said of the traffic is in the object that is shown and written', () => {
  const { policy, yaml } = dialogOf(drafting());
  expect(policy.metadata.annotations?.['apidefense.dev/evidence']).toMatch(
    /^In the .* would flip .*\(live flows of the context kind-shop, drafted from flow .*\)$/,
  );
  expect(yaml.join('\n')).toContain('apidefense.dev/evidence');
});

test('an agent’s feed is asked for no dry-run, and its policies carry no evidence of ours', () => {
  const scene = stage(80, 24);
  scene.feed(sceneFlows(590));
  scene.press('flow.block');
  scene.preview();
  expect(requests(scene)).toEqual([]);
  expect(dialogOf(scene).policy.metadata.annotations?.['apidefense.dev/evidence']).not.toContain('flip');
});

test('changes do not wait for the hub: they go past it', () => {
  const scene = drafting();
  accept(scene);
  scene.send({
    type: 'feed',
    nowMs: scene.state().nowMs,
    message: { type: 'connection', state: 'reconnecting', detail: 'the hub is away' },
  });
  scene.press('dialog.apply');
  expect(requests(scene)).toHaveLength(2);
  expect(headerFigures(scene.state(), scene.session.data).access.text).toBe('ACT');
});

test('written is not called enforced: first nobody has reported it, then it stands on n of m nodes', () => {
  const scene = drafting();
  accept(scene);
  const { policy } = dialogOf(scene);
  const name = nameOf(policy);
  scene.press('dialog.apply');
  expect(told(scene)).toContain('sent to the API server, not answered yet');
  scene.send({ type: 'replied', tag: newest(scene), result: { name, change: 'created', object: policy } });
  expect(told(scene)).toContain('is written; waiting for agents to report it active.');
  const event = { ...activePolicy, name, object: policy, cluster: { conditions: [] } };
  scene.feed([event]);
  expect(told(scene)).toContain('is PENDING: no agent has reported it yet.');
  const programmed = { type: 'Programmed', status: 'True', reason: 'Programmed', message: 'On 2/2.' };
  scene.feed([{ ...event, cluster: { conditions: [programmed], enforced: '2/2' } }]);
  expect(told(scene)).toContain('is active on 2/2 nodes; no request has met it yet.');
});

test('the policies screen shows on how many nodes it stands, the conditions, and who keeps it', () => {
  const scene = stage(120, 40, { place: placeOf('kind-shop') });
  const partly = {
    ...{ type: 'Programmed', status: 'False', reason: 'PartiallyProgrammed', message: 'n2 not yet.' },
  };
  const cluster = { conditions: [partly], enforced: '1/2', keptBy: 'Flux (Kustomization shop)' };
  scene.feed([{ ...activePolicy, cluster }]);
  scene.press('screen.policies');
  const screen = scene.screen();
  expect(screen).toMatch(/block-scanner-orders-7f3a +Block +PART 1\/2 +1\/2/);
  expect(screen).toContain('Programmed False (PartiallyProgrammed): n2 not yet.');
  expect(screen).toContain('kept by   Flux (Kustomization shop)');
});

test('that policies cannot be read stands on their screen and in a draft', () => {
  const scene = drafting();
  const message = { type: 'policies', problem: refusal, sinceMs: scene.state().nowMs - 40_000 } as const;
  scene.send({ type: 'feed', nowMs: scene.state().nowMs, message });
  expect(scene.screen()).toContain('The preview may not know other policies: ann may not create x.');
  scene.press('dialog.close', 'screen.policies');
  expect(scene.screen()).toContain('Which policies there are is not known: ann may not create x.');
  scene.feed([activePolicy]);
  expect(scene.screen()).toContain('As of 40s ago: ann may not create x.');
});

test('a change to production says so where it is made', () => {
  const scene = stage(120, 40, { place: placeOf('prod-eu', { isProduction: true }) });
  scene.feed(sceneFlows(590));
  scene.press('flow.block');
  expect(scene.screen()).toMatch(/─ Block \S+ → \S+ in PRODUCTION prod-eu ─/);
});
