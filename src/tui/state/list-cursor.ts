// The cursor of findings and policies: held by key, so that it stays on its item when the list is reordered.
import type { FindingEvent, PolicyEvent } from '../../core/model/event.ts';
import type { DataView } from './data-view.ts';
import { clamp } from './handler.ts';
import type { AppState, ListState } from './state.ts';

/** Index of the cursor in a list of keys, -1 when it is empty. */
export function listIndex(keys: readonly string[], list: ListState): number {
  if (keys.length === 0) return -1;
  const found = list.selected === undefined ? -1 : keys.indexOf(list.selected);
  return found >= 0 ? found : clamp(list.row, 0, keys.length - 1);
}

/** The cursor moved by rows. */
export function movedList(keys: readonly string[], list: ListState, by: number): ListState {
  if (keys.length === 0) return { selected: undefined, row: 0 };
  const index = clamp(listIndex(keys, list) + by, 0, keys.length - 1);
  return { selected: keys[index], row: index };
}

/** Keys of the findings in display order. */
export function findingKeys(data: DataView): readonly string[] {
  return data.findings.list.map((finding) => finding.id);
}

/** Keys of the policies in display order. */
export function policyKeys(data: DataView): readonly string[] {
  return data.policies.list.map((policy) => policy.name);
}

/** The finding under the cursor. */
export function cursorFinding(state: AppState, data: DataView): FindingEvent | undefined {
  return data.findings.list[listIndex(findingKeys(data), state.findings)];
}

/** The policy under the cursor. */
export function cursorPolicy(state: AppState, data: DataView): PolicyEvent | undefined {
  return data.policies.list[listIndex(policyKeys(data), state.policies)];
}
