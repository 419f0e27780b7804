// The ways into one policy's HTTP match: which of its values become part of the hash key, so that a lookup finds few
// policies however many share a path, a host, a method or a header. What is not in the key is verified after the lookup.
import { rowKey } from './row-key.ts';
import { shapeHeader, shapeHost, shapeMethod } from './table-layout.ts';

/** Rows one policy may have beyond its path patterns: lists that would multiply past this stay out of the key. */
export const maxRowsPerPolicy = 256;

/** One exact value a request can have, with the rule that names it. */
export interface Way {
  readonly value: number;
  readonly rule: number;
}

/** The ways into a policy by each field of its match; an absent field is not asked for. */
export interface HttpWays {
  /** Pattern ids; `[{value: 0}]` when any path will do. */
  readonly paths: readonly Way[];
  readonly methods: readonly Way[] | undefined;
  readonly hosts: readonly Way[] | undefined;
  /** The most selective header condition, as `headerKey`s. */
  readonly header: readonly Way[] | undefined;
}

/** One way into a policy: a combination of one way of each field. */
export interface Row {
  readonly key: number;
  readonly rule: number;
  readonly pattern: number;
  readonly shape: number;
}

/** Rows of one policy; `plainRule` is named when no field of HTTP decides. */
export function rowsOf(ways: HttpWays, plainRule: number): Row[] {
  const shape = shapeOf(ways);
  const inKey = (bit: number, list: readonly Way[] | undefined): readonly (Way | undefined)[] =>
    (shape & bit) === 0 ? [undefined] : (list ?? [undefined]);
  const anyPath = ways.paths.length === 1 && ways.paths[0]?.value === 0;
  const rows: Row[] = [];
  for (const path of ways.paths)
    for (const method of inKey(shapeMethod, ways.methods))
      for (const host of inKey(shapeHost, ways.hosts))
        for (const header of inKey(shapeHeader, ways.header)) {
          const decided = anyPath ? (header ?? host ?? method ?? fallback(ways))?.rule : path.rule;
          rows.push({
            key: rowKey(path.value, shape, method?.value ?? 0, host?.value ?? 0, header?.value ?? 0),
            rule: decided ?? plainRule,
            pattern: path.value,
            shape,
          });
        }
  return rows;
}

/** The rule to name when every list is too long for the key: the first of the most telling list. */
const fallback = (ways: HttpWays): Way | undefined =>
  ways.header?.[0] ?? ways.hosts?.[0] ?? ways.methods?.[0];

/** Takes the shortest lists first: they are the most selective, and multiply least. */
function shapeOf(ways: HttpWays): number {
  const lists = [
    { bit: shapeHeader, list: ways.header },
    { bit: shapeHost, list: ways.hosts },
    { bit: shapeMethod, list: ways.methods },
  ]
    .filter(({ list }) => list !== undefined)
    .sort((a, b) => (a.list?.length ?? 0) - (b.list?.length ?? 0));
  let shape = 0;
  let rows = ways.paths.length;
  for (const { bit, list } of lists) {
    if (rows * (list?.length ?? 1) > maxRowsPerPolicy) continue;
    rows *= list?.length ?? 1;
    shape |= bit;
  }
  return shape;
}
