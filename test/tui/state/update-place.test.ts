// Going to another place: what is only drafted is dropped with a sentence, what is being written is waited for.
import { expect, test } from 'vitest';
import { placeOf, sceneFlows, stage } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';

const onCluster = (): Stage => {
  const scene = stage(80, 24, { place: placeOf('admin'), restarts: true });
  scene.feed(sceneFlows(590));
  return scene;
};
const go = (scene: Stage): void =>
  scene.send({ type: 'palette', command: { type: 'place', place: { context: 'prod-eu' } } });
const opened = (scene: Stage) => scene.effects.filter(({ type }) => type === 'place.open');

test('a place of the palette ends the session for one there', () => {
  const scene = onCluster();
  go(scene);
  expect(opened(scene)).toEqual([
    { type: 'place.open', place: { context: 'prod-eu' }, words: 'This is the context prod-eu now.' },
  ]);
});

test('a draft that is open is dropped, and the words say which and that nothing was changed', () => {
  const scene = onCluster();
  scene.press('flow.block', 'app.palette');
  go(scene);
  expect(opened(scene)).toMatchObject([
    {
      words: expect.stringMatching(
        /The draft to block \S+ to \S+ was dropped: it was about the context admin\. Nothing was changed\.$/,
      ) as string,
    },
  ]);
});

test('while a change is being written nobody leaves', () => {
  const scene = onCluster();
  scene.press('flow.block');
  scene.preview();
  const asked = scene.effects.findLast((effect) => effect.type === 'feed.request');
  scene.send({ type: 'replied', tag: asked?.tag ?? -1, result: {} });
  scene.press('dialog.apply');
  go(scene);
  expect(opened(scene)).toEqual([]);
  expect(scene.state().notice?.text).toContain('A change is being written');
});

test('beginning anew is for where the other side is gone for good', () => {
  const scene = onCluster();
  scene.press('app.restart');
  expect(opened(scene)).toEqual([]);
  const message = { type: 'connection', state: 'closed', detail: 'not installed' } as const;
  scene.send({ type: 'feed', nowMs: scene.state().nowMs, message });
  scene.press('app.restart');
  expect(opened(scene)).toEqual([{ type: 'place.open', place: undefined, words: 'Begun anew.' }]);
});
