// The newest flows and losses of the event window: a ring that is bounded by number and by bytes. Light flows lie in columns, the
// others as they are; their ends and sizes beside them, so that an entry costs no object of its own.
import { createTimeReader } from '../../core/inspect/flow-event-time.ts';
import type { LightFlow } from '../../core/inspect/light-flow.ts';
import type { ApiEvent, FlowEvent, LostEvent } from '../../core/model/event.ts';
import { eventBytes } from './event-bytes.ts';
import { createLightColumns } from './light-columns.ts';

/** What is kept of the newest traffic. */
export interface FlowRing {
  /** Keeps an event as it is. */
  add(event: FlowEvent | LostEvent): void;
  /** Keeps a copy of a light flow. */
  addLight(flow: LightFlow): void;
  /** Entries that ended at or after `fromMs` (epoch ms), at most the newest `last`, in order. */
  since(fromMs: number, last: number | undefined): ApiEvent[];
  /** The flow of that id; each entry is looked at, the newest first. */
  readonly flow: (id: string) => FlowEvent | undefined;
  /** Entries held now. */
  readonly size: () => number;
  /** Bytes they are charged with. */
  readonly bytes: () => number;
  /** Entries added so far: the number of the newest. */
  readonly sequence: () => number;
}

/** Where an entry lies and what it is charged with. */
interface Places {
  /** Makes room for one more; returns its place, empty. */
  take(): number;
  /** The place is filled: it ended at `endMs` and holds `size` bytes. */
  fill(place: number, endMs: number, size: number): void;
  /** Places of the entries that ended at or after `fromMs`, at most the newest `last`, in order. */
  since(fromMs: number, last: number | undefined): readonly number[];
  readonly size: () => number;
  readonly bytes: () => number;
}

/** Bounds of the ring, and what empties a place: it returns the bytes that were freed. */
interface PlacesOptions {
  readonly flows: number;
  readonly bytes: number;
  readonly drop: (place: number) => number;
}

function createPlaces(limits: PlacesOptions): Places {
  const endsMs = new Float64Array(limits.flows);
  let oldest = 0;
  let held = 0;
  let bytes = 0;
  const dropOldest = (): void => {
    bytes -= limits.drop(oldest);
    oldest = (oldest + 1) % limits.flows;
    held -= 1;
  };
  const placeAt = (index: number): number => (oldest + index) % limits.flows;
  return {
    take() {
      if (held === limits.flows) dropOldest();
      return placeAt(held);
    },
    fill(place, endMs, size) {
      endsMs[place] = endMs;
      held += 1;
      bytes += size;
      while (held > 0 && bytes > limits.bytes) dropOldest();
    },
    since(fromMs, last) {
      const floor = last === undefined ? 0 : Math.max(0, held - last);
      let start = held;
      while (start > floor && (endsMs[placeAt(start - 1)] ?? 0) >= fromMs) start -= 1;
      return Array.from({ length: held - start }, (_, index) => placeAt(start + index));
    },
    size: () => held,
    bytes: () => bytes,
  };
}

/** The flow of that id at one of these places, looked for from the newest on. */
function newestOf(
  places: readonly number[],
  id: string,
  at: (place: number) => FlowEvent | LostEvent | undefined,
): FlowEvent | undefined {
  for (const place of places.toReversed()) {
    const event = at(place);
    if (event?.type === 'flow' && event.id === id) return event;
  }
  return undefined;
}

/** An empty ring for so many flows of so many bytes together; adding is amortised constant time. */
export function createFlowRing(limits: { readonly flows: number; readonly bytes: number }): FlowRing {
  const epochOf = createTimeReader();
  const events: (FlowEvent | LostEvent | undefined)[] = [];
  const sizes = new Int32Array(limits.flows);
  const light = createLightColumns(limits.flows);
  const drop = (place: number): number => {
    const freed = (sizes[place] ?? 0) + light.drop(place);
    events[place] = undefined;
    sizes[place] = 0;
    return freed;
  };
  const places = createPlaces({ ...limits, drop });
  let sequence = 0;
  const at = (place: number): FlowEvent | LostEvent | undefined => events[place] ?? light.get(place);
  /** Events arrive when their exchange ends, so the end is what keeps the ring in order. */
  const endOf = (event: FlowEvent | LostEvent): number =>
    epochOf(event.time) + (event.type === 'flow' ? (event.latencyMs ?? 0) : 0);
  return {
    add(event) {
      const place = places.take();
      const size = eventBytes(event);
      sequence += 1;
      events[place] = event;
      sizes[place] = size;
      places.fill(place, endOf(event), size);
    },
    addLight(flow) {
      const place = places.take();
      sequence += 1;
      places.fill(place, flow.startedMs + flow.latencyMs, light.put(place, flow));
    },
    since: (fromMs, last) => places.since(fromMs, last).flatMap((place) => at(place) ?? []),
    flow: (id) => newestOf(places.since(-Infinity, undefined), id, at),
    size: places.size,
    bytes: places.bytes,
    sequence: () => sequence,
  };
}
