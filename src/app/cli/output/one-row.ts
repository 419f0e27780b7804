// One line for a connection whose end is known: what was told at its opening says nothing more. For tables only; ndjson and
// json are the events as they came.
import type { ApiEvent } from '../../../core/model/event.ts';

/** The id that the opening of this connection had; undefined for everything but its end. */
function openingOf(event: ApiEvent): string | undefined {
  return event.type === 'flow' && event.opening === false ? `${event.id}-opening` : undefined;
}

/** The events without the openings of connections that end among them. */
export function withoutEndedOpenings(events: readonly ApiEvent[]): readonly ApiEvent[] {
  const told = new Set(events.map(openingOf).filter((id) => id !== undefined));
  if (told.size === 0) return events;
  return events.filter((event) => event.type !== 'flow' || event.opening !== true || !told.has(event.id));
}
