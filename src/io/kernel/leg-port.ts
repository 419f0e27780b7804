// Which local port the agent's own leg takes where it cannot keep the client's (mode ct). Pure.

/**
 * Ports that clients do not choose by themselves: outside Linux's default range of own ports (32768-60999), above those that services
 * commonly listen on. A client that is behind masquerading may still use one (in-pod.md, 2).
 */
const ranges = [
  { first: 16_384, last: 32_767 },
  { first: 61_000, last: 65_535 },
] as const;

const sizes = ranges.map(({ first, last }) => last - first + 1);
const total = sizes.reduce((sum, size) => sum + size, 0);

/** Ports tried for one connection before it is refused: so many in a row are taken only by tens of thousands of connections. */
export const portTries = 32;

/** The `step`th port of an endless round through them. */
export function legPort(step: number): number {
  let at = step % total;
  for (const [index, { first }] of ranges.entries()) {
    const size = sizes[index] ?? 0;
    if (at < size) return first + at;
    at -= size;
  }
  return ranges[0].first;
}
