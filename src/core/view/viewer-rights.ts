// What a person may see, as the API server answered for each namespace. Pure words; who asks, and how long an answer holds, is the
// shell's business.

/** Answers for one person. '' as a namespace stands for what has none: nodes, the world, the unknown, cluster-wide policies. */
export interface ViewerRights {
  /** `watch flows`. */
  readonly flows: (namespace: string) => boolean;
  /** `watch findings`. */
  readonly findings: (namespace: string) => boolean;
  /** `get bodies`: bodies (masked), and the values of headers and queries. */
  readonly bodies: (namespace: string) => boolean;
}

/** How two ends are seen. */
export interface SeenEnds {
  readonly source: boolean;
  readonly destination: boolean;
}

/** Namespaces of the ends that have one, each once; [''] when none has. */
export function namespacesOf(...ends: readonly (string | undefined)[]): readonly string[] {
  const named = new Set(ends.filter((namespace) => namespace !== undefined && namespace !== ''));
  return named.size === 0 ? [''] : [...named].filter((namespace) => namespace !== undefined);
}

/**
 * Which ends are seen in full, or undefined when nothing of it may be seen. An end without a namespace belongs to nobody: it is seen with
 * the other one; where both have none, it takes the right for ''.
 */
export function seenEnds(
  may: (namespace: string) => boolean,
  source: string,
  destination: string | undefined,
): SeenEnds | undefined {
  if (!namespacesOf(source, destination).some(may)) return undefined;
  return {
    source: source === '' || may(source),
    destination: destination === undefined || destination === '' || may(destination),
  };
}
