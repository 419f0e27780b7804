// Undo and removal from the dialog: which change is meant, what its preview says of the requests seen, what is said after.
import { expect, test } from 'vitest';
import { without } from '../../core/policy/build.ts';
import { messageLine } from '../../../src/tui/state/header-figures.ts';
import type { MutationDialog } from '../../../src/tui/state/dialog.ts';
import { activePolicy, blockedFlow, sceneFlows, stage } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';

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

const nameOf = (dialog: MutationDialog): string =>
  `${dialog.policy.metadata.namespace}/${dialog.policy.metadata.name}`;

test('undo names the change of this session, and what the agent undid is said', () => {
  const scene = onScanner();
  scene.press('flow.block');
  scene.preview();
  const name = nameOf(dialogOf(scene));
  scene.press('dialog.apply');
  answer(scene, { name, change: 'created' });
  scene.press('policy.undo');
  expect(scene.state().dialogs.at(-1)).toMatchObject({ type: 'confirm', what: 'undo', name });
  scene.preview();
  scene.press('dialog.apply');
  expect(requests(scene).at(-1)?.operation).toEqual({ op: 'policy.undo' });
  answer(scene, { name, change: 'removed' });
  expect(told(scene)).toMatch(/Undone: block-.* was removed/);
});

test('undoing a removal names it and previews the policy coming back; what was undone stands no more', () => {
  const scene = onScanner();
  const { name } = activePolicy;
  scene.feed([activePolicy]);
  scene.press('screen.policies', 'policy.remove');
  scene.preview();
  scene.press('dialog.apply');
  answer(scene, { name, change: 'removed' });
  scene.feed([{ ...activePolicy, state: 'removed' }]);
  scene.press('policy.undo');
  expect(scene.state().dialogs.at(-1)).toMatchObject({
    type: 'confirm',
    name,
    sentence: expect.stringContaining(`${name}, removed at`) as unknown,
  });
  scene.preview();
  expect(scene.screen()).toMatch(/3[0-9] of \d+ requests would flip/);
  scene.press('dialog.apply');
  answer(scene, { name, change: 'created' });
  scene.press('policy.undo');
  expect(scene.state().dialogs.at(-1)).toMatchObject({
    type: 'confirm',
    name: undefined,
    sentence: expect.stringMatching(/None of this session/) as unknown,
  });
});

test('undoing an edit previews the earlier version coming back', () => {
  const scene = onScanner();
  scene.press('flow.block');
  scene.preview();
  const name = nameOf(dialogOf(scene));
  const { policy } = dialogOf(scene);
  // The same name stands already: applying replaces it.
  const earlier = { ...policy, spec: { ...without(policy.spec, 'match'), from: { scope: 'All' } } };
  scene.feed([{ ...activePolicy, name, object: earlier }]);
  scene.press('dialog.apply');
  answer(scene, { name, change: 'replaced' });
  scene.feed([{ ...activePolicy, name, object: policy }]);
  scene.press('policy.undo');
  expect(scene.state().dialogs.at(-1)).toMatchObject({
    type: 'confirm',
    name,
    sentence: expect.stringContaining(`${name}, replaced at`) as unknown,
    preview: { type: 'running' },
  });
  scene.preview();
  const shown = scene.state().dialogs.at(-1);
  const result =
    shown?.type === 'confirm' && shown.preview?.type === 'done' ? shown.preview.result : undefined;
  expect(result).toMatchObject({ toAllowed: 0 });
  expect(result?.toRefused).toBeGreaterThan(0);
});

test('an apply that changed nothing is not what undo would revert', () => {
  const scene = onScanner();
  scene.press('flow.block');
  scene.preview();
  const name = nameOf(dialogOf(scene));
  scene.press('dialog.apply');
  answer(scene, { name, change: 'unchanged' });
  scene.press('policy.undo');
  expect(scene.state().dialogs.at(-1)).toMatchObject({ type: 'confirm', name: undefined });
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
  scene.press('policy.undo');
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
