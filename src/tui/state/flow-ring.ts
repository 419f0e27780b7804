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

/** An empty ring. Sequences go on growing over `clear`, so that an old selection never points at a new flow. */
export function createFlowRing(limits: RingLimits): FlowRing {
  const slots = new Array<FlowEvent | undefined>(limits.flows);
  const sizes = new Uint32Array(limits.flows);
  const byId = new Map<FlowId, number>();
  let base = 0;
  let next = 0;
  let bytes = 0;
  const evict = (): void => {
    const slot = base % limits.flows;
    const flow = slots[slot];
    if (flow) byId.delete(flowId(flow.id));
    bytes -= sizes[slot] ?? 0;
    slots[slot] = undefined;
    base++;
  };
  return {
    get base() {
      return base;
    },
    get next() {
      return next;
    },
    get bytes() {
      return bytes;
    },
    push(flow) {
      const id = flowId(flow.id);
      if (byId.has(id)) return false;
      const size = flowBytes(flow);
      while (next > base && (next - base >= limits.flows || bytes + size > limits.bytes)) evict();
      const slot = next % limits.flows;
      slots[slot] = flow;
      sizes[slot] = size;
      bytes += size;
      byId.set(id, next);
      next++;
      return true;
    },
    at: (sequence) => (sequence >= base && sequence < next ? slots[sequence % limits.flows] : undefined),
    sequenceOf: (id) => byId.get(id),
    clear() {
      slots.fill(undefined);
      byId.clear();
      base = next;
      bytes = 0;
    },
  };
}
