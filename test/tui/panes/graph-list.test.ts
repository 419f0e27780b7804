// The graph as a list: its columns stand under each other, whatever the names are made of.
import { expect, test } from 'vitest';
import { cellWidth } from '../../../src/tui/render/visible.ts';
import { sceneFlows, stage } from './scene.ts';

test('names of wide characters do not push the arrows and figures of their row aside', () => {
  const scene = stage(80, 24);
  const [flow] = sceneFlows(1);
  if (!flow) throw new Error('no flow in the scene');
  const wide = { ...flow, id: 'wide', source: { ...flow.source, workload: '会計サービス' } };
  scene.feed([...sceneFlows(60), wide]);
  scene.press('screen.graph', 'view.cycle');
  const rows = scene
    .screen()
    .split('\n')
    .filter((row) => row.includes(' → '));
  const arrows = rows.map((row) => cellWidth(row.slice(0, row.indexOf(' → '))));
  const rates = rows.map((row) => cellWidth(row.slice(0, row.indexOf('/s'))));
  expect(rows.some((row) => row.includes('会計サービス'))).toBe(true);
  expect(new Set(arrows).size).toBe(1);
  expect(new Set(rates).size).toBe(1);
});
