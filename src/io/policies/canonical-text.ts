// One spelling of a JSON value, whatever the order of its keys: for telling whether two objects are the same. Pure.

/** JSON with keys in order at every level; undefined fields are absent. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(
          Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)),
        )
      : inner,
  );
}
