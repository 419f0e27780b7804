// Entries of the kernel gear → the maps that hold them. What can be looked up exactly lies in hashes, so that ten thousand cost what ten
// cost; only literal blocks need ranges. Each element names its policy's counter: one lookup counts and decides.
import { wordsOf, flattenBlocks, type OwnedRange } from './flatten-blocks.ts';
import { addressText, blocksOf, type Block } from './address-block.ts';
import { counterName } from './counter-name.ts';
import type { KernelEntry } from './node-plan.ts';
import type { SetModel } from './table-model.ts';

/** How an entry is looked up, in the order of the rules: with a port first, and the most telling first. */
export const entryShapes = ['host_port', 'net_port', 'any_port', 'host', 'net', 'any'] as const;
/** One of them. */
export type EntryShape = (typeof entryShapes)[number];

/** Name of the map for entries of one kind; `any…` maps hold both families. */
export function entryMapName(parts: {
  readonly direction: 'in' | 'out';
  readonly shape: EntryShape;
  readonly family: 4 | 6;
  readonly answer: KernelEntry['answer'];
}): string {
  const { direction, shape, family, answer } = parts;
  return `${direction}_${shape}${shape.startsWith('any') ? '' : family}_${answer}`;
}

interface Located {
  readonly entry: KernelEntry;
  readonly block: Block;
  readonly shape: EntryShape;
}

/** The maps of one direction, by name; empty ones are left out. */
export function entryElements(direction: 'in' | 'out', entries: readonly KernelEntry[]): readonly SetModel[] {
  const byMap = new Map<string, Located[]>();
  for (const entry of entries) {
    const block = blocksOf(entry.cidr).find(({ family }) => family === entry.family);
    if (block === undefined) throw new Error(`an entry of ${entry.policy} is no block: ${entry.cidr}`);
    const shape = shapeOf(entry, block);
    const name = entryMapName({ direction, shape, family: entry.family, answer: entry.answer });
    const list = byMap.get(name);
    if (list === undefined) byMap.set(name, [{ entry, block, shape }]);
    else list.push({ entry, block, shape });
  }
  return [...byMap].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([name, list]) => mapOf(name, list));
}

function shapeOf({ family, ports }: KernelEntry, { bits }: Block): EntryShape {
  const base = bits === 128 ? 'host' : bits === (family === 4 ? 96 : 0) ? 'any' : 'net';
  return ports.length === 0 ? base : `${base}_port`;
}

function mapOf(name: string, list: readonly Located[]): readonly SetModel[] {
  const first = list[0];
  if (first === undefined) return [];
  const { shape, entry } = first;
  const key = shape.startsWith('any') ? 'nf_proto' : `ipv${entry.family}_addr`;
  return [
    {
      ...({ name, kind: 'map', interval: shape.startsWith('net') } as const),
      type: shape.endsWith('_port') ? `${key} . inet_service` : key,
      elements: shape.startsWith('net') ? rangeElements(list) : exactElements(list),
    },
  ];
}

const counterOf = ({ entry }: Located): string => counterName('p', entry.policy);

function exactElements(list: readonly Located[]): ReadonlyMap<string, string> {
  const elements = new Map<string, string>();
  for (const located of list) {
    const { entry, shape, block } = located;
    const who = shape.startsWith('any') ? `ipv${entry.family}` : addressText(block.words);
    for (const key of keysOf(who, entry.ports)) if (!elements.has(key)) elements.set(key, counterOf(located));
  }
  return elements;
}

const keysOf = (who: string, ports: readonly number[]): readonly string[] =>
  ports.length === 0 ? [who] : ports.map((port) => `${who} . ${port}`);

/** Ranges may not overlap within one port. */
function rangeElements(list: readonly Located[]): ReadonlyMap<string, string> {
  const byPort = new Map<number, Located[]>();
  for (const located of list)
    for (const port of located.entry.ports.length === 0 ? [0] : located.entry.ports) {
      const those = byPort.get(port);
      if (those === undefined) byPort.set(port, [located]);
      else those.push(located);
    }
  return new Map(
    [...byPort].flatMap(([port, those]) =>
      flattenBlocks(those.map((located) => ({ block: located.block, owner: located }))).map(
        (range) =>
          [keysOf(rangeText(range), port === 0 ? [] : [port])[0] ?? '', counterOf(range.owner)] as const,
      ),
    ),
  );
}

const rangeText = ({ first, last }: OwnedRange<unknown>): string =>
  first === last
    ? addressText(wordsOf(first))
    : `${addressText(wordsOf(first))}-${addressText(wordsOf(last))}`;
