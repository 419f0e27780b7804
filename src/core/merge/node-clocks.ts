// How far each node's clock is from ours, by the times in its greetings and statuses: the least of (heard - said) is the difference and
// the shortest way. Orders events; never changes what they say. Reads no clock.

/** Clocks by node. */
export interface NodeClocks {
  /** A frame that said `saidMs` (epoch ms of the node) was heard at `heardMs` (ours). */
  hear(node: string, saidMs: number, heardMs: number): void;
  /** What to add to a time of the node to have ours, ms; 0 while nothing is known. */
  offsetMs(node: string): number;
  /** A sentence for each node that is off by more than `toldMs`, at most `most` of them. */
  sentences(toldMs: number, most: number): readonly string[];
  forget(node: string): void;
}

/** A clock that is set right counts as right after twice this. */
const spanMs = 60_000;

interface Clock {
  /** Least difference of this span and of the one before. */
  least: number;
  before: number;
  sinceMs: number;
}

const offsetOf = ({ least, before }: Clock): number => Math.min(least, before);

const sentenceOf = (node: string, offsetMs: number): string => {
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  return `The clock of node ${node} is ${seconds} s ${offsetMs > 0 ? 'behind' : 'ahead of'} the hub's.`;
};

/** No clock known. */
export function createNodeClocks(): NodeClocks {
  const clocks = new Map<string, Clock>();
  return {
    hear(node, saidMs, heardMs) {
      const difference = heardMs - saidMs;
      if (!Number.isFinite(difference)) return;
      const clock = clocks.get(node);
      if (clock === undefined) {
        clocks.set(node, { least: difference, before: Infinity, sinceMs: heardMs });
      } else if (heardMs - clock.sinceMs >= spanMs) {
        clock.before = heardMs - clock.sinceMs >= 2 * spanMs ? Infinity : clock.least;
        clock.least = difference;
        clock.sinceMs = heardMs;
      } else clock.least = Math.min(clock.least, difference);
    },
    offsetMs(node) {
      const clock = clocks.get(node);
      return clock === undefined ? 0 : offsetOf(clock);
    },
    sentences: (toldMs, most) =>
      [...clocks]
        .map(([node, clock]) => ({ node, offsetMs: offsetOf(clock) }))
        .filter(({ offsetMs }) => Math.abs(offsetMs) > toldMs)
        .sort((a, b) => Math.abs(b.offsetMs) - Math.abs(a.offsetMs))
        .slice(0, most)
        .map(({ node, offsetMs }) => sentenceOf(node, offsetMs)),
    forget: (node) => void clocks.delete(node),
  };
}
