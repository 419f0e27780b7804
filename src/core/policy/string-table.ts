// Every distinct byte string of a policy set, once, with an id: names, methods, hosts, header names and values. Compiling
// interns; judging looks request bytes up without making a string.
import { Buffer } from 'node:buffer';
import { createGrowingSlots } from './growing-slots.ts';
import { hashBytes, hashStart, hashStep } from './hash.ts';
import { stringStride } from './table-layout.ts';
import type { Tables } from './tables.ts';

/** Collects the strings of a policy set. */
export interface StringTable {
  /** Id of a text's UTF-8 bytes, new or known. */
  intern(text: string): number;
  /** As it is now; changes with the next `intern` or `addBytes`. */
  tables(): {
    readonly strings: readonly number[];
    readonly stringSlots: Int32Array;
    readonly bytes: Uint8Array;
  };
}

/** Bytes that only come, as one array. */
function createGrowingBytes(): { add(bytes: Uint8Array): number; view(): Uint8Array } {
  let held = new Uint8Array(1024);
  let size = 0;
  return {
    add(bytes) {
      const needed = size + bytes.length;
      if (needed > held.length) {
        const larger = new Uint8Array(Math.max(needed, held.length * 2));
        larger.set(held);
        held = larger;
      }
      held.set(bytes, size);
      size = needed;
      return size - bytes.length;
    },
    view: () => held.subarray(0, size),
  };
}

/** `bytes` of path segments live in the same section; `addBytes` returns their offset. */
export function createStringTable(): StringTable & { addBytes(bytes: Uint8Array): number } {
  const ids = new Map<string, number>();
  const strings: number[] = [];
  const all = createGrowingBytes();
  const slots = createGrowingSlots((id) => strings[id * stringStride + 2] ?? 0);
  return {
    addBytes: (bytes) => all.add(bytes),
    intern(text) {
      const known = ids.get(text);
      if (known !== undefined) return known;
      const bytes = Buffer.from(text, 'utf8');
      strings.push(all.add(bytes), bytes.length, hashBytes(bytes, 0, bytes.length));
      slots.add();
      ids.set(text, ids.size);
      return ids.size - 1;
    },
    tables: () => ({ strings, stringSlots: slots.slots(), bytes: all.view() }),
  };
}

/** Id of `bytes[start, end)`, or -1 when no policy mentions it. */
export function findString(tables: Tables, bytes: Uint8Array, start: number, end: number): number {
  return probe(tables, hashBytes(bytes, start, end), bytes, start, end, false);
}

/** The same with ASCII letters folded to lower case. */
export function findLowerString(tables: Tables, bytes: Uint8Array, start: number, end: number): number {
  let hash = hashStart;
  for (let at = start; at < end; at += 1) hash = hashStep(hash, lower(bytes[at] ?? 0));
  return probe(tables, hash, bytes, start, end, true);
}

/** Id of a text, for identities (not on the path of a request). */
export function findText(tables: Tables, text: string): number {
  const bytes = Buffer.from(text, 'utf8');
  return findString(tables, bytes, 0, bytes.length);
}

/** The text of an id; '' for none. */
export function textOf(tables: Tables, id: number): string {
  const at = tables.strings[id * stringStride] ?? 0;
  const length = tables.strings[id * stringStride + 1] ?? 0;
  return Buffer.from(tables.bytes.slice(at, at + length)).toString('utf8');
}

const lower = (byte: number): number => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);

function probe(
  tables: Tables,
  hash: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  fold: boolean,
): number {
  const { strings, stringSlots } = tables;
  let slot = hash & (stringSlots.length - 1);
  for (;;) {
    const id = (stringSlots[slot] ?? 0) - 1;
    if (id < 0) return -1;
    if (strings[id * stringStride + 2] === hash && equals(tables, id, bytes, start, end, fold)) return id;
    slot = (slot + 1) & (stringSlots.length - 1);
  }
}

function equals(
  tables: Tables,
  id: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  fold: boolean,
): boolean {
  const length = end - start;
  if (tables.strings[id * stringStride + 1] !== length) return false;
  const at = tables.strings[id * stringStride] ?? 0;
  for (let index = 0; index < length; index += 1) {
    const byte = bytes[start + index] ?? 0;
    if (tables.bytes[at + index] !== (fold ? lower(byte) : byte)) return false;
  }
  return true;
}
