// The key to name in a sentence for each intent, as the person has bound it. Pure.
import type { KeyHints } from '../state/key-hint.ts';
import type { KeyRow } from './key-table.ts';

/** Rows of the focused time axis only are the last to be named: its keys mean something else everywhere else. */
const isConfined = ({ contexts }: KeyRow): boolean => contexts.every((context) => context === 'axis');

/** The first key of the first row that has one. */
export function keyHints(rows: readonly KeyRow[]): KeyHints {
  const hints = new Map<string, string>();
  const general = rows.filter((row) => !isConfined(row));
  for (const { intent, keys } of [...general, ...rows]) {
    const [key] = keys;
    if (key !== undefined && !hints.has(intent)) hints.set(intent, key);
  }
  return Object.fromEntries(hints);
}
