// The flows held by the terminal: a ring bounded by count and by estimated bytes, addressed by an ever-growing sequence.
// Holds each flow as its JSON and reads it again when it is looked at: a string is nothing to the collector, while the fifty
// objects of a flow, 100,000 times, were a third of the program's time. Mutable, owned by the flow store; knows no filter.
import type { FlowId } from '../../core/model/brand.ts';
import type { FlowEvent } from '../../core/model/event.ts';
import { createKeyPlaces } from '../../core/model/key-places.ts';
import type { KeyPlaces } from '../../core/model/key-places.ts';

/** Where the ring ends: whichever limit is met first evicts the oldest flow. */
export interface RingLimits {
  /** Most flows held. */
  readonly flows: number;
  /** Most bytes held, by `flowBytes`. */
  readonly bytes: number;
}

/** 100,000 flows are about a quarter of an hour at 100/s; 160 MiB keeps the whole program near 300 MiB at worst. */
export const defaultRingLimits: RingLimits = { flows: 100_000, bytes: 160 * 1024 * 1024 };

/** What a flow costs beside its text: the string's header and the slots of the ring and of its index. */
const fixedBytes = 64;

/** Flows kept as objects after they were read: the rows of a screen are asked for several times a frame. A power of two. */
const readFlows = 256;

const isWide = /[^\0-\u00ff]/;

/** Estimated heap bytes of a flow held as this text: V8 takes one byte a character up to Latin-1, else two. */
export const flowBytes = (text: string): number => fixedBytes + text.length * (isWide.test(text) ? 2 : 1);

/** The held flows by sequence, `base` to `next` - 1, without gaps. */
export interface FlowRing {
  /** Sequence of the oldest flow held; equals `next` when empty. */
  readonly base: number;
  /** Sequence the next flow will get. */
  readonly next: number;
  readonly bytes: number;
  /**
   * Add one; false when this id is already held (a feed re-sends its history after a reconnect). `text` is its JSON as it came,
   * ASCII; without it the flow is written down here.
   */
  push(flow: FlowEvent, text?: string): boolean;
  /**
   * Put another flow, under its own id, in the place of one that is held: what is known at the end of a connection over what was
   * told at its opening. The other rows keep their places.
   */
  replace(sequence: number, flow: FlowEvent, text?: string): void;
  /** The flow as it was pushed, equal but not the same object. */
  at(sequence: number): FlowEvent | undefined;
  sequenceOf(id: FlowId): number | undefined;
  clear(): void;
}

/** The inside of a ring. */
interface Slots {
  readonly limits: RingLimits;
  readonly texts: (string | undefined)[];
  readonly sizes: Uint32Array;
  readonly ids: KeyPlaces;
  base: number;
  next: number;
  bytes: number;
}

function evictOldest(slots: Slots): void {
  const slot = slots.base % slots.limits.flows;
  slots.ids.empty(slot);
  slots.bytes -= slots.sizes[slot] ?? 0;
  slots.texts[slot] = undefined;
  slots.base++;
}

/** Evict as many of the oldest as stand in the way of one more of `size` bytes. */
function makeRoom(slots: Slots, size: number): void {
  const { limits } = slots;
  while (
    slots.next > slots.base &&
    (slots.next - slots.base >= limits.flows || slots.bytes + size > limits.bytes)
  )
    evictOldest(slots);
}

/** A flow and its JSON, where that is at hand: ASCII. */
interface RingEntry {
  readonly flow: FlowEvent;
  readonly text: string | undefined;
}

/** The text to hold and what it costs. */
function sizedText({ flow, text }: RingEntry): { readonly text: string; readonly size: number } {
  if (text !== undefined) return { text, size: fixedBytes + text.length };
  const written = JSON.stringify(flow);
  return { text: written, size: flowBytes(written) };
}

function pushFlow(slots: Slots, flow: FlowEvent, given: string | undefined): boolean {
  if (slots.ids.placeOf(flow.id) >= 0) return false;
  const text = given ?? JSON.stringify(flow);
  const size = given === undefined ? flowBytes(text) : fixedBytes + text.length;
  makeRoom(slots, size);
  const slot = slots.next % slots.limits.flows;
  slots.texts[slot] = text;
  slots.sizes[slot] = size;
  slots.bytes += size;
  slots.ids.put(slot, flow.id);
  slots.next++;
  return true;
}

function replaceFlow(slots: Slots, sequence: number, entry: RingEntry): void {
  const slot = sequence % slots.limits.flows;
  const { text, size } = sizedText(entry);
  slots.ids.empty(slot);
  slots.ids.put(slot, entry.flow.id);
  slots.bytes += size - (slots.sizes[slot] ?? 0);
  slots.texts[slot] = text;
  slots.sizes[slot] = size;
  while (slots.next > slots.base && slots.bytes > slots.limits.bytes) evictOldest(slots);
}

/** The sequence held at a place of the ring. */
function sequenceAt({ limits, base }: Slots, place: number): number | undefined {
  return place < 0 ? undefined : base + ((place - (base % limits.flows) + limits.flows) % limits.flows);
}

interface FlowReader {
  at(sequence: number): FlowEvent | undefined;
  /** The text of this flow has changed. */
  forget(sequence: number): void;
}

/** Reads the flows of the ring, remembering the last ones by their place. */
function createReader({ texts, limits }: Slots): FlowReader {
  const sequences = new Float64Array(readFlows).fill(-1);
  const flows = new Array<FlowEvent | undefined>(readFlows);
  const at = (sequence: number): FlowEvent | undefined => {
    const place = sequence % readFlows;
    if (sequences[place] === sequence) return flows[place];
    const text = texts[sequence % limits.flows];
    if (text === undefined) return undefined;
    // Either written here from a checked flow, or checked as exactly this text when it came.
    const flow = JSON.parse(text) as FlowEvent;
    sequences[place] = sequence;
    flows[place] = flow;
    return flow;
  };
  return {
    at,
    forget(sequence) {
      const place = sequence % readFlows;
      if (sequences[place] === sequence) sequences[place] = -1;
    },
  };
}

/** An empty ring. Sequences go on growing over `clear`, so that an old selection never points at a new flow. */
export function createFlowRing(limits: RingLimits): FlowRing {
  const texts = new Array<string | undefined>(limits.flows);
  const sizes = new Uint32Array(limits.flows);
  const ids = createKeyPlaces(limits.flows);
  const slots: Slots = { limits, texts, sizes, ids, base: 0, next: 0, bytes: 0 };
  const reader = createReader(slots);
  return {
    get base() {
      return slots.base;
    },
    get next() {
      return slots.next;
    },
    get bytes() {
      return slots.bytes;
    },
    push: (flow, text) => pushFlow(slots, flow, text),
    replace(sequence, flow, text) {
      if (sequence < slots.base || sequence >= slots.next) return;
      replaceFlow(slots, sequence, { flow, text });
      reader.forget(sequence);
    },
    at: (sequence) => (sequence >= slots.base && sequence < slots.next ? reader.at(sequence) : undefined),
    sequenceOf: (id) => sequenceAt(slots, ids.placeOf(id)),
    clear() {
      texts.fill(undefined);
      ids.clear();
      slots.base = slots.next;
      slots.bytes = 0;
    },
  };
}
