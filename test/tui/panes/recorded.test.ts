// Golden screens from a real recording (`demo --seed 7`, 21 s, one block made during it): what the parts say to each other,
// not what a test made up, drawn at both sizes.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openReplay } from '../../../src/io/recording/replay-feed.ts';
import type { Stage } from './scene.ts';
import { stage } from './scene.ts';

async function atTheEnd(columns: number, rows: number): Promise<Stage> {
  const feed = await openReplay(join(import.meta.dirname, 'session.adr'), { paused: true });
  const scene = stage(columns, rows, { kind: 'replay' });
  let endMs = 0;
  feed.start((message) => {
    if (message.type === 'position') endMs = message.position.endMs;
    scene.send({ type: 'feed', message, nowMs: scene.state().nowMs });
  });
  await feed.settled();
  feed.replay.seek(endMs);
  await feed.settled();
  await feed.close();
  return scene;
}

const screens: Readonly<Record<string, (scene: Stage) => void>> = {
  flows: () => undefined,
  graph: (scene) => scene.press('screen.graph'),
  findings: (scene) => scene.press('screen.findings'),
  policies: (scene) => scene.press('screen.policies'),
  block: (scene) => {
    scene.press('screen.findings', 'flow.block');
    scene.preview();
  },
};

for (const [columns, rows] of [
  [80, 24],
  [200, 50],
] as const)
  for (const [name, act] of Object.entries(screens))
    test(`the recorded session's ${name} screen at ${columns}x${rows} is as it was approved`, async () => {
      const scene = await atTheEnd(columns, rows);
      act(scene);
      await expect(`${scene.screen()}\n`).toMatchFileSnapshot(
        join(import.meta.dirname, 'golden', `recorded-${name}-${columns}x${rows}.txt`),
      );
    });

test('what the recorded policy refused is what its tally says', async () => {
  const scene = await atTheEnd(80, 24);
  const [policy] = scene.session.data.policies.list;
  const refused = [...scene.session.flows.held()].filter((flow) => flow.verdict.policy === policy?.name);
  expect(policy?.state).toBe('active');
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.every((flow) => flow.source.workload === 'scanner' && flow.response?.status === 403)).toBe(
    true,
  );
});
