// Since when each policy has been in force, as far as this session was told: what a preview of the live window starts from, so
// that a request answered before a policy existed is not called refused by it. Mutable, bounded; knows no flow.
import type { PolicyName } from '../../core/model/brand.ts';
import { policyName } from '../../core/model/brand.ts';
import type { PolicyEvent } from '../../core/model/event.ts';

/** What held at the beginning of a window, and what changed in it, oldest first. */
export interface PolicyPast {
  readonly standing: readonly PolicyEvent[];
  readonly changes: readonly PolicyEvent[];
}

/** What is asked about. */
export interface PolicyWindow {
  /** Epoch ms. */
  readonly fromMs: number;
  /** Time of the first flow that a policy decided, epoch ms; 0 when none is known. Dates what is older than its first word. */
  readonly firstHitMs: (name: PolicyName) => number;
}

/** The words on policies that changed the set. */
export interface PolicyLog {
  /** Takes any word; counters that move are passed over. */
  add(event: PolicyEvent): void;
  /** `fromMs`: epoch ms of the oldest flow asked about. */
  since(window: PolicyWindow): PolicyPast;
  clear(): void;
}

/** Changes told one by one; older ones count as having held from the beginning. More than a day of one every ten seconds. */
const changeLimit = 10_000;

interface Entry {
  readonly atMs: number;
  /** It decided before anybody told us of it: it is older than this first word, by nobody knows how much. */
  readonly isOlder: boolean;
  readonly event: PolicyEvent;
}

const isLoaded = ({ state }: PolicyEvent): boolean =>
  state === 'active' || state === 'shadow' || state === 'off';

const hasDecided = ({ hits = 0, shadowHits = 0 }: PolicyEvent): boolean => hits + shadowHits > 0;

/** The entry at the time at which its change must have been. */
function dated(entry: Entry, { firstHitMs }: PolicyWindow): Entry {
  const hitMs = entry.isOlder ? firstHitMs(policyName(entry.event.name)) : 0;
  if (hitMs === 0 || hitMs >= entry.atMs) return entry;
  return { ...entry, atMs: hitMs, event: { ...entry.event, time: new Date(hitMs).toISOString() } };
}

/** What is loaded after these changes, in the order of their last word. */
function fold(standing: Map<string, PolicyEvent>, { event }: Entry): void {
  standing.delete(event.name);
  if (isLoaded(event)) standing.set(event.name, event);
}

/** True when the event says something else than the last one of its policy; `texts` remembers it. */
function isNew(texts: Map<string, string>, event: PolicyEvent): boolean {
  const known = texts.get(event.name);
  if (!isLoaded(event)) return texts.delete(event.name);
  // Counter updates may leave the object out.
  if (event.object === undefined) return false;
  const text = JSON.stringify(event.object);
  texts.set(event.name, text);
  return text !== known;
}

/** Knows nothing yet. */
export function createPolicyLog(limit = changeLimit): PolicyLog {
  const base = new Map<string, PolicyEvent>();
  const texts = new Map<string, string>();
  let entries: Entry[] = [];
  return {
    add(event) {
      const isFirst = !texts.has(event.name);
      if (!isNew(texts, event)) return;
      const parsed = Date.parse(event.time);
      const atMs = Number.isFinite(parsed) ? parsed : -Infinity;
      entries.push({ atMs, event, isOlder: isFirst && hasDecided(event) });
      const [oldest] = entries;
      if (entries.length <= limit || !oldest) return;
      fold(base, oldest);
      entries.shift();
    },
    since(window) {
      const standing = new Map(base);
      const inOrder = entries
        .map((entry) => dated(entry, window))
        .sort((a, b) => (a.atMs < b.atMs ? -1 : Number(a.atMs > b.atMs)));
      const first = inOrder.findIndex(({ atMs }) => atMs > window.fromMs);
      const kept = first < 0 ? inOrder.length : first;
      for (const entry of inOrder.slice(0, kept)) fold(standing, entry);
      return { standing: [...standing.values()], changes: inOrder.slice(kept).map(({ event }) => event) };
    },
    clear() {
      base.clear();
      texts.clear();
      entries = [];
    },
  };
}
