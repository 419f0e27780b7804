// The flows held by the terminal: a ring bounded by count and by estimated bytes, addressed by an ever-growing sequence.
// Mutable and owned by the flow store; knows no filter and no aggregate.
import type { FlowId } from '../../core/model/brand.ts';
import { flowId } from '../../core/model/brand.ts';
import type { FlowEvent } from '../../core/model/event.ts';

/** Where the ring ends: whichever limit is met first evicts the oldest flow. */
export interface RingLimits {
  /** Most flows held. */
  readonly flows: number;
  /** Most bytes held, by `flowBytes`. */
  readonly bytes: number;
}

/** 100,000 flows are about a quarter of an hour at 100/s; 160 MiB keeps the whole program near 300 MiB at worst. */
export const defaultRingLimits: RingLimits = { flows: 100_000, bytes: 160 * 1024 * 1024 };

/** Objects, strings' headers and the maps' entries of one flow, before its variable text (measured: 1.1-1.4 KB). */
const fixedBytes = 1300;

/** Estimated heap bytes of a flow: text counted as one byte a character, which V8 does for Latin-1. */
export function flowBytes(flow: FlowEvent): number {
  let bytes = fixedBytes;
  for (const part of [flow.request, flow.response]) {
    if (!part) continue;
    bytes += part.body?.text.length ?? 0;
    for (const [name, value] of part.headers ?? []) bytes += 64 + name.length + value.length;
  }
  return bytes + (flow.request ? flow.request.path.length + (flow.request.query?.length ?? 0) : 0);
}

/** The held flows by sequence, `base` to `next` - 1, without gaps. */
export interface FlowRing {
  /** Sequence of the oldest flow held; equals `next` when empty. */
  readonly base: number;
  /** Sequence the next flow will get. */
  readonly next: number;
  readonly bytes: number;
  /** Add one; false when this id is already held (a feed re-sends its history after a reconnect). */
  push(flow: FlowEvent): boolean;
  at(sequence: number): FlowEvent | undefined;
  sequenceOf(id: FlowId): number | undefined;
  clear(): void;
}

/** The inside of a ring. */
interface Slots {
  readonly limits: RingLimits;
  readonly flows: (FlowEvent | undefined)[];
  readonly sizes: Uint32Array;
  readonly byId: Map<FlowId, number>;
  base: number;
  next: number;
  bytes: number;
}

function evictOldest(slots: Slots): void {
  const slot = slots.base % slots.limits.flows;
  const flow = slots.flows[slot];
  if (flow) slots.byId.delete(flowId(flow.id));
  slots.bytes -= slots.sizes[slot] ?? 0;
  slots.flows[slot] = undefined;
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

function pushFlow(slots: Slots, flow: FlowEvent): boolean {
  const id = flowId(flow.id);
  if (slots.byId.has(id)) return false;
  const size = flowBytes(flow);
  makeRoom(slots, size);
  const slot = slots.next % slots.limits.flows;
  slots.flows[slot] = flow;
  slots.sizes[slot] = size;
  slots.bytes += size;
  slots.byId.set(id, slots.next);
  slots.next++;
  return true;
}

/** An empty ring. Sequences go on growing over `clear`, so that an old selection never points at a new flow. */
export function createFlowRing(limits: RingLimits): FlowRing {
  const flows = new Array<FlowEvent | undefined>(limits.flows);
  const sizes = new Uint32Array(limits.flows);
  const slots: Slots = { limits, flows, sizes, byId: new Map(), base: 0, next: 0, bytes: 0 };
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
    push: (flow) => pushFlow(slots, flow),
    at: (sequence) =>
      sequence >= slots.base && sequence < slots.next ? flows[sequence % limits.flows] : undefined,
    sequenceOf: (id) => slots.byId.get(id),
    clear() {
      flows.fill(undefined);
      slots.byId.clear();
      slots.base = slots.next;
      slots.bytes = 0;
    },
  };
}
