// The one source of chance in the demo: a small seeded generator with named sub-streams, so that adding a draw in one
// place does not move every other. Not for secrets. Knows nothing of the shop.

/** A generator whose draws depend on its seed only. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Whole number, both ends included. */
  int(from: number, to: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One element; throws on an empty list, which is our own bug. */
  pick<T>(list: readonly T[]): T;
  /** A new array in random order. */
  shuffle<T>(list: readonly T[]): T[];
  /** An independent generator that depends on the seed and the name only, not on draws made so far. */
  fork(name: string): Random;
}

/** FNV-1a over UTF-16 units: spreads names into seeds. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}

/** mulberry32: 32 bits of state, passes what a demo needs, the same on every machine. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A generator from a seed (any finite number; its text is what counts, so 1 and 1.0 are one seed). */
export function createRandom(seed: number): Random {
  return fromKey(String(seed));
}

function fromKey(key: string): Random {
  const next = generator(hash(key));
  const int = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: <T>(list: readonly T[]): T => {
      const found = list[int(0, list.length - 1)];
      if (found === undefined) throw new Error('pick from an empty list');
      return found;
    },
    shuffle: <T>(list: readonly T[]): T[] => {
      const keyed = list.map((item) => ({ item, order: next() }));
      keyed.sort((a, b) => a.order - b.order);
      return keyed.map(({ item }) => item);
    },
    fork: (name) => fromKey(`${key}/${name}`),
  };
}
