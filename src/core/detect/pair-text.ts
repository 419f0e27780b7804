// Two texts joined with a blank, the same string for the same pair: joining anew for every flow would hash every key anew.

/** Longer texts, in characters, are joined anew each time: they would hoard memory. */
const longest = 512;

/**
 * Joins pairs. @param limit pairs remembered; beyond it all are forgotten at once.
 */
export function createPairTexts(limit: number): (first: string, second: string) => string {
  let known = new Map<string, Map<string, string>>();
  let size = 0;
  /** Of the pair before: mostly the first text is the same again. */
  let lastFirst: string | undefined;
  let lastSeconds: Map<string, string> | undefined;
  return (first, second) => {
    if (first !== lastFirst) {
      lastFirst = first;
      lastSeconds = known.get(first);
    }
    const hit = lastSeconds?.get(second);
    if (hit !== undefined) return hit;
    lastFirst = undefined;
    if (size >= limit) {
      known = new Map();
      size = 0;
    }
    const joined = `${first} ${second}`;
    if (joined.length > longest) return joined;
    const seconds = known.get(first);
    if (seconds) seconds.set(second, joined);
    else known.set(first, new Map([[second, joined]]));
    size += 1;
    return joined;
  };
}
