// Scrubbing: jumps add up although the clock follows later, and what cannot be done in a recording is said at once.
import { expect, test } from 'vitest';
import { messageLine } from '../../../src/tui/state/header-figures.ts';
import { sceneStart, stage } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';

const startMs = sceneStart;
const endMs = sceneStart + 100_000;

function at(scene: Stage, nowMs: number, reset: boolean): void {
  const position = { startMs, endMs, nowMs, speed: 1, paused: true };
  scene.send({ type: 'feed', nowMs: scene.state().nowMs, message: { type: 'position', position, reset } });
}
const seeks = (scene: Stage): readonly number[] =>
  scene.effects.flatMap((effect) => (effect.type === 'replay.seek' ? [effect.toMs - startMs] : []));

function opened(): Stage {
  const scene = stage(80, 24, { kind: 'replay' });
  at(scene, startMs, false);
  return scene;
}

test('jumps asked for before the clock has followed add up, within the recording', () => {
  const scene = opened();
  scene.press('replay.forward', 'replay.forward', 'replay.forward', 'replay.back');
  expect(seeks(scene)).toEqual([2000, 4000, 6000, 4000]);
  scene.press('replay.start', 'replay.back', 'replay.end', 'replay.forward');
  expect(seeks(scene).slice(4)).toEqual([0, 0, 100_000, 100_000]);
});

test('a jump that was overtaken does not hide the newer one; once arrived the clock counts again', () => {
  const scene = opened();
  scene.press('replay.forward', 'replay.forward');
  at(scene, startMs + 2000, true);
  scene.press('replay.forward');
  at(scene, startMs + 6010, true);
  at(scene, startMs + 9000, false);
  scene.press('replay.forward');
  expect(seeks(scene)).toEqual([2000, 4000, 6000, 11_000]);
});

test('speed and pause pressed in a row add up too', () => {
  const scene = opened();
  scene.press('replay.faster', 'replay.faster', 'replay.slower', 'replay.pause', 'replay.pause');
  expect(scene.effects.slice(-5)).toEqual([
    { type: 'replay.speed', speed: 2 },
    { type: 'replay.speed', speed: 5 },
    { type: 'replay.speed', speed: 2 },
    { type: 'replay.pause', paused: false },
    { type: 'replay.pause', paused: true },
  ]);
});

test('undo in a recording is refused in words, without a dialog', () => {
  const scene = opened();
  scene.press('policy.undo');
  expect(scene.state().dialogs).toEqual([]);
  expect(messageLine(scene.state(), scene.session.data)?.text).toMatch(/This is a recording/);
});
