// Sentences that must be true: a sort that leaves rows out says so, and keys are named as they are bound.
import { expect, test } from 'vitest';
import { mutationRefusal } from '../../../src/tui/state/access.ts';
import { footerLine } from '../../../src/tui/chrome/footer.ts';
import { keyHints } from '../../../src/tui/keys/key-hints.ts';
import { keyTable } from '../../../src/tui/keys/key-table.ts';
import { buildKeymap } from '../../../src/tui/keys/keymap.ts';
import { withKey } from '../../../src/tui/state/key-hint.ts';
import { sortLimit } from '../../../src/tui/state/sort-snapshot.ts';
import { blockedFlow, stage, theme } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';

function keymapOf(overrides: ReadonlyMap<string, readonly string[]> = new Map()) {
  const built = buildKeymap(overrides);
  if (!built.ok) throw new Error(built.problems.join('\n'));
  return built.keymap;
}

function footer(scene: Stage): string {
  const { session } = scene;
  return footerLine({
    ...{ state: scene.state(), data: session.data, keymap: keymapOf(), theme },
    ...{ width: 160, hint: undefined },
  })
    .map((each) => each.text)
    .join('');
}

test('a sort over more rows than it looks at is said, and only then', () => {
  const scene = stage(160, 50);
  const flows = Array.from({ length: sortLimit + 5 }, (_, index) => blockedFlow(index));
  scene.feed(flows.slice(0, sortLimit));
  scene.press('view.sort');
  expect(footer(scene)).not.toContain('sorted:');
  scene.feed(flows.slice(sortLimit));
  scene.press('view.reverse');
  expect(footer(scene)).toContain('sorted: the newest 10,000 of 10,005');
  scene.press('screen.graph');
  expect(footer(scene)).not.toContain('sorted:');
});

test('sentences name the key that is bound, whatever the table says, and the action alone when none is', () => {
  const rebound = keymapOf(new Map([['app.lock', ['ctrl-x']]]));
  const keys = keyHints(rebound.rows);
  expect(withKey({ keyHints: keys }, 'unlock', 'app.lock')).toBe('unlock (ctrl-x)');
  expect(withKey({ keyHints: {} }, 'unlock', 'app.lock')).toBe('unlock');
  const scene = stage(80, 24);
  scene.send({
    type: 'feed',
    nowMs: scene.state().nowMs,
    message: { type: 'connection', state: 'connected', detail: '' },
  });
  scene.press('app.lock');
  expect(mutationRefusal({ ...scene.state(), keyHints: keys })).toBe(
    'Locked: unlock first (ctrl-x), then apply.',
  );
});

test('a key of the focused axis is not the one that is named', () => {
  expect(keyHints(keyTable)['replay.forward']).toBe(']');
});

test('an empty table says how to go on, by the keys there are', () => {
  const scene = stage(80, 24);
  scene.feed([blockedFlow(1)]);
  scene.press('filter.edit');
  scene.type('from:nobody');
  scene.press('filter.accept');
  expect(scene.screen()).toContain('Change the filter (/) or drop it (esc).');
});
