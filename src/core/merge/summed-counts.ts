// Counts that each agent keeps for itself, summed so that no sum falls: what an agent had counted before it started anew, or before its
// node left, stays in. Knows nothing of what is counted.

/** One sum over the nodes. */
export interface SummedCount {
  /** What the node says now; less than before means that it counts afresh. */
  set(node: string, count: number): void;
  /** The node counts from 0 again; what it had stays. */
  restart(node: string): void;
  readonly total: () => number;
}

/** Nothing counted. */
export function createSummedCount(): SummedCount {
  const current = new Map<string, number>();
  let settled = 0;
  let running = 0;
  const restart = (node: string): void => {
    const last = current.get(node) ?? 0;
    settled += last;
    running -= last;
    current.delete(node);
  };
  return {
    set(node, count) {
      if (count < (current.get(node) ?? 0)) restart(node);
      running += count - (current.get(node) ?? 0);
      current.set(node, count);
    },
    restart,
    total: () => settled + running,
  };
}
