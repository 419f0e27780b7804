// All path templates of a policy set as one trie: built once when compiling, walked once per reading when judging. The walk
// visits one literal and at most one `{name}` child per node, however many templates there are.
import { hashBytes, hashStart, hashStep, mix, slotsFor } from './hash.ts';
import type { PathPattern } from './path-pattern.ts';
import { edgeColumn, edgeStride, nodeColumn, nodeStride } from './table-layout.ts';
import type { Tables } from './tables.ts';

/** The part of the tables that the walk reads. */
export type PathTables = Pick<Tables, 'nodes' | 'edges' | 'edgeSlots' | 'bytes'>;

export interface PathTrieBuilder {
  /** Pattern ids (from 1) that together mean this template. Equal templates get equal ids. */
  add(pattern: PathPattern): readonly number[];
  finish(): { nodes: number[]; edges: number[]; edgeSlots: Int32Array; patternCount: number };
}

const slotHash = (hash: number, parent: number, prefix: number): number => mix(hash, parent * 2 + prefix);

/** `addBytes` stores a segment's bytes and returns their offset. */
export function createPathTrie(addBytes: (bytes: Uint8Array) => number): PathTrieBuilder {
  const nodes: number[] = Array.from({ length: nodeStride }, () => 0);
  const edges: number[] = [];
  const known = new Map<string, number>();
  let patternCount = 0;
  const newNode = (): number => nodes.push(0, 0, 0, 0, 0) / nodeStride - 1;
  const edge = (parent: number, bytes: Uint8Array, prefix: number, make: () => number): number => {
    const key = `${parent}:${prefix}:${Array.from(bytes).join(',')}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const child = make();
    edges.push(parent, hashBytes(bytes, 0, bytes.length), addBytes(bytes), bytes.length, child, prefix);
    known.set(key, child);
    return child;
  };
  const patternAt = (node: number, column: number): number => {
    const at = node * nodeStride + column;
    if (nodes[at] === 0) nodes[at] = patternCount += 1;
    return nodes[at] ?? 0;
  };
  const one = (node: number): number => {
    const at = node * nodeStride + nodeColumn.one;
    if (nodes[at] === 0) nodes[at] = newNode();
    return nodes[at] ?? 0;
  };
  const prefixPattern = (node: number, bytes: Uint8Array): number => {
    const at = node * nodeStride;
    const least = nodes[at + nodeColumn.prefixMin] ?? 0;
    nodes[at + nodeColumn.prefixMin] = least === 0 ? bytes.length : Math.min(least, bytes.length);
    nodes[at + nodeColumn.prefixMax] = Math.max(nodes[at + nodeColumn.prefixMax] ?? 0, bytes.length);
    return edge(node, bytes, 1, () => (patternCount += 1));
  };
  return {
    add({ segments, tail }) {
      let node = 0;
      for (const segment of segments)
        node = segment.type === 'one' ? one(node) : edge(node, segment.bytes, 0, newNode);
      if (tail.type === 'prefix') return [prefixPattern(node, tail.prefix)];
      const ids = tail.type === 'below' ? [] : [patternAt(node, nodeColumn.exact)];
      return tail.type === 'exact' ? ids : [...ids, patternAt(node, nodeColumn.below)];
    },
    finish: () => ({ nodes, edges, edgeSlots: slotEdges(edges), patternCount }),
  };
}

function slotEdges(edges: readonly number[]): Int32Array {
  const count = edges.length / edgeStride;
  const slots = new Int32Array(slotsFor(count));
  for (let index = 0; index < count; index += 1) {
    const at = index * edgeStride;
    const hash = edges[at + edgeColumn.hash] ?? 0;
    let slot =
      slotHash(hash, edges[at + edgeColumn.parent] ?? 0, edges[at + edgeColumn.prefix] ?? 0) &
      (slots.length - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
    slots[slot] = index + 1;
  }
  return slots;
}

/** Work done, for the tests that show it does not grow with the number of policies. */
export interface WalkWork {
  nodes: number;
}

export interface PathWalker {
  /** Calls `matched` for each pattern that `bytes[start, end)` matches; a pattern may be reported twice. */
  walk(bytes: Uint8Array, start: number, end: number, matched: (pattern: number) => void): void;
}

/** One per evaluator: the frontiers are as large as the trie, so no path can overflow them. */
export function createPathWalker(tables: PathTables, work: WalkWork): PathWalker {
  const { nodes } = tables;
  let frontier = new Int32Array(nodes.length / nodeStride + 1);
  let next = new Int32Array(nodes.length / nodeStride + 1);
  let nextCount = 0;
  const advance = (
    node: number,
    segment: Uint8Array,
    start: number,
    end: number,
    hash: number,
    matched: (pattern: number) => void,
  ): void => {
    const at = node * nodeStride;
    const below = nodes[at + nodeColumn.below] ?? 0;
    if (below !== 0) matched(below);
    const literal = findEdge(tables, slotHash(hash, node, 0), node, 0, segment, start, end);
    if (literal !== 0) next[nextCount++] = literal;
    const one = nodes[at + nodeColumn.one] ?? 0;
    if (one !== 0 && end > start) next[nextCount++] = one;
    if ((nodes[at + nodeColumn.prefixMax] ?? 0) > 0) walkPrefixes(tables, node, segment, start, end, matched);
  };
  return {
    walk(bytes, start, end, matched) {
      let count = 1;
      frontier[0] = 0;
      let from = bytes[start] === 0x2f && end > start ? start + 1 : start;
      for (;;) {
        let to = from;
        let hash = hashStart;
        for (; to < end && bytes[to] !== 0x2f; to += 1) hash = hashStep(hash, bytes[to] ?? 0);
        nextCount = 0;
        for (let index = 0; index < count; index += 1)
          advance(frontier[index] ?? 0, bytes, from, to, hash, matched);
        work.nodes += count;
        const swap = frontier;
        frontier = next;
        next = swap;
        count = nextCount;
        if (to >= end || count === 0) break;
        from = to + 1;
      }
      for (let index = 0; index < count; index += 1) {
        const exact = nodes[(frontier[index] ?? 0) * nodeStride + nodeColumn.exact] ?? 0;
        if (exact !== 0) matched(exact);
      }
    },
  };
}

/** Child (or, for a prefix edge, pattern) reached from `parent` over `bytes[start, end)`; 0 for none. Positional: hot path. */
function findEdge(
  tables: PathTables,
  hash: number,
  parent: number,
  prefix: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const { edges, edgeSlots } = tables;
  let slot = hash & (edgeSlots.length - 1);
  for (;;) {
    const index = (edgeSlots[slot] ?? 0) - 1;
    if (index < 0) return 0;
    const at = index * edgeStride;
    if (
      edges[at + edgeColumn.parent] === parent &&
      edges[at + edgeColumn.prefix] === prefix &&
      sameSegment(tables, at, bytes, start, end)
    )
      return edges[at + edgeColumn.child] ?? 0;
    slot = (slot + 1) & (edgeSlots.length - 1);
  }
}

function sameSegment(
  tables: PathTables,
  edgeAt: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const length = end - start;
  if (tables.edges[edgeAt + edgeColumn.length] !== length) return false;
  const at = tables.edges[edgeAt + edgeColumn.at] ?? 0;
  for (let index = 0; index < length; index += 1)
    if (tables.bytes[at + index] !== bytes[start + index]) return false;
  return true;
}

function walkPrefixes(
  tables: PathTables,
  node: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  matched: (pattern: number) => void,
): void {
  const least = tables.nodes[node * nodeStride + nodeColumn.prefixMin] ?? 0;
  const most = tables.nodes[node * nodeStride + nodeColumn.prefixMax] ?? 0;
  let hash = hashStart;
  for (let length = 1; length <= most && start + length <= end; length += 1) {
    hash = hashStep(hash, bytes[start + length - 1] ?? 0);
    if (length < least) continue;
    const pattern = findEdge(tables, slotHash(hash, node, 1), node, 1, bytes, start, start + length);
    if (pattern !== 0) matched(pattern);
  }
}
