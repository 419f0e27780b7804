// The filter prompt over a filter that is there already, and the filter that the evidence of a finding makes.
import { expect, test } from 'vitest';
import { finding, sceneFlows, stage } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';

function onFinding(filter = ''): Stage {
  const scene = stage(80, 24);
  scene.feed([...sceneFlows(590), { ...finding, evidence: ['a1-5', 'a1-n'] }]);
  scene.press('filter.edit');
  scene.type(filter);
  scene.press('filter.accept', 'screen.findings', 'item.open');
  return scene;
}

test('what is typed after a filter in force is a term of its own', () => {
  const scene = stage(80, 24);
  scene.press('filter.edit');
  scene.type('to:orders');
  scene.press('filter.accept', 'filter.edit');
  scene.type('from:scanner');
  expect(scene.state().filter.text).toBe('to:orders from:scanner');
  scene.press('filter.accept', 'filter.edit', 'filter.accept');
  expect(scene.state().filter).toMatchObject({ text: 'to:orders from:scanner', prompt: undefined });
});

test('a term glued to the ids of the evidence is refused with its place, and the evidence stays', () => {
  const scene = onFinding();
  const { text } = scene.state().filter;
  scene.press('filter.edit');
  scene.send({ type: 'edit', edit: 'backspace' });
  scene.type('from:scanner');
  const { error } = scene.state().filter.prompt ?? {};
  expect(error?.message).toMatch(
    /Id takes ids such as .* with a blank before the next term, not "a1-nfrom:scanner"/,
  );
  expect(error?.end).toBe(`${text}from:scanner`.length);
  expect(scene.state().filter.text).toBe(text);
});

test('esc leads from the evidence back to the finding and to the filter of before', () => {
  const scene = onFinding('to:orders');
  expect(scene.state()).toMatchObject({ screen: 'flows', filter: { text: 'id:a1-5,a1-n' } });
  scene.press('item.open', 'item.close');
  expect(scene.state()).toMatchObject({ screen: 'flows', filter: { text: 'id:a1-5,a1-n' } });
  scene.press('item.close');
  expect(scene.state()).toMatchObject({
    screen: 'findings',
    filter: { text: 'to:orders', origin: undefined },
  });
  expect(scene.effects.at(-1)).toMatchObject({ type: 'store.filter' });
});

test('a filter changed since then is a filter like any other: esc drops it', () => {
  const scene = onFinding('to:orders');
  scene.press('filter.edit');
  scene.type('from:scanner');
  scene.press('filter.accept', 'item.close');
  expect(scene.state()).toMatchObject({ screen: 'flows', filter: { text: '' } });
});
