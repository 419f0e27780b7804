// Golden screens: every pane at three sizes over the same scene. A changed picture is a changed file to be looked at.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  activePolicy,
  asciiTheme,
  blockedFlow,
  finding,
  rejectedPolicy,
  sceneFlows,
  stage,
} from './scene.ts';
import type { Stage } from './scene.ts';

const sizes = [
  [80, 24],
  [160, 50],
  [200, 50],
] as const;

function filled(columns: number, rows: number): Stage {
  const scene = stage(columns, rows);
  scene.feed([...sceneFlows(590), finding, activePolicy, rejectedPolicy]);
  scene.feed([blockedFlow(595), blockedFlow(596)]);
  return scene;
}

/** Explains the selected flow, as the runtime does for the effect. */
function explain(scene: Stage): void {
  const asked = scene.effects.findLast((effect) => effect.type === 'explain');
  const explanation = asked && scene.session.explain(asked.id, scene.state().nowMs);
  if (asked && explanation) scene.send({ type: 'explained', id: asked.id, explanation });
}

const screens: Readonly<Record<string, (scene: Stage) => void>> = {
  flows: () => undefined,
  'flows-paused': (scene) => {
    scene.press('view.pause', 'move.down', 'move.down');
    scene.feed([blockedFlow(597)]);
  },
  detail: (scene) => {
    scene.press('move.top', 'move.down', 'item.open');
    explain(scene);
  },
  'graph-ego': (scene) => scene.press('screen.graph', 'move.left', 'move.down'),
  'graph-list': (scene) => scene.press('screen.graph', 'view.cycle'),
  'graph-matrix': (scene) => scene.press('screen.graph', 'view.cycle', 'view.cycle', 'move.right'),
  findings: (scene) => scene.press('screen.findings'),
  policies: (scene) => scene.press('screen.policies', 'move.down'),
  'block-running': (scene) => scene.press('move.down', 'move.down', 'move.down', 'move.down', 'flow.block'),
  'block-preview': (scene) => {
    scene.feed([{ ...activePolicy, state: 'removed' }]);
    scene.press('screen.findings', 'flow.block');
    scene.preview();
  },
  'throttle-editing': (scene) => {
    scene.press('flow.throttle');
    scene.preview();
    scene.press('dialog.nextField', 'dialog.nextField');
    scene.send({ type: 'edit', edit: 'deleteToStart' });
    scene.type('20/x');
    scene.press('field.accept');
  },
  remove: (scene) => {
    scene.press('screen.policies', 'policy.remove');
    scene.preview();
  },
  undo: (scene) => {
    scene.press('policy.undo');
    const asked = scene.effects.findLast((effect) => effect.type === 'feed.request');
    const { name, object, time } = activePolicy;
    const plan = { change: 'c-1', time, file: 'shop.block.yaml', before: object };
    scene.send({ type: 'replied', tag: asked?.tag ?? -1, result: { name, change: 'removed', plan } });
    scene.preview();
  },
  yaml: (scene) => scene.press('screen.policies', 'policy.yaml'),
};

for (const [columns, rows] of sizes)
  for (const [name, act] of Object.entries(screens))
    test(`the ${name} screen at ${columns}x${rows} is as it was approved`, async () => {
      const scene = filled(columns, rows);
      act(scene);
      const text = scene.screen();
      expect(text.split('\n')).toHaveLength(rows);
      await expect(`${text}\n`).toMatchFileSnapshot(
        join(import.meta.dirname, 'golden', `${name}-${columns}x${rows}.txt`),
      );
    });

test('with an ASCII theme every screen is ASCII', () => {
  for (const act of Object.values(screens)) {
    const scene = filled(80, 24);
    act(scene);
    expect(scene.screen(asciiTheme)).toMatch(/^[\n\x20-\x7e]*$/);
  }
});

test('a replay shows its axis with the cursor, the speed and the damage', async () => {
  const scene = stage(80, 24, { kind: 'replay' });
  const startMs = Date.parse('2026-11-23T03:00:00.000Z');
  const at = (nowMs: number, reset: boolean): void =>
    scene.send({
      type: 'feed',
      nowMs: scene.state().nowMs,
      message: {
        type: 'position',
        reset,
        position: {
          startMs,
          endMs: startMs + 120_000,
          nowMs,
          speed: 2,
          paused: true,
          damage: 'cut off at 1m 50s',
        },
      },
    });
  at(startMs, true);
  scene.feed([...sceneFlows(590), finding]);
  at(startMs + 59_000, false);
  scene.press('flow.block');
  scene.preview();
  await expect(`${scene.screen()}\n`).toMatchFileSnapshot(
    join(import.meta.dirname, 'golden', 'replay-block-80x24.txt'),
  );
  scene.press('item.close');
  await expect(`${scene.screen()}\n`).toMatchFileSnapshot(
    join(import.meta.dirname, 'golden', 'replay-80x24.txt'),
  );
});
