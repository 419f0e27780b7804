// What a reconnecting client needs to know of the past: which events it has, and from when on to ask again. Pure.
import type { ApiEvent } from '../../core/model/event.ts';
import { createKeyPlaces } from '../../core/model/key-places.ts';
import { createStampReader } from '../../core/model/read-stamp.ts';

/** The memory of what was received; its size does not grow with the stream. */
export interface SeenEvents {
  /** False when this very event came before (the seam of a reconnect). */
  add(event: ApiEvent): boolean;
  /** Epoch ms to subscribe from; undefined when nothing was received yet. */
  resumeFromMs(): number | undefined;
}

/**
 * Keeps the keys of the newest `capacity` events. An answer is reported when it ends but dated when its request began, so
 * the resume point lies `overlapMs` before the newest event; never before what the keys still cover, so nothing shows twice.
 */
export function createSeenEvents(limits: {
  readonly capacity: number;
  readonly overlapMs: number;
}): SeenEvents {
  const { capacity } = limits;
  const keys = createKeyPlaces(capacity);
  const times = new Float64Array(capacity);
  const stampMs = createStampReader();
  let added = 0;
  let newestMs: number | undefined;
  let forgottenMs = -Infinity;
  return {
    add(event) {
      const key = keyOf(event);
      if (keys.placeOf(key) >= 0) return false;
      const place = added % capacity;
      if (added >= capacity) {
        keys.empty(place);
        forgottenMs = Math.max(forgottenMs, times[place] ?? 0);
      }
      keys.put(place, key);
      const parsed = stampMs(event.time);
      const timeMs = Number.isNaN(parsed) ? (newestMs ?? 0) : parsed;
      times[place] = timeMs;
      newestMs = Math.max(newestMs ?? timeMs, timeMs);
      added++;
      return true;
    },
    resumeFromMs: () =>
      newestMs === undefined
        ? undefined
        : Math.max(0, Math.min(newestMs, Math.max(newestMs - limits.overlapMs, forgottenMs + 1))),
  };
}

/** Time is part of every key: an agent that restarts may count its ids afresh. */
function keyOf(event: ApiEvent): string {
  switch (event.type) {
    case 'flow':
      return `${event.id} ${event.time}`;
    case 'finding':
      return `finding ${event.id} ${event.count} ${event.lastSeen}`;
    case 'policy':
      return `policy ${event.name} ${event.state} ${event.hits ?? 0} ${event.shadowHits ?? 0} ${event.time}`;
    case 'lost':
      return `lost ${event.where} ${event.count} ${event.time}`;
    case 'identity':
      return `identity ${event.role} ${event.endpoint.namespace}/${event.endpoint.kind ?? ''}/${event.endpoint.workload} ${event.time}`;
  }
}
