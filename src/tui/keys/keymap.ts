// Looks keys up: the key table with a person's own keys laid over it. Refuses conflicts by name. Knows no terminal.
import { nearest } from '../../core/filter/nearest.ts';
import type { KeyContext } from '../state/key-context.ts';
import { isKeyName } from './key-name.ts';
import { keyTable } from './key-table.ts';
import type { KeyRow } from './key-table.ts';

/** Own keys by row id. */
export type KeyOverrides = ReadonlyMap<string, readonly string[]>;

/** The keys in force: the table with a person's own laid over it. */
export interface Keymap {
  readonly rows: readonly KeyRow[];
  /** The row a key means in these contexts (most specific first), or undefined. */
  find(contexts: readonly KeyContext[], key: string): KeyRow | undefined;
  /** Rows that can be reached in these contexts, each with only the keys that really lead to it. */
  reachable(contexts: readonly KeyContext[]): readonly KeyRow[];
}

/** A keymap, or why there is none. */
export type KeymapResult =
  | { readonly ok: true; readonly keymap: Keymap }
  /** All complaints, one sentence each. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** Keys that always quit and cannot be taken: the way out must never be lost. */
const reserved = new Map([['ctrl-c', 'app.quit']]);

function applyOverrides(
  rows: readonly KeyRow[],
  overrides: KeyOverrides,
  problems: string[],
): readonly KeyRow[] {
  const ids = rows.map((each) => each.id);
  for (const [id, keys] of overrides) {
    if (!ids.includes(id)) {
      const near = nearest(id, ids);
      problems.push(`There is no key named "${id}"${near === undefined ? '' : `: did you mean ${near}?`}`);
    }
    for (const key of keys) {
      if (!isKeyName(key))
        problems.push(`${id}: "${key}" is not a key; write j, G, ctrl-d, shift-tab, enter, space …`);
      const owner = reserved.get(key);
      if (owner !== undefined && owner !== id)
        problems.push(`${id}: ${key} always means ${owner} and cannot be taken.`);
    }
  }
  return rows.map((each) => {
    const keys = overrides.get(each.id);
    if (!keys) return each;
    const kept = [...reserved]
      .filter(([key, id]) => id === each.id && !keys.includes(key))
      .map(([key]) => key);
    return { ...each, keys: [...keys, ...kept] };
  });
}

function shareContext(a: KeyRow, b: KeyRow): boolean {
  return a.everywhere || b.everywhere || a.contexts.some((context) => b.contexts.includes(context));
}

/** Two rows of one context with one key, as sentences naming both. */
export function keyConflicts(rows: readonly KeyRow[]): readonly string[] {
  const found: string[] = [];
  rows.forEach((a, index) => {
    for (const b of rows.slice(index + 1)) {
      if (!shareContext(a, b)) continue;
      for (const key of a.keys)
        if (b.keys.includes(key)) found.push(`${key} would mean both ${a.id} and ${b.id}.`);
    }
  });
  return found;
}

/** Contexts that are looked up together while no dialog is open. */
const browsing: readonly KeyContext[] = [
  'flows',
  'graph',
  'findings',
  'policies',
  'detail',
  'axis',
  'replay',
  'global',
];

/** A person's key that would silently hide another row (the table's own rows may: `space` in a replay). */
function hidden(rows: readonly KeyRow[], overrides: KeyOverrides): readonly string[] {
  const browses = (row: KeyRow): boolean => row.contexts.some((context) => browsing.includes(context));
  return rows
    .filter((row) => overrides.has(row.id) && browses(row))
    .flatMap((row) =>
      rows
        .filter((other) => other !== row && browses(other) && !shareContext(row, other))
        .filter((other) => other.contexts.includes('global') || row.contexts.includes('global'))
        .flatMap((other) =>
          row.keys
            .filter((key) => other.keys.includes(key))
            .map((key) => `${key} for ${row.id} would hide or be hidden by ${other.id}.`),
        ),
    );
}

/** Contexts where printable keys are text: only named and modified keys mean something there. */
const typing: readonly KeyContext[] = ['prompt', 'field', 'palette'];

function typed(contexts: readonly KeyContext[], key: string): boolean {
  const [first] = contexts;
  return first !== undefined && typing.includes(first) && (key === 'space' || /^.$/su.test(key));
}

function index(rows: readonly KeyRow[]): ReadonlyMap<string, KeyRow> {
  const map = new Map<string, KeyRow>();
  for (const each of rows)
    for (const key of each.keys)
      for (const context of each.everywhere ? ['*'] : each.contexts) map.set(`${context} ${key}`, each);
  return map;
}

function createKeymap(rows: readonly KeyRow[]): Keymap {
  const byKey = index(rows);
  const find: Keymap['find'] = (contexts, key) => {
    if (typed(contexts, key)) return undefined;
    for (const context of contexts) {
      const found = byKey.get(`${context} ${key}`);
      if (found) return found;
    }
    return byKey.get(`* ${key}`);
  };
  return {
    rows,
    find,
    reachable: (contexts) =>
      rows.flatMap((each) => {
        const keys = each.keys.filter((key) => find(contexts, key) === each);
        return keys.length > 0 ? [{ ...each, keys }] : [];
      }),
  };
}

/** The keymap with a person's keys; every problem is collected and named. */
export function buildKeymap(
  overrides: KeyOverrides = new Map(),
  table: readonly KeyRow[] = keyTable,
): KeymapResult {
  const problems: string[] = [];
  const rows = applyOverrides(table, overrides, problems);
  problems.push(...keyConflicts(rows), ...hidden(rows, overrides));
  return problems.length > 0 ? { ok: false, problems } : { ok: true, keymap: createKeymap(rows) };
}
