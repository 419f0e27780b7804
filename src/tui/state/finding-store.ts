// Findings by fingerprint, bounded, in the order a person should read them. Mutable, owned by the session.
import type { FindingEvent } from '../../core/model/event.ts';
import { severities } from '../../core/model/event.ts';
import type { FindingsData } from './data-view.ts';
import { createOrdering } from './list-order.ts';

/** Most findings held; past it the least severe, oldest one goes and is counted. */
const findingLimit = 2000;

/**
 * The findings of a session: `data` for reading, the rest for whoever feeds it. A later event of a fingerprint
 * replaces the one before.
 */
export interface FindingStore {
  readonly data: FindingsData;
  add(event: FindingEvent): void;
  clear(): void;
}

function order(left: FindingEvent, right: FindingEvent): number {
  return (
    severities.indexOf(right.severity) - severities.indexOf(left.severity) ||
    Number(left.learning ?? false) - Number(right.learning ?? false) ||
    right.lastSeen.localeCompare(left.lastSeen) ||
    left.id.localeCompare(right.id)
  );
}

/** An empty store. */
export function createFindingStore(): FindingStore {
  const byId = new Map<string, FindingEvent>();
  let sorted: readonly FindingEvent[] | undefined;
  let dropped = 0;
  const ordering = createOrdering<FindingEvent>();
  const list = (): readonly FindingEvent[] => (sorted ??= [...byId.values()].sort(order));
  return {
    data: {
      get list() {
        return list();
      },
      ordered: (order) => ordering(list(), order),
      byId: (id) => byId.get(id),
      get dropped() {
        return dropped;
      },
    },
    add(event) {
      byId.set(event.id, event);
      sorted = undefined;
      const least = byId.size > findingLimit ? list().at(-1) : undefined;
      if (!least) return;
      byId.delete(least.id);
      dropped++;
      sorted = undefined;
    },
    clear() {
      byId.clear();
      sorted = undefined;
      dropped = 0;
    },
  };
}
