// Where in a YAML text a field stands, so that a rejection points at the field and not at the file. Pure.
import { isMap, isPair, isScalar, isSeq, type ParsedNode } from 'yaml';

/** Where the deepest part of the path that exists begins: the key of a field, the item of a list. */
export function offsetOf(contents: ParsedNode, path: readonly (string | number)[]): number {
  let node: unknown = contents;
  let offset = contents.range[0];
  for (const step of path) {
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === step);
      if (isScalar(pair?.key)) offset = pair.key.range?.[0] ?? offset;
      next = pair?.value;
    } else if (isSeq(node) && typeof step === 'number') {
      next = node.items[step];
      if (isMap(next) || isSeq(next) || isScalar(next)) offset = next.range?.[0] ?? offset;
    }
    if (next === undefined || next === null) break;
    node = next;
  }
  return offset;
}
