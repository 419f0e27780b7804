// Findings and policies as they are shown: their order, and the cursor, held by key so that it stays on its item when the
// list is reordered.
import type { FindingEvent, PolicyEvent } from '../../core/model/event.ts';
import { policyName } from '../../core/model/brand.ts';
import type { Column } from '../columns/column.ts';
import { findingColumns } from '../columns/finding-columns.ts';
import type { PolicyRow } from '../columns/policy-columns.ts';
import { policyColumns } from '../columns/policy-columns.ts';
import type { DataView } from './data-view.ts';
import { clamp } from './handler.ts';
import type { ListOrder } from './list-order.ts';
import { policyObject } from './policy-store.ts';
import type { AppState, ListState, Sort } from './state.ts';

/** Index of the cursor in a list of keys, -1 when it is empty. */
export function listIndex(keys: readonly string[], list: ListState): number {
  if (keys.length === 0) return -1;
  const found = list.selected === undefined ? -1 : keys.indexOf(list.selected);
  return found >= 0 ? found : clamp(list.row, 0, keys.length - 1);
}

/** The cursor moved by rows. */
export function movedList(keys: readonly string[], list: ListState, by: number): ListState {
  if (keys.length === 0) return { ...list, selected: undefined, row: 0 };
  const index = clamp(listIndex(keys, list) + by, 0, keys.length - 1);
  return { ...list, selected: keys[index], row: index };
}

/** The order that a person chose, by that column's key; undefined while it is the list's own. */
function orderOf<Row, Item>(
  sort: Sort | undefined,
  columns: readonly Column<Row>[],
  rowOf: (item: Item) => Row,
): ListOrder<Item> | undefined {
  const key = sort && columns.find(({ id }) => id === sort.column)?.sortKey;
  return sort && key && { id: sort.column, descending: sort.descending, key: (item) => key(rowOf(item)) };
}

/** The findings in display order. */
export function shownFindings(state: AppState, data: DataView): readonly FindingEvent[] {
  return data.findings.ordered(
    orderOf(state.findings.sort, findingColumns, (finding: FindingEvent) => finding),
  );
}

/** A policy with what is known of it. */
export function policyRow(event: PolicyEvent, data: DataView): PolicyRow {
  return { event, policy: policyObject(event), tally: data.flows.tally(policyName(event.name)) };
}

/** The policies in display order. */
export function shownPolicies(state: AppState, data: DataView): readonly PolicyEvent[] {
  const order = orderOf(state.policies.sort, policyColumns, (event: PolicyEvent) => policyRow(event, data));
  return data.policies.ordered(order);
}

/** Keys of the findings in display order. */
export function findingKeys(state: AppState, data: DataView): readonly string[] {
  return shownFindings(state, data).map((finding) => finding.id);
}

/** Keys of the policies in display order. */
export function policyKeys(state: AppState, data: DataView): readonly string[] {
  return shownPolicies(state, data).map((policy) => policy.name);
}

/** The finding under the cursor. */
export function cursorFinding(state: AppState, data: DataView): FindingEvent | undefined {
  return shownFindings(state, data)[listIndex(findingKeys(state, data), state.findings)];
}

/** The policy under the cursor. */
export function cursorPolicy(state: AppState, data: DataView): PolicyEvent | undefined {
  return shownPolicies(state, data)[listIndex(policyKeys(state, data), state.policies)];
}
