// Which of so many places holds a key: a set of strings that keeps none of them, for the tens of thousands of ids that come and
// go while a stream is watched. Typed arrays only, nothing for the collector. Knows no event.

/** Keys by place. A key is known by 64 bits of hash: of 100,000 keys two are alike once in four thousand million sets. */
export interface KeyPlaces {
  /** The place of a key, -1 when it has none. */
  placeOf(key: string): number;
  /** Puts a key that has no place into an empty one, 0 to capacity - 1. */
  put(place: number, key: string): void;
  /** Empties a place. */
  empty(place: number): void;
  clear(): void;
}

/** Two hashes of one text, kept here instead of being returned as an object. */
interface Hashes {
  first: number;
  second: number;
}

/** Multiply and xor by two odd numbers of good spread, and a last mix so that near texts lie far apart. */
function hash(text: string, into: Hashes): void {
  let first = 0x811c9dc5;
  let second = 0x2f0b4c47;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    first = Math.imul(first ^ code, 0x01000193);
    second = Math.imul(second ^ code, 0x5bd1e995) ^ (second >>> 15);
  }
  first = Math.imul(first ^ (first >>> 16), 0x85ebca6b);
  into.first = first ^ (first >>> 13);
  into.second = second ^ (second >>> 16);
}

/** Hashes by place, and a table of places by hash: linear probing, at most half full. */
interface Places {
  readonly mask: number;
  /** Place + 1, 0 when empty. */
  readonly table: Int32Array;
  readonly firsts: Int32Array;
  readonly seconds: Int32Array;
  readonly hashes: Hashes;
}

function createPlaces(capacity: number): Places {
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, capacity * 2)));
  return {
    mask: size - 1,
    table: new Int32Array(size),
    firsts: new Int32Array(capacity),
    seconds: new Int32Array(capacity),
    hashes: { first: 0, second: 0 },
  };
}

const homeOf = ({ firsts, mask }: Places, place: number): number => (firsts[place] ?? 0) & mask;

function placeOf({ table, mask, firsts, seconds, hashes }: Places, key: string): number {
  hash(key, hashes);
  for (let at = hashes.first & mask; ; at = (at + 1) & mask) {
    const place = (table[at] ?? 0) - 1;
    if (place < 0) return -1;
    if (firsts[place] === hashes.first && seconds[place] === hashes.second) return place;
  }
}

function put({ table, mask, firsts, seconds, hashes }: Places, place: number, key: string): void {
  hash(key, hashes);
  firsts[place] = hashes.first;
  seconds[place] = hashes.second;
  let at = hashes.first & mask;
  while (table[at] !== 0) at = (at + 1) & mask;
  table[at] = place + 1;
}

/** What is emptied is closed by moving later ones up, so no marks remain. */
function closeGap(places: Places, emptied: number): void {
  const { table, mask } = places;
  let gap = emptied;
  for (let at = (gap + 1) & mask; table[at] !== 0; at = (at + 1) & mask) {
    const home = homeOf(places, (table[at] ?? 0) - 1);
    // It may move up unless its home lies behind the gap.
    if (((at - home) & mask) < ((at - gap) & mask)) continue;
    table[gap] = table[at] ?? 0;
    gap = at;
  }
  table[gap] = 0;
}

function empty(places: Places, place: number): void {
  const { table, mask } = places;
  let at = homeOf(places, place);
  while (table[at] !== place + 1) {
    if (table[at] === 0) return;
    at = (at + 1) & mask;
  }
  closeGap(places, at);
}

/** Room for `capacity` keys; all of it is allocated at once. */
export function createKeyPlaces(capacity: number): KeyPlaces {
  const places = createPlaces(capacity);
  return {
    placeOf: (key) => placeOf(places, key),
    put: (place, key) => put(places, place, key),
    empty: (place) => empty(places, place),
    clear: () => void places.table.fill(0),
  };
}
