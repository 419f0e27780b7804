// n and N: from one flow that was refused, broken or failed to the next, as the table shows them.
import { expect, test } from 'vitest';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import { cursorFlow } from '../../../src/tui/state/flow-cursor.ts';
import { isNotable } from '../../../src/tui/state/update-notable.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';
import { stage } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';

const base = Date.UTC(2026, 10, 23, 3);
const answered = (index: number, change: Partial<FlowEvent> = {}): FlowEvent => ({
  ...sampleFlow({ id: `n-${index}`, time: new Date(base + index).toISOString() }),
  verdict: { action: 'allow', mode: 'enforce' },
  response: { status: 200, bytes: 1 },
  ...change,
});
const refused: Partial<FlowEvent> = {
  verdict: { action: 'block', mode: 'enforce', policy: 'shop/x' },
  response: { status: 403, bytes: 1, local: true },
};
const cursorId = (scene: Stage): string | undefined => cursorFlow(scene.state(), scene.session.data)?.id;

/** Newest first: 9 down to 0, of which 7 was refused, 4 failed and 1 was broken. */
function mixed(): Stage {
  const scene = stage(100, 24);
  const odd = new Map<number, Partial<FlowEvent>>([
    [7, refused],
    [4, { response: { status: 502, bytes: 1 } }],
    [1, { broken: 'CL_AND_TE' }],
  ]);
  scene.feed(Array.from({ length: 10 }, (_, index) => answered(index, odd.get(index))));
  return scene;
}

test('n goes down from one to the next, N back up', () => {
  const scene = mixed();
  const visited = [
    'flow.nextNotable',
    'flow.nextNotable',
    'flow.nextNotable',
    'flow.previousNotable',
  ] as const;
  expect(
    visited.map((intent) => {
      scene.press(intent);
      return cursorId(scene);
    }),
  ).toEqual(['n-7', 'n-4', 'n-1', 'n-4']);
});

test('where there is none it stays and says so', () => {
  const scene = mixed();
  scene.press('flow.previousNotable');
  expect(scene.state().notice?.text).toBe('No refused, broken or failed flow above this one.');
  expect(scene.state().flows.follow).toBe(true);
  scene.press('move.bottom', 'flow.nextNotable');
  expect(cursorId(scene)).toBe('n-0');
  expect(scene.state().notice?.text).toContain('below');
});

test('flows beyond the pause mark are not jumped to', () => {
  const scene = mixed();
  scene.press('move.down', 'view.pause');
  scene.feed([answered(11, refused)]);
  scene.press('flow.previousNotable');
  expect(cursorId(scene)).toBe('n-8');
});

test.each<[string, Partial<FlowEvent>, boolean]>([
  ['answered with 200', {}, false],
  ['redirected', { response: { status: 302, bytes: 0 } }, false],
  ['refused', refused, true],
  ['throttled', { verdict: { action: 'throttle', mode: 'enforce' } }, true],
  ['not found', { response: { status: 404, bytes: 0 } }, true],
  ['failed', { response: { status: 500, bytes: 0 } }, true],
  ['cut off before an answer', { response: { bytes: 0 } }, true],
  ['broken', { broken: 'BARE_LF' }, true],
  ['refused only by a shadow', { shadow: { action: 'block', mode: 'shadow' } }, true],
])('%s', (_, change, notable) => {
  expect(isNotable(answered(0, change))).toBe(notable);
});
