// Whether a context's name says that it is the one that must not be touched by accident. A guess from a name: it warns, and decides nothing.

/** `prod`, `prd` and `production`, also within a word (`eksprod`), but not `product…`, `non-prod` and `pre-prod`. */
export const isProductionContext = (name: string): boolean =>
  /(?<!non[-_.]?|pre[-_.]?)prod(?!uct(?!ion))|\bprd\b/i.test(name.replaceAll('_', '-'));
