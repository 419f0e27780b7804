// Undo and removal from the dialog: which change is meant, what its preview says of the requests seen, what is said after.
import { expect, test } from 'vitest';
import { without } from '../../core/policy/build.ts';
import { messageLine } from '../../../src/tui/state/header-figures.ts';
import type { Undone } from '../../../src/core/model/feed-message.ts';
import type { Dialog, MutationDialog } from '../../../src/tui/state/dialog.ts';
import { activePolicy, blockedFlow, sceneFlows, stage } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';
import { nameOf as policyNameOf } from '../../../src/core/policy/policy-name.ts';

function onScanner(): Stage {
  const scene = stage(80, 24);
  scene.feed(sceneFlows(590));
  scene.press('filter.edit');
  scene.type('from:scanner');
  scene.press('filter.accept');
  return scene;
}

function dialogOf(scene: Stage): MutationDialog {
  const dialog = scene.state().dialogs.at(-1);
  if (dialog?.type !== 'mutation') throw new Error('no mutation dialog is open');
  return dialog;
}

const requests = (scene: Stage) => scene.effects.filter((effect) => effect.type === 'feed.request');
const told = (scene: Stage): string | undefined => messageLine(scene.state(), scene.session.data)?.text;

/** Answers the newest request as the agent does. */
function answer(scene: Stage, result: unknown): void {
  const tag = requests(scene).at(-1)?.tag ?? -1;
  scene.send({ type: 'replied', tag, result });
}

/** Presses u and answers what the agent would revert, and how that looks before and after. */
interface Policies {
  readonly before?: unknown;
  readonly after?: unknown;
}

function askUndo(scene: Stage, planned: Pick<Undone, 'name' | 'change'>, policies: Policies = {}): void {
  scene.press('policy.undo');
  expect(requests(scene).at(-1)?.operation).toEqual({ op: 'policy.undo', dryRun: true });
  const plan = { change: 'c-1', time: sceneFlows(600).at(-1)!.time, file: 'shop.x.yaml', ...policies };
  answer(scene, { ...planned, plan });
}

const nameOf = (dialog: MutationDialog): string => policyNameOf(dialog.policy);

const shownDialog = (scene: Stage): Dialog | undefined => scene.state().dialogs.at(-1);

test('undo shows what the agent would revert, undoes that one and no other, and says what was undone', () => {
  const scene = onScanner();
  scene.press('policy.undo');
  expect(scene.screen()).toContain('Asking the agent which change that is.');
  scene.press('dialog.apply');
  expect(scene.screen()).toContain('It is not known yet which change that is.');
  scene.press('dialog.close');
  const { name } = activePolicy;
  scene.feed([activePolicy]);
  askUndo(scene, { name, change: 'removed' }, { before: activePolicy.object });
  expect(shownDialog(scene)).toMatchObject({
    type: 'confirm',
    what: 'undo',
    name,
    sentence: expect.stringContaining(`Undo removes ${name}, which was created at`) as unknown,
  });
  scene.preview();
  scene.press('dialog.apply');
  expect(requests(scene).at(-1)?.operation).toEqual({ op: 'policy.undo', change: 'c-1' });
  answer(scene, { name, change: 'removed' });
  expect(told(scene)).toMatch(/Undone: .* was removed/);
});

test('of an older agent, which undoes when it is asked what it would undo, it is told what it did', () => {
  const scene = onScanner();
  scene.press('policy.undo');
  answer(scene, { name: activePolicy.name, change: 'removed' });
  expect(scene.screen().replaceAll(/[│\s]+/g, ' ')).toContain('it has undone that at once');
  scene.press('dialog.apply');
  expect(requests(scene)).toHaveLength(1);
});

test('undoing what another session removed previews the policy coming back', () => {
  const scene = onScanner();
  const { name } = activePolicy;
  askUndo(scene, { name, change: 'created' }, { after: activePolicy.object });
  expect(shownDialog(scene)).toMatchObject({ name, preview: { type: 'running' } });
  scene.press('dialog.apply');
  expect(scene.screen()).toContain('Still working out what this would change');
  scene.preview();
  expect(scene.screen()).not.toContain('Still working out');
  expect(scene.screen()).toMatch(/3[0-9] of \d+ requests would flip/);
  expect(scene.screen()).toContain(`Undo brings back ${name}`);
});

test('undoing an edit previews the earlier version coming back', () => {
  const scene = onScanner();
  scene.press('flow.block');
  const name = nameOf(dialogOf(scene));
  const { policy } = dialogOf(scene);
  scene.press('dialog.close');
  const earlier = { ...policy, spec: { ...without(policy.spec, 'match'), from: { scope: 'All' } } };
  scene.feed([{ ...activePolicy, name, object: policy }]);
  askUndo(scene, { name, change: 'replaced' }, { before: policy, after: earlier });
  scene.preview();
  const shown = shownDialog(scene);
  const result =
    shown?.type === 'confirm' && shown.preview?.type === 'done' ? shown.preview.result : undefined;
  expect(result).toMatchObject({ toAllowed: 0 });
  expect(result?.toRefused).toBeGreaterThan(0);
});

test('where nothing can be undone the dialog says why, and y asks for nothing', () => {
  const scene = onScanner();
  scene.press('policy.undo');
  const tag = requests(scene).at(-1)?.tag ?? -1;
  const error = { code: 'UNDO_NOTHING', message: 'There is no change left to undo.', hint: '' };
  scene.send({ type: 'refused', tag, error });
  expect(scene.screen()).toContain(error.message);
  scene.press('dialog.apply');
  expect(requests(scene)).toHaveLength(1);
  expect(scene.screen()).toContain(error.message);
});

test('undo of a policy applied a moment ago calls nothing refused that was answered before it', () => {
  const scene = onScanner();
  scene.press('flow.block');
  scene.preview();
  const name = nameOf(dialogOf(scene));
  const { policy } = dialogOf(scene);
  scene.press('dialog.apply');
  answer(scene, { name, change: 'created' });
  const loaded = { ...activePolicy, name, object: policy, time: sceneFlows(600).at(-1)!.time, hits: 0 };
  scene.feed([loaded]);
  for (const at of [610, 611, 612]) {
    const flow = blockedFlow(at);
    scene.feed([{ ...flow, verdict: { ...flow.verdict, policy: name } }]);
  }
  askUndo(scene, { name, change: 'removed' }, { before: policy });
  scene.preview();
  expect(scene.screen()).toMatch(/it has refused 3 of 322 requests, all from scanner/);
  expect(scene.screen()).toMatch(/refused so far +3 requests, by its own verdicts/);
  expect(scene.screen()).toMatch(/before it +33 requests that it would have refused too/);
  expect(scene.screen()).not.toMatch(/200→let through/);
});

test('blocking again what was blocked and undone counts the refused requests once', () => {
  const scene = onScanner();
  const [start, end] = [sceneFlows(590)[0]!.time, sceneFlows(600).at(-1)!.time];
  scene.feed([{ ...activePolicy, time: start, hits: 0 }]);
  scene.feed([{ ...activePolicy, time: end, state: 'removed' }]);
  scene.press('flow.block');
  scene.preview();
  expect(scene.screen()).toMatch(/0 of 319 requests would flip/);
});
