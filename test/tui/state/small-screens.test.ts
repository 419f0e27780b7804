// Small truths of the screens: no key without an effect, no limit without its name, one word for one state.
import { expect, test } from 'vitest';
import { keysLine } from '../../../src/tui/chrome/footer.ts';
import { buildKeymap } from '../../../src/tui/keys/keymap.ts';
import { checkField } from '../../../src/tui/state/mutation-draft.ts';
import { activePolicy, blockedFlow, finding, stage } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';

function keys(scene: Stage): string {
  const built = buildKeymap();
  if (!built.ok) throw new Error(built.problems.join());
  const { keymap } = built;
  return keysLine({ state: scene.state(), data: scene.session.data, keymap, width: 200 })
    .map((each) => each.text)
    .join('');
}

test('an empty list offers no key that acts on a row', () => {
  const scene = stage(80, 24);
  scene.press('screen.policies');
  expect(keys(scene)).not.toMatch(/YAML|remove|open/);
  scene.feed([activePolicy]);
  expect(keys(scene)).toMatch(/YAML.*remove|remove.*YAML/);
  scene.press('screen.findings');
  expect(keys(scene)).not.toMatch(/evidence|block|open/);
  scene.feed([finding]);
  expect(keys(scene)).toContain('evidence');
});

test('a lifetime that is too long is told its limit', () => {
  expect(JSON.stringify(checkField('expires', '999d'))).toMatch(/false.*365d/);
  expect(JSON.stringify(checkField('expires', 'soon'))).toMatch(/false.*90s/);
  expect(checkField('expires', '365d')).toEqual({ ok: true, value: '365d' });
});

test('enter in the middle of the graph shows the flows of that workload', () => {
  const scene = stage(80, 24);
  scene.feed([blockedFlow(1)]);
  scene.press('screen.graph', 'item.open');
  expect(scene.state().screen).toBe('flows');
  expect(scene.state().filter.text).toMatch(/^\(from:\S+ or to:\S+\)$/);
});

test('a policy in force is called active, as on the command line', () => {
  const scene = stage(160, 50);
  scene.feed([activePolicy]);
  scene.press('screen.policies');
  expect(scene.screen()).toContain(' active ');
  expect(scene.screen()).toContain('enforced by this agent');
});
