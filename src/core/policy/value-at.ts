// What stands at a path of a parsed document, for sentences that quote it. Own properties only: documents are hostile.

/** The value at `path`; undefined where the path leaves the document. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let here: unknown = value;
  for (const part of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, part)) return undefined;
    here = Reflect.get(here, part);
  }
  return here;
}
