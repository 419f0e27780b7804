// Which of a few path templates a path matches, and by which reading: the trie and the readings of the evaluator, for one
// question at a time (explain, preview).
import { Buffer } from 'node:buffer';
import { createPathReadings, readPaths } from './normalise-path.ts';
import { parsePathPattern } from './path-pattern.ts';
import { createPathTrie, createPathWalker } from './path-trie.ts';
import { printablePath } from './printable-path.ts';

/** Which template a path matched. */
export interface PathMatch {
  /** Index of the first template that matches, -1 for none. */
  readonly index: number;
  /** The reading that matched, else the path decoded once. */
  readonly reading: string;
}

/** Templates must be ones `parsePathPattern` accepts; others never match. */
export function createPathMatcher(templates: readonly string[]): (path: string) => PathMatch {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const trie = createPathTrie((bytes) => {
    chunks.push(bytes);
    size += bytes.length;
    return size - bytes.length;
  });
  const ids = templates.map((template) => {
    const parsed = parsePathPattern(template);
    return parsed.ok ? trie.add(parsed.pattern) : [];
  });
  const { nodes, edges, edgeSlots } = trie.tables();
  const tables = {
    nodes: Int32Array.from(nodes),
    edges: Int32Array.from(edges),
    edgeSlots,
    bytes: Uint8Array.from(Buffer.concat(chunks)),
  };
  const matched = new Set<number>();
  const walker = createPathWalker(tables, { nodes: 0 }, (id) => matched.add(id));
  const readings = createPathReadings();
  return (path) => {
    const bytes = Buffer.from(path, 'utf8');
    readPaths(readings, bytes, 0, bytes.length);
    const shown = (at: number): string =>
      printablePath(readings.buffer(at), readings.start(at), readings.end(at));
    for (let at = 0; at < readings.count; at += 1) {
      matched.clear();
      walker.walk(readings.buffer(at), readings.start(at), readings.end(at));
      const index = ids.findIndex((own) => own.some((id) => matched.has(id)));
      if (index >= 0) return { index, reading: shown(at) };
    }
    return { index: -1, reading: readings.count === 0 ? path : shown(0) };
  };
}
