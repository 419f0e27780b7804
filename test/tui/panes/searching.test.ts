// An empty table is only called empty when everything there is has been looked at.
import { expect, test } from 'vitest';
import { parseFilter } from '../../../src/core/filter/parse-filter.ts';
import { createGrid, drawOn, gridText } from '../../../src/tui/render/cell-grid.ts';
import { drawFlows } from '../../../src/tui/panes/flows-pane.ts';
import { createSession } from '../../../src/tui/state/session.ts';
import type { Session } from '../../../src/tui/state/session.ts';
import type { AppState } from '../../../src/tui/state/state.ts';
import { blockedFlow, stage, theme } from './scene.ts';

const text = 'from:nobody';

function filtered(session: Session): AppState {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(parsed.message);
  session.receive({ type: 'batch', events: Array.from({ length: 2000 }, (_, at) => blockedFlow(at)) });
  session.perform({ type: 'store.filter', node: parsed.node });
  const { filter, ...state } = stage(80, 24).state();
  return { ...state, filter: { ...filter, text, node: parsed.node } };
}

function shown(state: AppState, session: Session): string {
  const grid = createGrid(80, 20);
  const rect = { x: 0, y: 0, width: 80, height: 20 };
  drawFlows({ state, data: session.data, theme })(drawOn(grid, rect, false), rect);
  return gridText(grid).replaceAll(/\s+/g, ' ');
}

test('while the filter is at work it says over how much and how far, and "no flow" only at the end', () => {
  const session = createSession();
  const state = filtered(session);
  expect(shown(state, session)).toContain(`Searching 2,000 flows for ${text} … 0 %`);
  expect(session.work(500)).toBe(false);
  expect(shown(state, session)).toContain('… 25 %');
  while (!session.work(500)) expect(shown(state, session)).not.toContain('No flow matches');
  expect(shown(state, session)).toContain(`No flow matches ${text}.`);
});

test('messages that wait to be taken in, or a jump that has not arrived, keep an empty table from being called empty', () => {
  let waiting = true;
  const session = createSession({ isCatchingUp: () => waiting });
  const state = filtered(session);
  while (!session.work());
  expect(shown(state, session)).toContain(`none of the first 2,000 matches ${text} …`);
  waiting = false;
  expect(shown({ ...state, seeking: 5 }, session)).toContain('still being read');
  expect(shown(state, session)).toContain('No flow matches');
});

test('a sorted table shows what the filter found as soon as the search ends', () => {
  const session = createSession();
  const { filter, ...state } = filtered(session);
  const parsed = parseFilter('verdict:block');
  if (!parsed.ok) throw new Error(parsed.message);
  const sort = { column: 'status', descending: true };
  session.perform({ type: 'store.sort', sort, heldAt: undefined });
  session.perform({ type: 'store.filter', node: parsed.node });
  while (!session.work(500));
  const sorted = { ...state, filter: { ...filter, text: 'verdict:block' }, flows: { ...state.flows, sort } };
  expect(session.data.flows.list(undefined).size).toBe(2000);
  expect(shown(sorted, session)).toContain('BLOCK');
});
