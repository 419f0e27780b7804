// Where a screen begins: findings and policies in an order of one's own, the matrix on a cell with something in it.
import { expect, test } from 'vitest';
import { cursorEdge } from '../../../src/tui/state/graph-selectors.ts';
import { cursorFinding, shownFindings } from '../../../src/tui/state/list-cursor.ts';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import { sampleEndpoint, sampleFlow } from '../../helpers/sample-flow.ts';
import { activePolicy, finding, rejectedPolicy, sceneFlows, stage } from '../panes/scene.ts';
import type { Stage } from '../panes/scene.ts';

const seldom = { ...finding, id: 'seldom', title: 'Aardvark', severity: 'low', count: 3 } as const;
const often = { ...finding, id: 'often', title: 'Zebra', severity: 'medium', count: 9000 } as const;

function listed(columns = 80): Stage {
  const scene = stage(columns, 24);
  scene.feed([...sceneFlows(20), finding, seldom, often, activePolicy, rejectedPolicy]);
  return scene;
}

const order = (scene: Stage): readonly string[] =>
  shownFindings(scene.state(), scene.session.data).map(({ id }) => id);

/** Presses the key until the findings are sorted by `column`; at most as often as there are columns. */
function sortBy(scene: Stage, column: string): void {
  for (let press = 0; press < 10 && scene.state().findings.sort?.column !== column; press++)
    scene.press('view.sort');
}

test('findings begin with the most severe, and come back to that after the last column', () => {
  const scene = listed();
  scene.press('screen.findings');
  const own = order(scene);
  expect(own).toEqual([finding.id, 'often', 'seldom']);
  sortBy(scene, 'last');
  scene.press('view.sort');
  expect(scene.state().findings.sort).toBeUndefined();
  expect(scene.state().notice?.text).toBe('In their own order again: most severe first.');
  expect(order(scene)).toEqual(own);
});

test('findings sort by a column, either way round, and later ones fall into place', () => {
  const scene = listed();
  scene.press('screen.findings');
  sortBy(scene, 'count');
  expect(order(scene)).toEqual(['often', finding.id, 'seldom']);
  scene.press('view.reverse');
  expect(order(scene)).toEqual(['seldom', finding.id, 'often']);
  scene.feed([{ ...seldom, id: 'never', count: 1 }]);
  expect(order(scene)).toEqual(['never', 'seldom', finding.id, 'often']);
});

test('the cursor stays on its finding when the order changes', () => {
  const scene = listed();
  scene.press('screen.findings', 'move.down');
  expect(cursorFinding(scene.state(), scene.session.data)?.id).toBe('often');
  sortBy(scene, 'title');
  expect(order(scene)).toEqual(['seldom', finding.id, 'often']);
  expect(cursorFinding(scene.state(), scene.session.data)?.id).toBe('often');
});

test('sorting findings leaves the flows in their order', () => {
  const scene = listed();
  const before = scene.state().flows.sort;
  scene.press('screen.findings', 'view.sort', 'view.reverse');
  expect(scene.state().flows.sort).toEqual(before);
});

test('without a chosen column there is nothing to reverse, and that is said', () => {
  const scene = listed();
  scene.press('screen.policies', 'view.reverse');
  expect(scene.state().notice?.text).toBe('Sort (s) by a column first.');
});

test('the column that a table is sorted by is shown with its mark however narrow the screen', () => {
  const scene = stage(60, 24);
  scene.feed([...sceneFlows(20), finding, activePolicy, rejectedPolicy]);
  scene.press('screen.findings');
  sortBy(scene, 'first');
  expect(scene.screen().split('\n')[2]).toContain('FIRST▼');
  scene.press('screen.policies', 'view.sort', 'view.sort', 'view.sort');
  expect(scene.screen().split('\n')[2]).toContain('STATE▲');
  scene.press('screen.flows');
  for (let press = 0; press < 12 && scene.state().flows.sort.column !== 'in'; press++)
    scene.press('view.sort');
  expect(scene.screen().split('\n')[2]).toContain('REQ▼');
});

test('words begin with A, numbers and times with the greatest', () => {
  const scene = listed();
  scene.press('screen.findings');
  const seen = new Map<string, boolean>();
  for (let press = 0; press < 8; press++) {
    scene.press('view.sort');
    const { sort } = scene.state().findings;
    if (sort) seen.set(sort.column, sort.descending);
  }
  expect(Object.fromEntries(seen)).toEqual({
    severity: true,
    title: false,
    who: false,
    route: false,
    count: true,
    confidence: true,
    first: true,
    last: true,
  });
});

test('the matrix opens on traffic although the busiest caller never calls the busiest destination', () => {
  const scene = stage(80, 24);
  const calls = (from: string, to: string, count: number): FlowEvent[] =>
    Array.from({ length: count }, (_, index) =>
      sampleFlow({
        id: `${from}-${to}-${index}`,
        source: sampleEndpoint(from),
        destination: sampleEndpoint(to),
      }),
    );
  scene.feed([...calls('web', 'cart', 5), ...calls('web', 'orders', 4), ...calls('nightly', 'users', 6)]);
  scene.press('screen.graph', 'view.cycle', 'view.cycle');
  expect(scene.state().graph.view).toBe('matrix');
  const edge = cursorEdge(scene.state(), scene.session.data);
  expect([edge?.from.workload, edge?.to.workload]).toEqual(['web', 'cart']);
});
