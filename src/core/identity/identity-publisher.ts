// The hub's side of who is who: the content with its hash, each change as a delta, the whole as a snapshot that is made once for all who
// ask. An agent goes on from any content that this hub has had lately, whichever replica it had it from. Knows no socket.
import { createContentHash, type ContentHash } from './content-hash.ts';
import { encodeFrame } from './encode-frame.ts';
import { entryKey, entryText, type EntryChange, type IdentityEntry } from './identity-entry.ts';
import { isTellable } from './identity-frame.ts';

/** What to send to an agent, in order. */
export interface IdentityUpdate {
  readonly type: 'current' | 'deltas' | 'snapshot';
  readonly frames: readonly Uint8Array[];
}

/** Tells agents who is who. */
export interface IdentityPublisher {
  /** Takes changes in; returns the delta for everyone who is current, undefined when nothing is different. */
  apply(changes: readonly EntryChange[]): Uint8Array | undefined;
  /** What brings an agent whose content has this hash up to date; undefined: it has none. */
  since(hash: string | undefined): IdentityUpdate;
  readonly hash: () => string;
  readonly generation: () => number;
  readonly size: () => number;
  /** Entries that do not keep the bounds, now: they stay unknown to agents. */
  readonly untold: () => number;
}

/** How much of the past is kept as deltas. */
export interface PublisherLimits {
  readonly deltas: number;
  readonly deltaBytes: number;
}

/** Beyond this a snapshot is cheaper than its history. */
export const publisherLimits: PublisherLimits = { deltas: 512, deltaBytes: 1024 * 1024 };

interface Kept {
  readonly base: string;
  readonly bytes: Uint8Array;
}

interface Book {
  readonly epoch: string;
  readonly limits: PublisherLimits;
  readonly content: Map<string, IdentityEntry>;
  readonly hash: ContentHash;
  readonly untold: Set<string>;
  generation: number;
  deltas: Kept[];
  deltaBytes: number;
  snapshot: Uint8Array | undefined;
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const inOrder = (entries: Iterable<IdentityEntry>): IdentityEntry[] =>
  [...entries]
    .map((entry) => ({ key: entryKey(entry), entry }))
    .sort((a, b) => byText(a.key, b.key))
    .map(({ entry }) => entry);

/** Puts one change in force; false when it is none. */
function take({ content, hash, untold }: Book, { key, entry }: EntryChange): boolean {
  const isTold = entry !== undefined && isTellable(entry);
  if (entry !== undefined && !isTold) untold.add(key);
  else untold.delete(key);
  const before = content.get(key);
  const next = isTold ? entry : undefined;
  if (before === next || (before && next && entryText(before) === entryText(next))) return false;
  if (before !== undefined) hash.remove(before);
  if (next === undefined) content.delete(key);
  else {
    hash.add(next);
    content.set(key, next);
  }
  return true;
}

function keep(book: Book, delta: Kept): void {
  book.deltas.push(delta);
  book.deltaBytes += delta.bytes.length;
  while (book.deltas.length > book.limits.deltas || book.deltaBytes > book.limits.deltaBytes) {
    const oldest = book.deltas.shift();
    if (oldest === undefined) return;
    book.deltaBytes -= oldest.bytes.length;
  }
}

function apply(book: Book, changes: readonly EntryChange[]): Uint8Array | undefined {
  const base = book.hash.text();
  const changed = new Set(changes.filter((change) => take(book, change)).map(({ key }) => key));
  // What came and went within these changes may be as it was.
  if (changed.size === 0 || book.hash.text() === base) return undefined;
  book.generation += 1;
  book.snapshot = undefined;
  const entries = [...changed].flatMap((key) => book.content.get(key) ?? []);
  const gone = [...changed].filter((key) => !book.content.has(key)).sort(byText);
  const { epoch, generation } = book;
  const frame = { epoch, generation, base, hash: book.hash.text(), entries: inOrder(entries), gone };
  const bytes = encodeFrame(frame);
  keep(book, { base, bytes });
  return bytes;
}

function snapshotOf(book: Book): Uint8Array {
  const { epoch, generation, hash, content } = book;
  return (book.snapshot ??= encodeFrame({
    ...{ epoch, generation, hash: hash.text(), gone: [] },
    entries: inOrder(content.values()),
  }));
}

function since(book: Book, hash: string | undefined): IdentityUpdate {
  if (hash === book.hash.text()) return { type: 'current', frames: [] };
  const from = hash === undefined ? -1 : book.deltas.findLastIndex(({ base }) => base === hash);
  if (from < 0) return { type: 'snapshot', frames: [snapshotOf(book)] };
  return { type: 'deltas', frames: book.deltas.slice(from).map(({ bytes }) => bytes) };
}

/** Empty content. @param epoch names this start of this hub; at most 100 bytes. */
export function createIdentityPublisher(
  epoch: string,
  limits: PublisherLimits = publisherLimits,
): IdentityPublisher {
  const book: Book = {
    ...{ epoch, limits, generation: 0, deltas: [], deltaBytes: 0, snapshot: undefined },
    content: new Map(),
    hash: createContentHash(),
    untold: new Set(),
  };
  return {
    apply: (changes) => apply(book, changes),
    since: (hash) => since(book, hash),
    hash: () => book.hash.text(),
    generation: () => book.generation,
    size: () => book.content.size,
    untold: () => book.untold.size,
  };
}
