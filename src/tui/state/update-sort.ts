// The orders of the tables: flows are sorted by the store, findings and policies as they are read.
import type { Column } from '../columns/column.ts';
import { findingColumns } from '../columns/finding-columns.ts';
import { flowSorts } from '../columns/flow-columns.ts';
import { policyColumns } from '../columns/policy-columns.ts';
import type { Handler } from './handler.ts';
import { next, withNotice } from './handler.ts';
import { withKey } from './key-hint.ts';
import type { Effect, Next } from './msg.ts';
import type { AppState, Sort } from './state.ts';

/** Have the store take the sorted picture of the flows anew. */
export function sortEffect(state: AppState): Effect {
  return { type: 'store.sort', sort: state.flows.sort, heldAt: state.flows.heldAt };
}

function sorted(state: AppState, sort: Sort): Next<AppState> {
  const changed = { ...state, flows: { ...state.flows, sort } };
  return next(changed, sortEffect(changed));
}

const sortable = (columns: readonly Pick<Column<never>, 'id' | 'sortKey'>[]): readonly string[] =>
  columns.filter(({ sortKey }) => sortKey !== undefined).map(({ id }) => id);

/** Columns that a list can be sorted by, in the order of the key; after the last comes its own order. */
const listSorts = { findings: sortable(findingColumns), policies: sortable(policyColumns) };
const ownOrder = { findings: 'most severe first', policies: 'those in force first' };

/** Sort the screen's table by its next column; findings and policies come back to their own order after the last. */
export const nextSort: Handler = (state) => {
  const { screen } = state;
  if (screen === 'graph') return next(state);
  if (screen === 'flows') {
    const at = flowSorts.indexOf(state.flows.sort.column) + 1;
    return sorted(state, { column: flowSorts[at % flowSorts.length] ?? 'time', descending: true });
  }
  const list = state[screen];
  const column = listSorts[screen][list.sort ? listSorts[screen].indexOf(list.sort.column) + 1 : 0];
  if (column !== undefined)
    return next({ ...state, [screen]: { ...list, sort: { column, descending: true } } });
  const own = { ...state, [screen]: { ...list, sort: undefined } };
  return next(withNotice(own, 'info', `In their own order again: ${ownOrder[screen]}.`));
};

/** Turn the order of the screen's table round. */
export const reverse: Handler = (state) => {
  const { screen } = state;
  if (screen === 'graph') return next(state);
  const list = state[screen];
  if (!list.sort)
    return next(withNotice(state, 'info', `${withKey(state, 'Sort', 'view.sort')} by a column first.`));
  const sort = { ...list.sort, descending: !list.sort.descending };
  return screen === 'flows' ? sorted(state, sort) : next({ ...state, [screen]: { ...list, sort } });
};
