// The orders of the tables: flows are sorted by the store, findings and policies as they are read.
import type { Column } from '../columns/column.ts';
import { findingColumns } from '../columns/finding-columns.ts';
import { flowColumns, flowSorts } from '../columns/flow-columns.ts';
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

type Sortable = Pick<Column<never>, 'id' | 'align' | 'sortKey' | 'greatestFirst'>;

/** The order that a column begins with. */
const firstOrder = ({ id, align, greatestFirst }: Sortable): Sort => ({
  column: id,
  descending: greatestFirst ?? align === 'right',
});

const sortable = (columns: readonly Sortable[]): readonly Sort[] =>
  columns.filter(({ sortKey }) => sortKey !== undefined).map(firstOrder);

/** Orders of a list, in those of the key; after the last comes its own. */
const listSorts = { findings: sortable(findingColumns), policies: sortable(policyColumns) };
const ownOrder = { findings: 'most severe first', policies: 'those in force first' };

/** Orders of the flows, in those of the key: arrival first. */
const flowOrders = flowColumns.filter(({ id }) => flowSorts.includes(id)).map(firstOrder);

/** The order after the one with this column; the first one for none or the last. */
const following = (orders: readonly Sort[], sort: Sort | undefined): Sort | undefined =>
  orders[orders.findIndex(({ column }) => column === sort?.column) + 1];

/** Sort the screen's table by its next column; findings and policies come back to their own order after the last. */
export const nextSort: Handler = (state) => {
  const { screen } = state;
  if (screen === 'graph') return next(state);
  if (screen === 'flows') {
    const order = following(flowOrders, state.flows.sort) ?? flowOrders[0];
    return order ? sorted(state, order) : next(state);
  }
  const list = state[screen];
  const sort = following(listSorts[screen], list.sort);
  const ordered = { ...state, [screen]: { ...list, sort } };
  if (sort) return next(ordered);
  return next(withNotice(ordered, 'info', `In their own order again: ${ownOrder[screen]}.`));
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
