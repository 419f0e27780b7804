// Store entries and decided flows -> `policy` events: what is in force, what was rejected and why, and how often it decided.
// Pure bookkeeping over a clock that is passed in; knows no store, no feed.
import type { PolicyMask } from '../../core/mask/mask-policy.ts';
import type { FlowEvent, PolicyEvent } from '../../core/model/event.ts';
import { entryFields, entryName, type PolicyFields as Fields } from '../../core/policy/entry-fields.ts';
import type { StoredPolicy } from '../../core/policy/store.ts';

interface Counters {
  hits: number;
  shadowHits: number;
  lastHit: string | undefined;
  changed: boolean;
}

/** What a policy comes to on this node; undefined where there is no node. */
export type EnforcementOf = (policy: string) => PolicyEvent['enforcement'];

/** How many there are by state, and how many of those that are loaded stand in their last good version. */
export interface PolicySummary {
  readonly active: number;
  readonly shadow: number;
  readonly rejected: number;
  readonly lastGood: number;
}

/** The last word on each policy, and how often each decided. */
export interface PolicyEvents {
  /** The store changed: the events that tell it, removed ones included. */
  update(
    entries: readonly StoredPolicy[],
    nowMs: number,
    enforcementOf?: EnforcementOf,
  ): readonly PolicyEvent[];
  /** Count what decided this flow. */
  count(flow: FlowEvent): void;
  /** Count what the kernel refused by a policy. */
  countRefused(policy: string, count: number, nowMs: number): void;
  /** Events of the policies whose counters moved since the last call. */
  moved(nowMs: number): readonly PolicyEvent[];
  summary(): PolicySummary;
  /** Entries put into words so far: for the tests that show what it grows with. */
  described(): number;
}

function sameEnforcement(one: Fields['enforcement'], other: Fields['enforcement']): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.state === other.state &&
    one.inPlace === other.inPlace &&
    one.meant === other.meant &&
    one.outside === other.outside &&
    one.sentence === other.sentence &&
    one.gears.join() === other.gears.join()
  );
}

interface Known {
  readonly entry: StoredPolicy;
  readonly fields: Fields;
  readonly text: string;
}

/** What was last told of each policy, and what each has decided since. */
interface Book {
  readonly mask: PolicyMask;
  known: ReadonlyMap<string, Known>;
  /** Entries put into words since it was made. */
  described: number;
  readonly counters: Map<string, Counters>;
}

function eventOf({ counters }: Book, fields: Fields, nowMs: number): PolicyEvent {
  const counted = counters.get(fields.name);
  return {
    type: 'policy',
    time: new Date(nowMs).toISOString(),
    ...fields,
    ...(counted === undefined ? {} : { hits: counted.hits, shadowHits: counted.shadowHits }),
    ...(counted?.lastHit === undefined ? {} : { lastHit: counted.lastHit }),
  };
}

function countersOf({ counters }: Book, name: string): Counters {
  let found = counters.get(name);
  if (!found) counters.set(name, (found = { hits: 0, shadowHits: 0, lastHit: undefined, changed: false }));
  return found;
}

function update(
  book: Book,
  entries: readonly StoredPolicy[],
  { nowMs, enforcementOf }: { readonly nowMs: number; readonly enforcementOf: EnforcementOf },
): readonly PolicyEvent[] {
  const next = new Map<string, Known>();
  const told: PolicyEvent[] = [];
  for (const entry of entries) {
    const name = entryName(entry, book.mask);
    // An object of a cluster stands under one name as its last good version and as what is rejected: the first says both.
    if (entry.type === 'rejected' && next.has(name)) continue;
    const enforcement = entry.type === 'valid' ? enforcementOf(entry.name) : undefined;
    const before = book.known.get(name);
    // One entry says one thing for ever: of ten thousand that did not change none is put into words again.
    if (before?.entry === entry && sameEnforcement(before.fields.enforcement, enforcement)) {
      next.set(name, before);
      continue;
    }
    const described = entryFields(entry, book.mask);
    book.described += 1;
    const fields = enforcement === undefined ? described : { ...described, enforcement };
    const text = JSON.stringify(fields);
    if (entry.type === 'valid') countersOf(book, name);
    if (before?.text !== text) told.push(eventOf(book, fields, nowMs));
    next.set(name, { entry, fields, text });
  }
  for (const name of book.known.keys()) {
    if (next.has(name)) continue;
    told.push(eventOf(book, { name, state: 'removed' }, nowMs));
    book.counters.delete(name);
  }
  book.known = next;
  return told;
}

/** Counters of a policy that has decided at `time`; undefined where no known policy did. */
function decidedBy(book: Book, name: string | undefined, time: string): Counters | undefined {
  if (name === undefined || !book.known.has(name)) return undefined;
  const counted = countersOf(book, name);
  counted.lastHit = time;
  counted.changed = true;
  return counted;
}

function count(book: Book, { verdict, shadow, time }: FlowEvent): void {
  const enforced = decidedBy(book, verdict.policy, time);
  if (enforced) enforced.hits += 1;
  const shadowed = decidedBy(book, shadow?.policy, time);
  if (shadowed) shadowed.shadowHits += 1;
}

function moved(book: Book, nowMs: number): readonly PolicyEvent[] {
  const told: PolicyEvent[] = [];
  for (const [name, counted] of book.counters) {
    const entry = counted.changed ? book.known.get(name) : undefined;
    counted.changed = false;
    if (entry) told.push(eventOf(book, entry.fields, nowMs));
  }
  return told;
}

function summaryOf({ known }: Book): PolicySummary {
  const totals = { active: 0, shadow: 0, rejected: 0, lastGood: 0 };
  for (const { fields } of known.values()) {
    if (fields.state !== 'rejected' && fields.error !== undefined) totals.lastGood += 1;
    if (fields.state === 'active' || fields.state === 'shadow' || fields.state === 'rejected')
      totals[fields.state] += 1;
  }
  return totals;
}

/** Starts with nothing known. */
export function createPolicyEvents(mask: PolicyMask): PolicyEvents {
  const book: Book = { mask, known: new Map(), counters: new Map(), described: 0 };
  return {
    update: (entries, nowMs, enforcementOf = () => undefined) =>
      update(book, entries, { nowMs, enforcementOf }),
    count: (flow) => count(book, flow),
    countRefused(policy, refused, nowMs) {
      const counted = decidedBy(book, policy, new Date(nowMs).toISOString());
      if (counted) counted.hits += refused;
    },
    moved: (nowMs) => moved(book, nowMs),
    summary: () => summaryOf(book),
    described: () => book.described,
  };
}
