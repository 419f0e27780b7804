// All path templates of a policy set as one trie: built once when compiling, walked once per reading when judging. The walk
// visits one literal and at most one `{name}` child per node, however many templates there are.
import { Buffer } from 'node:buffer';
import { createGrowingSlots, type GrowingSlots } from './growing-slots.ts';
import { hashBytes, hashStart, hashStep, mix } from './hash.ts';
import type { PathPattern } from './path-pattern.ts';
import { edgeColumn, edgeStride, nodeColumn, nodeStride } from './table-layout.ts';
import type { Tables } from './tables.ts';

/** The part of the tables that the walk reads. */
export type PathTables = Pick<Tables, 'nodes' | 'edges' | 'edgeSlots' | 'bytes'>;

/** Collects the templates of a policy set. */
export interface PathTrieBuilder {
  /** Pattern ids (from 1) that together mean this template. Equal templates get equal ids. */
  add(pattern: PathPattern): readonly number[];
  /** As it is now; changes with the next `add`. */
  tables(): {
    readonly nodes: readonly number[];
    readonly edges: readonly number[];
    readonly edgeSlots: Int32Array;
    readonly patternCount: number;
  };
}

/** An edge's parent and whether it is a prefix edge (1), as one number. */
const edgeKey = (parent: number, prefix: number): number => parent * 2 + prefix;

class TrieBuilder implements PathTrieBuilder {
  readonly #addBytes: (bytes: Uint8Array) => number;
  readonly #nodes: number[] = Array.from({ length: nodeStride }, () => 0);
  readonly #edges: number[] = [];
  readonly #edgeSlots: GrowingSlots = createGrowingSlots((index) => edgeHash(this.#edges, index));
  readonly #known = new Map<string, number>();
  #patternCount = 0;

  constructor(addBytes: (bytes: Uint8Array) => number) {
    this.#addBytes = addBytes;
  }

  add({ segments, tail }: PathPattern): readonly number[] {
    let node = 0;
    for (const segment of segments)
      node = segment.type === 'one' ? this.#one(node) : this.#edge(node, segment.bytes, 0);
    if (tail.type === 'prefix') return [this.#prefixPattern(node, tail.prefix)];
    const ids = tail.type === 'below' ? [] : [this.#patternAt(node, nodeColumn.exact)];
    return tail.type === 'exact' ? ids : [...ids, this.#patternAt(node, nodeColumn.below)];
  }

  tables(): ReturnType<PathTrieBuilder['tables']> {
    const [nodes, edges, edgeSlots] = [this.#nodes, this.#edges, this.#edgeSlots.slots()];
    return { nodes, edges, edgeSlots, patternCount: this.#patternCount };
  }

  #newNode(): number {
    return this.#nodes.push(0, 0, 0, 0, 0) / nodeStride - 1;
  }

  /** The child of an edge; of a prefix edge (`prefix` 1) the pattern itself. */
  #edge(parent: number, bytes: Uint8Array, prefix: 0 | 1): number {
    const key = `${parent}:${prefix}:${Buffer.from(bytes).toString('latin1')}`;
    const found = this.#known.get(key);
    if (found !== undefined) return found;
    const child = prefix === 1 ? (this.#patternCount += 1) : this.#newNode();
    const hash = hashBytes(bytes, 0, bytes.length);
    this.#edges.push(parent, hash, this.#addBytes(bytes), bytes.length, child, prefix);
    this.#edgeSlots.add();
    this.#known.set(key, child);
    return child;
  }

  #patternAt(node: number, column: number): number {
    const at = node * nodeStride + column;
    return (this.#nodes[at] ||= this.#patternCount += 1);
  }

  #one(node: number): number {
    const at = node * nodeStride + nodeColumn.one;
    const known = this.#nodes[at] ?? 0;
    if (known !== 0) return known;
    const made = this.#newNode();
    this.#nodes[at] = made;
    return made;
  }

  #prefixPattern(node: number, bytes: Uint8Array): number {
    const nodes = this.#nodes;
    const at = node * nodeStride;
    const least = nodes[at + nodeColumn.prefixMin] ?? 0;
    nodes[at + nodeColumn.prefixMin] = least === 0 ? bytes.length : Math.min(least, bytes.length);
    nodes[at + nodeColumn.prefixMax] = Math.max(nodes[at + nodeColumn.prefixMax] ?? 0, bytes.length);
    return this.#edge(node, bytes, 1);
  }
}

/** `addBytes` stores a segment's bytes and returns their offset. */
export const createPathTrie = (addBytes: (bytes: Uint8Array) => number): PathTrieBuilder =>
  new TrieBuilder(addBytes);

function edgeHash(edges: readonly number[], index: number): number {
  const at = index * edgeStride;
  const key = edgeKey(edges[at + edgeColumn.parent] ?? 0, edges[at + edgeColumn.prefix] ?? 0);
  return mix(edges[at + edgeColumn.hash] ?? 0, key);
}

/** Work done, for the tests that show it does not grow with the number of policies. */
export interface WalkWork {
  nodes: number;
}

/** Walks the trie for one path after the other; reused, allocates nothing. */
export interface PathWalker {
  /** Reports each pattern that `bytes[start, end)` matches. */
  walk(bytes: Uint8Array, start: number, end: number): void;
}

class TrieWalker implements PathWalker {
  readonly #tables: PathTables;
  readonly #work: WalkWork;
  readonly #matched: (pattern: number) => void;
  #frontier: Int32Array;
  #next: Int32Array;
  #nextCount = 0;
  /** The segment being looked at, of the path being walked: `#bytes[#from, #to)`. */
  #bytes: Uint8Array = new Uint8Array(0);
  #from = 0;
  #to = 0;

  constructor(tables: PathTables, work: WalkWork, matched: (pattern: number) => void) {
    this.#tables = tables;
    this.#work = work;
    this.#matched = matched;
    this.#frontier = new Int32Array(tables.nodes.length / nodeStride + 1);
    this.#next = new Int32Array(tables.nodes.length / nodeStride + 1);
  }

  walk(bytes: Uint8Array, start: number, end: number): void {
    let count = 1;
    this.#frontier[0] = 0;
    this.#bytes = bytes;
    this.#from = bytes[start] === 0x2f && end > start ? start + 1 : start;
    for (;;) {
      let to = this.#from;
      let hash = hashStart;
      for (; to < end && bytes[to] !== 0x2f; to += 1) hash = hashStep(hash, bytes[to] ?? 0);
      this.#to = to;
      this.#nextCount = 0;
      for (let index = 0; index < count; index += 1) this.#advance(this.#frontier[index] ?? 0, hash);
      this.#work.nodes += count;
      count = this.#swap();
      if (to >= end || count === 0) break;
      this.#from = to + 1;
    }
    this.#reportExact(count);
  }

  #swap(): number {
    const swap = this.#frontier;
    this.#frontier = this.#next;
    this.#next = swap;
    return this.#nextCount;
  }

  #reportExact(count: number): void {
    const { nodes } = this.#tables;
    for (let index = 0; index < count; index += 1) {
      const exact = nodes[(this.#frontier[index] ?? 0) * nodeStride + nodeColumn.exact] ?? 0;
      if (exact !== 0) this.#matched(exact);
    }
  }

  /** Children of a node over the segment, whose hash is given. */
  #advance(node: number, hash: number): void {
    const { nodes } = this.#tables;
    const at = node * nodeStride;
    const below = nodes[at + nodeColumn.below] ?? 0;
    if (below !== 0) this.#matched(below);
    const literal = this.#childOver(edgeKey(node, 0), hash, this.#to);
    if (literal !== 0) this.#next[this.#nextCount++] = literal;
    const one = nodes[at + nodeColumn.one] ?? 0;
    if (one !== 0 && this.#to > this.#from) this.#next[this.#nextCount++] = one;
    if ((nodes[at + nodeColumn.prefixMax] ?? 0) > 0) this.#walkPrefixes(node);
  }

  #walkPrefixes(node: number): void {
    const { nodes } = this.#tables;
    const least = nodes[node * nodeStride + nodeColumn.prefixMin] ?? 0;
    const most = nodes[node * nodeStride + nodeColumn.prefixMax] ?? 0;
    const last = Math.min(this.#from + most, this.#to);
    let hash = hashStart;
    for (let end = this.#from + 1; end <= last; end += 1) {
      hash = hashStep(hash, this.#bytes[end - 1] ?? 0);
      if (end - this.#from < least) continue;
      const pattern = this.#childOver(edgeKey(node, 1), hash, end);
      if (pattern !== 0) this.#matched(pattern);
    }
  }

  /** Child (or, for a prefix edge, pattern) that an edge over the segment up to `end` leads to; 0 for none. */
  #childOver(key: number, hash: number, end: number): number {
    const { edges, edgeSlots } = this.#tables;
    let slot = mix(hash, key) & (edgeSlots.length - 1);
    for (;;) {
      const index = (edgeSlots[slot] ?? 0) - 1;
      if (index < 0) return 0;
      const at = index * edgeStride;
      const known = edgeKey(edges[at + edgeColumn.parent] ?? 0, edges[at + edgeColumn.prefix] ?? 0);
      if (known === key && this.#isSegment(at, end)) return edges[at + edgeColumn.child] ?? 0;
      slot = (slot + 1) & (edgeSlots.length - 1);
    }
  }

  /** Byte for byte: the hash only led here. */
  #isSegment(edgeAt: number, end: number): boolean {
    const { edges, bytes } = this.#tables;
    const length = end - this.#from;
    if (edges[edgeAt + edgeColumn.length] !== length) return false;
    const at = edges[edgeAt + edgeColumn.at] ?? 0;
    for (let index = 0; index < length; index += 1)
      if (bytes[at + index] !== this.#bytes[this.#from + index]) return false;
    return true;
  }
}

/**
 * One per evaluator: the frontiers are as large as the trie, so no path can overflow them.
 * @param matched called for each pattern that a walked path matches; a pattern may be reported twice.
 */
export const createPathWalker = (
  tables: PathTables,
  work: WalkWork,
  matched: (pattern: number) => void,
): PathWalker => new TrieWalker(tables, work, matched);
