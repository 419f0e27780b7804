// A draft that is too narrow says so: what its wider scopes would catch, and the key that widens it.
import { expect, test } from 'vitest';
import type { MutationDialog } from '../../../src/tui/state/dialog.ts';
import { messageLine } from '../../../src/tui/state/header-figures.ts';
import { activePolicy, sceneFlow, sceneFlows, stage } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';
import { nameOf } from '../../../src/core/policy/policy-name.ts';

/** The scanner asks of orders 30 times, of users once, on a path of its own; the cursor is on that one. */
function onRarePath(): Stage {
  const scene = stage(80, 24);
  const call = { from: 'scanner', to: 'users', method: 'GET', status: 404, ms: 1, every: 1 };
  scene.feed([...sceneFlows(590), sceneFlow({ ...call, path: '/.env', route: '/.env' }, 600)]);
  scene.feed([sceneFlow({ ...call, path: '/users/9', route: '/users/{id}' }, 601)]);
  scene.press('move.down');
  return scene;
}

function dialogOf(scene: Stage): MutationDialog {
  const dialog = scene.state().dialogs.at(-1);
  if (dialog?.type !== 'mutation') throw new Error('no mutation dialog is open');
  return dialog;
}

test('beside the draft stands what the wider scopes would catch, and the key', () => {
  const scene = onRarePath();
  scene.press('flow.block');
  scene.preview();
  expect(scene.screen()).toMatch(/1 of \d+ requests would flip/);
  expect(scene.screen()).toMatch(/w widens it to all of scanner → users: 2, scanner → anyone: 35 of 321/);
});

test('while they are worked out the key is named without numbers, and y needs not wait', () => {
  const scene = onRarePath();
  scene.press('flow.block');
  const started = scene.effects.findLast((effect) => effect.type === 'preview.start');
  const result = { ...emptyResult, total: 321 };
  scene.send({ type: 'preview.done', job: started?.job ?? -1, result });
  expect(scene.screen()).toMatch(/w widens it to all of scanner → users, scanner → anyone {2}/);
  scene.press('dialog.apply');
  expect(scene.effects.at(-1)).toMatchObject({ type: 'feed.request' });
});

const emptyResult = {
  ...{ total: 0, flips: 0, toRefused: 0, toAllowed: 0, byCaller: [], byRoute: [], firstVictims: [] },
  ...{ successTotal: 0, successFlips: 0, othersSuccessFlips: 0, openConnections: [], notSeen: [] },
  ...{ undecidable: [], truncated: false },
} as const;

test('closing the dialog ends the previews of its wider scopes too', () => {
  const scene = onRarePath();
  scene.press('flow.block');
  const started = scene.effects.findLast((effect) => effect.type === 'preview.start');
  scene.send({ type: 'preview.done', job: started?.job ?? -1, result: emptyResult });
  const jobs = dialogOf(scene).wider.map(({ job }) => job);
  scene.press('dialog.close');
  expect(jobs).toHaveLength(2);
  expect(scene.effects.slice(-2)).toEqual(jobs.map((job) => ({ type: 'preview.cancel', job })));
});

test('one that cannot be previewed is named without a number', () => {
  const scene = onRarePath();
  scene.press('flow.block');
  const started = scene.effects.findLast((effect) => effect.type === 'preview.start');
  scene.send({ type: 'preview.done', job: started?.job ?? -1, result: emptyResult });
  const [first] = dialogOf(scene).wider;
  scene.send({ type: 'preview.failed', job: first?.job ?? -1, message: 'no' });
  expect(dialogOf(scene).wider.map(({ scope }) => scope)).toEqual(['everything']);
});

test('after w the new headline is in sight, wherever one had scrolled to', () => {
  const scene = onRarePath();
  scene.press('flow.block');
  scene.preview();
  scene.press('move.bottom', 'dialog.scope');
  scene.preview();
  expect(dialogOf(scene).scroll).toBe(0);
  expect(scene.screen()).toMatch(/2 of 321 requests would flip/);
});

test('at 80x24 headline, harm to others and what the policy selects and does are seen together', () => {
  const scene = onRarePath();
  scene.press('flow.block');
  scene.preview();
  const screen = scene.screen();
  expect(screen).toMatch(
    /would flip[\s\S]*anyone else[\s\S]*from: \{peers[\s\S]*to: \{peers[\s\S]*action: \{type: Block/,
  );
});

test('rows that stand still after an applied policy come with the key that shows its effect', () => {
  const scene = onRarePath();
  scene.press('flow.block');
  scene.preview();
  const { policy } = dialogOf(scene);
  const name = nameOf(policy);
  scene.press('dialog.apply');
  const tag = dialogOf(scene).sending ?? -1;
  scene.send({ type: 'replied', tag, result: { name, change: 'created' } });
  scene.feed([{ ...activePolicy, name, hits: 0 }]);
  const told = (): string => messageLine(scene.state(), scene.session.data)?.text ?? '';
  expect(told()).toMatch(/is active; .* See it: follow \(f\)\.$/);
  scene.press('view.follow');
  expect(told()).not.toMatch(/See it/);
});
