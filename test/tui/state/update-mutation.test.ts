// When a draft may not be sent, and what becomes of a preview whose draft changes.
import { expect, test } from 'vitest';
import { millis } from '../../../src/core/model/brand.ts';
import type { MutationDialog } from '../../../src/tui/state/dialog.ts';
import { sceneFlows, stage, type Stage } from '../panes/scene.ts';

/** The block dialog on a flow of the scanner. */
function drafting(): Stage {
  const scene = stage(80, 24);
  scene.feed(sceneFlows(590));
  scene.press('filter.edit');
  scene.type('from:scanner');
  scene.press('filter.accept', 'flow.block');
  return scene;
}

function dialogOf(scene: Stage): MutationDialog {
  const dialog = scene.state().dialogs.at(-1);
  if (dialog?.type !== 'mutation') throw new Error('no mutation dialog is open');
  return dialog;
}

test('y is refused once the lifetime has passed while the dialog was open', () => {
  const scene = drafting();
  scene.preview();
  const { expiresAt = '' } = dialogOf(scene).policy.spec;
  scene.send({ type: 'tick', nowMs: millis(Date.parse(expiresAt)) });
  scene.press('dialog.apply');
  expect(scene.effects.filter(({ type }) => type === 'feed.request')).toEqual([]);
  expect(dialogOf(scene).refusal).toMatch(/lifetime has passed/);
});

test('a draft that changes while its preview runs cancels that preview and starts one of its own', () => {
  const scene = drafting();
  scene.press('dialog.shadow');
  const jobs = scene.effects.flatMap((effect) =>
    effect.type === 'preview.start' || effect.type === 'preview.cancel' ? [[effect.type, effect.job]] : [],
  );
  const [, first] = jobs[0] ?? [];
  expect(jobs).toEqual([
    ['preview.start', first],
    ['preview.cancel', first],
    ['preview.start', jobs[2]?.[1]],
  ]);
  expect(jobs[2]?.[1]).not.toBe(first);
  scene.preview();
  const before = scene.effects.length;
  scene.press('dialog.shadow');
  expect(scene.effects.slice(before).map(({ type }) => type)).toEqual(['preview.start']);
});

test('once the preview has ended nobody is told any more to wait for it', () => {
  const scene = drafting();
  scene.press('dialog.apply');
  expect(dialogOf(scene).refusal).toMatch(/wait for the preview/);
  scene.preview();
  expect(dialogOf(scene).refusal).toBeUndefined();
  scene.press('dialog.apply');
  expect(scene.effects.filter(({ type }) => type === 'feed.request')).toHaveLength(1);
});
