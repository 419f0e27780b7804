// What could stand at the cursor of a filter: field names, then the values of that field. Pure; the caller knows the names seen.
import { fieldRow, fieldRows } from './filter.ts';
import type { FilterField } from './filter.ts';

/** A proposal: put `insert` in place of `[start, end)`. */
export interface Completion {
  readonly insert: string;
  readonly label: string;
  readonly hint: string;
  readonly start: number;
  readonly end: number;
}

/** Most proposals returned. */
export const completionLimit = 20;

/** Names seen in the data for a field, most useful first. */
export type KnownValues = (field: FilterField) => readonly string[];

const needsQuotes = /[\s(),"]/;
const quote = (value: string): string =>
  needsQuotes.test(value) ? `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : value;

function valueCompletions(
  field: FilterField,
  { typed, ...span }: { readonly typed: string; readonly start: number; readonly end: number },
  known: KnownValues,
): Completion[] {
  const row = fieldRow(field);
  const values = [...(row?.closed ?? row?.offers ?? []), ...known(field)];
  const wanted = typed.toLowerCase();
  return [...new Set(values)]
    .filter((value) => value.toLowerCase().startsWith(wanted))
    .slice(0, completionLimit)
    .map((value) => ({ insert: quote(value) + ' ', label: value, hint: row?.hint ?? '', ...span }));
}

/** Proposals for `text` with the cursor at offset `cursor`, best first. */
export function completeFilter(text: string, cursor: number, known: KnownValues): readonly Completion[] {
  const before = text.slice(0, cursor);
  const word = /[^\s()]*$/.exec(before)?.[0] ?? '';
  const bang = word.startsWith('!') ? 1 : 0;
  const start = cursor - word.length + bang;
  const term = word.slice(bang);
  const split = /^([A-Za-z][A-Za-z0-9_-]*)(>=|<=|!=|[:=<>])/.exec(term);
  const row = split?.[1] === undefined ? undefined : fieldRow(split[1]);
  if (split && row) {
    const comma = term.lastIndexOf(',');
    const from = Math.max(split[0].length, comma + 1);
    const value = { typed: term.slice(from), start: start + from, end: cursor };
    return valueCompletions(row.field, value, known);
  }
  const wanted = term.toLowerCase();
  return fieldRows
    .filter((each) => each.field.startsWith(wanted))
    .map((each) => {
      const operator =
        each.kind === 'text' || each.kind === 'header' ? ':' : each.kind === 'duration' ? '>' : '>=';
      return { insert: each.field + operator, label: each.field, hint: each.hint, start, end: cursor };
    });
}
