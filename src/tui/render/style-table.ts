// Interned looks: a style id is an index into a list of SGR parameter strings. Knows no terminal and no theme.
import type { StyleId } from './draw-context.ts';

/** Looks by number, so that a cell holds two bytes of style; a number once given keeps its look. */
export interface StyleTable {
  /** Id of a look given as SGR parameters such as `1;31`; '' is plain and always 0. */
  intern(parameters: string): StyleId;
  /** Its SGR parameters. */
  parameters(style: StyleId): string;
  readonly size: number;
}

/** Most looks one table holds; beyond it everything new is plain. Cells store ids as 16 bits. */
export const styleLimit = 65_535;

/** An empty table with plain as 0. */
export function createStyleTable(): StyleTable {
  const list: string[] = [''];
  const ids = new Map<string, StyleId>([['', 0]]);
  return {
    intern(parameters) {
      const known = ids.get(parameters);
      if (known !== undefined) return known;
      if (list.length >= styleLimit) return 0;
      ids.set(parameters, list.length);
      return list.push(parameters) - 1;
    },
    parameters: (style) => list[style] ?? '',
    get size() {
      return list.length;
    },
  };
}
