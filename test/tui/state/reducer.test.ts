// What the keys do, as sentences: the reducer over a real session store, no terminal.
import { expect, test } from 'vitest';
import { millis } from '../../../src/core/model/brand.ts';
import { keyContext, inputMode } from '../../../src/tui/state/key-context.ts';
import { cursorFlow } from '../../../src/tui/state/flow-cursor.ts';
import { followFigure } from '../../../src/tui/state/header-figures.ts';
import { blockedFlow, finding, sceneFlows, stage } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';

const cursorId = (scene: Stage): string | undefined => cursorFlow(scene.state(), scene.session.data)?.id;
const follow = (scene: Stage): string => followFigure(scene.state(), scene.session.data).text;

function running(columns = 80, rows = 24): Stage {
  const scene = stage(columns, rows);
  scene.feed(sceneFlows(590));
  return scene;
}

test('the cursor sticks to the newest flow until it is moved, then to its flow', () => {
  const scene = running();
  expect(follow(scene)).toBe('FOLLOW');
  scene.feed([blockedFlow(595)]);
  expect(cursorId(scene)).toBe(blockedFlow(595).id);
  scene.press('move.down');
  const chosen = cursorId(scene);
  scene.feed([blockedFlow(596), blockedFlow(597)]);
  expect(cursorId(scene)).toBe(chosen);
  expect(follow(scene)).toBe('BROWSING, 3 newer');
  scene.press('view.follow');
  expect(cursorId(scene)).toBe(blockedFlow(597).id);
});

test('rows do not slide under the cursor when new flows arrive', () => {
  const scene = running();
  scene.press('move.down', 'move.down');
  const before = scene.screen();
  scene.feed([blockedFlow(596), blockedFlow(597)]);
  expect(scene.screen()).toBe(before);
});

test('going to the top of a newest-first list follows again', () => {
  const scene = running();
  scene.press('move.down', 'move.down', 'move.top');
  expect(follow(scene)).toBe('FOLLOW');
});

test('paused, the view stands still and counts what arrived', () => {
  const scene = running();
  scene.press('view.pause');
  const before = scene.screen();
  scene.feed([blockedFlow(595), blockedFlow(596)]);
  expect(follow(scene)).toBe('PAUSED +2');
  expect(scene.screen()).toBe(before);
  scene.press('view.pause');
  expect(cursorId(scene)).toBe(blockedFlow(596).id);
});

test('a paused counter counts only flows that the filter lets through', () => {
  const scene = running();
  scene.press('filter.edit');
  scene.type('from:scanner');
  scene.press('filter.accept', 'view.pause');
  scene.feed([blockedFlow(595), ...sceneFlows(600).slice(-3)]);
  const arrived = Number(/\+(\d+)/.exec(follow(scene))?.[1]);
  expect(arrived).toBeGreaterThanOrEqual(1);
  expect(arrived).toBeLessThan(4);
});

test('a filter takes effect while it is typed, and a wrong one keeps the last valid one and says why', () => {
  const scene = running();
  scene.press('filter.edit');
  expect(inputMode(scene.state())).toBe('text');
  scene.type('from:scanner');
  const list = scene.session.data.flows.list(undefined);
  expect(list.size).toBeGreaterThan(0);
  expect(list.at(0)?.source.workload).toBe('scanner');
  scene.type(' stauts:200');
  expect(scene.state().filter.prompt?.error?.message).toMatch(/stauts/);
  expect(scene.state().filter.text).toBe('from:scanner');
  scene.press('filter.accept');
  expect(scene.state().filter.prompt).toBeDefined();
  scene.press('filter.cancel');
  expect(scene.state().filter.text).toBe('');
});

test('tab completes a field and then a name that was seen', () => {
  const scene = running();
  scene.press('filter.edit');
  scene.type('fro');
  scene.press('filter.complete');
  scene.type('sca');
  scene.press('filter.complete');
  expect(scene.state().filter.prompt?.input.text).toBe('from:scanner ');
});

test('while a filter is typed it is said what tab would complete', () => {
  const scene = running();
  const offers = (): string | undefined => scene.state().filter.prompt?.offers;
  scene.press('filter.edit');
  expect(offers()).toMatch(/^tab completes from, to, /);
  scene.type('end');
  expect(offers()).toMatch(/^tab completes ended: why it ended/);
  scene.press('filter.complete');
  expect(offers()).toContain('upstream-reset');
  scene.press('filter.clear', 'filter.edit');
  scene.type('from:scann');
  expect(offers()).toMatch(/^tab completes scanner: /);
  scene.press('filter.complete');
  expect(scene.state().filter.prompt?.error).toBeUndefined();
});

test('esc closes one thing at a time and never quits', () => {
  const scene = running();
  scene.press('filter.edit');
  scene.type('to:orders');
  scene.press('filter.accept', 'item.open', 'pane.next', 'flow.block');
  const seen: string[] = [];
  for (let presses = 0; presses < 8; presses++) {
    const { dialogs, focus, detail, filter } = scene.state();
    seen.push(`${dialogs.length} ${focus} ${detail.open ? 'open' : 'closed'} ${filter.text}`.trim());
    scene.press('item.close');
  }
  expect([...new Set(seen)]).toEqual([
    '1 detail open to:orders',
    '0 detail open to:orders',
    '0 list open to:orders',
    '0 list closed to:orders',
    '0 list closed',
  ]);
  expect(scene.state().quitting).toBe(false);
  expect(scene.effects.some((effect) => effect.type === 'quit')).toBe(false);
});

test('closing a dialog ends its preview', () => {
  const scene = running();
  scene.press('flow.block', 'item.close');
  expect(scene.effects.at(-1)).toMatchObject({ type: 'preview.cancel' });
});

test('opening a flow stops following and asks why it was let through', () => {
  const scene = running();
  const newest = cursorId(scene);
  scene.press('item.open');
  expect(scene.state().flows.follow).toBe(false);
  expect(scene.effects.at(-1)).toEqual({ type: 'explain', id: newest });
  scene.press('move.down');
  expect(scene.effects.at(-1)).toEqual({ type: 'explain', id: cursorId(scene) });
});

test('sorting shows the slowest first and puts the arrow on its column', () => {
  const scene = running(200, 50);
  for (let presses = 0; scene.state().flows.sort.column !== 'ms' && presses < 20; presses++)
    scene.press('view.sort');
  const list = scene.session.data.flows.list(undefined);
  const times = Array.from({ length: 20 }, (_, index) => list.at(index)?.latencyMs ?? 0);
  expect(times).toEqual([...times].sort((left, right) => right - left));
  expect(times[0]).toBe(61);
  expect(scene.screen()).toMatch(/MS▼/);
  scene.press('view.reverse');
  expect(scene.session.data.flows.list(undefined).at(0)?.latencyMs).toBe(1.4);
});

test('a sorted list is taken anew each second, and not while it is paused', () => {
  const scene = running();
  scene.press('view.sort', 'view.pause');
  const taken = (): number => scene.effects.filter((effect) => effect.type === 'store.sort').length;
  const before = taken();
  scene.send({ type: 'tick', nowMs: millis(scene.state().nowMs + 1000) });
  expect(taken()).toBe(before);
  scene.press('view.pause');
  scene.send({ type: 'tick', nowMs: millis(scene.state().nowMs + 1000) });
  expect(taken()).toBe(before + 2);
});

test('enter on a caller puts it into the middle of the graph, esc goes back', () => {
  const scene = running();
  scene.press('screen.graph', 'move.left', 'item.open');
  expect(scene.state().graph.focus).toBe('shop/Deployment/storefront');
  scene.press('item.close');
  expect(scene.state().graph.focus).toBe('shop/Deployment/orders');
});

test('w on a row shows what passes between these two', () => {
  const scene = running();
  scene.press('screen.graph', 'move.left', 'move.down', 'filter.selection');
  expect(scene.state()).toMatchObject({ screen: 'flows', filter: { text: 'from:scanner to:orders' } });
});

test('enter on a finding shows the flows that prove it', () => {
  const scene = running();
  scene.feed([finding]);
  scene.press('screen.findings', 'item.open');
  expect(scene.state().filter.text).toBe('id:a1-5,a1-n');
  expect(scene.session.data.flows.list(undefined).size).toBe(2);
});

test('the keys go to the topmost thing', () => {
  const scene = running();
  expect(keyContext(scene.state())).toEqual(['flows', 'global']);
  scene.press('item.open', 'pane.next');
  expect(keyContext(scene.state())).toEqual(['detail', 'flows', 'global']);
  scene.press('flow.block');
  expect(keyContext(scene.state())).toEqual(['mutation']);
  scene.press('dialog.edit');
  expect(keyContext(scene.state())).toEqual(['field']);
  expect(inputMode(scene.state())).toBe('text');
});

test('pasted control characters become blanks', () => {
  const scene = running();
  scene.press('filter.edit');
  scene.type('a\u001b[31m\n\u202eb');
  expect(scene.state().filter.prompt?.input.text).toBe('a [31m b');
});

test('a palette choice runs, opens a workload, or sets a filter', () => {
  const scene = running();
  scene.press('app.palette');
  scene.send({ type: 'palette', command: { type: 'intent', intent: 'screen.policies' } });
  expect(scene.state()).toMatchObject({ screen: 'policies', dialogs: [] });
  scene.send({ type: 'palette', command: { type: 'filter', text: 'status>=500' } });
  expect(scene.state()).toMatchObject({ screen: 'flows', filter: { text: 'status>=500' } });
});
