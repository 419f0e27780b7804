// The policies that a terminal on a cluster shows: objects as the person's own watch has them, with what the hub tells of them; where the
// person may not read objects, what the hub tells alone. Remembers what was told last, so that only changes are. Knows no socket.
import { clusterPolicyEvent } from '../../../core/conditions/cluster-policy-event.ts';
import type { PolicyEvent } from '../../../core/model/event.ts';
import type { StoredPolicy } from '../../../core/policy/store.ts';
import type { KubePolicyStore } from '../policies/kube-policy-store.ts';

/** Two sources as one. */
export interface ClusterPolicies {
  /** What the hub said of a policy; answers what is new by that. */
  heard(event: PolicyEvent, nowMs: number): readonly PolicyEvent[];
  /** Objects have changed; answers what is new by that. */
  changed(nowMs: number): readonly PolicyEvent[];
}

type Source = Pick<KubePolicyStore, 'entries' | 'covers'>;

interface Book {
  /** The hub's last word on each. */
  readonly told: Map<string, PolicyEvent>;
  /** What was answered last of each, without its moment. */
  readonly shown: Map<string, string>;
}

/** Of two entries of one name the later one: an object that became invalid is shown as that. */
const byName = (entries: readonly StoredPolicy[]): ReadonlyMap<string, StoredPolicy> =>
  new Map(entries.flatMap((entry) => (entry.name === undefined ? [] : [[entry.name, entry] as const])));

const removed = (name: string, nowMs: number): PolicyEvent => ({
  ...{ type: 'policy', time: new Date(nowMs).toISOString(), name, state: 'removed' },
});

/** The event, unless it says what was said last. */
function news({ shown }: Book, event: PolicyEvent): readonly PolicyEvent[] {
  const text = JSON.stringify({ ...event, time: '' });
  const isNew = event.state === 'removed' ? shown.has(event.name) : shown.get(event.name) !== text;
  if (event.state === 'removed') shown.delete(event.name);
  else shown.set(event.name, text);
  return isNew ? [event] : [];
}

/** Nothing known. */
export function createClusterPolicies(source: Source): ClusterPolicies {
  const book: Book = { told: new Map(), shown: new Map() };
  // A listing of thousands is not made for each counter that moves.
  let listing: ReadonlyMap<string, StoredPolicy> | undefined;
  const wordOn = (name: string, entry: StoredPolicy | undefined, nowMs: number): PolicyEvent => {
    if (entry !== undefined) return clusterPolicyEvent(entry, book.told.get(name), nowMs);
    if (source.covers(name)) return removed(name, nowMs);
    return book.told.get(name) ?? removed(name, nowMs);
  };
  return {
    heard(event, nowMs) {
      const { name } = event;
      if (event.state === 'removed') book.told.delete(name);
      else book.told.set(name, event);
      listing ??= byName(source.entries());
      return news(book, wordOn(name, listing.get(name), nowMs));
    },
    changed(nowMs) {
      const entries = byName(source.entries());
      listing = entries;
      const names = new Set([...entries.keys(), ...book.told.keys(), ...book.shown.keys()]);
      return [...names].flatMap((name) => news(book, wordOn(name, entries.get(name), nowMs)));
    },
  };
}
