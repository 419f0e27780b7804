// Flows as the terminal holds them: a bounded ring, the running filter, the sort picture and the sums over everything seen.
// Mutable, outside React and the reducer; live and replay feed it alike. Panes read it through DataView.
import type { FlowId } from '../../core/model/brand.ts';
import { flowId } from '../../core/model/brand.ts';
import type { FlowEvent, IdentityEvent, LostEvent } from '../../core/model/event.ts';
import { createStampReader } from '../../core/model/read-stamp.ts';
import type { FlowList, FlowsData, Totals } from './data-view.ts';
import { createDataClock } from './data-clock.ts';
import type { DataClock } from './data-clock.ts';
import { createEdgeStore } from './edge-store.ts';
import type { FilterIndex } from './filter-index.ts';
import { createFilterIndex } from './filter-index.ts';
import type { FlowRing, RingLimits } from './flow-ring.ts';
import { createFlowRing, defaultRingLimits } from './flow-ring.ts';
import type { SortedList, SortKey } from './sort-snapshot.ts';
import { sortSnapshot } from './sort-snapshot.ts';
import { createTotalsStore } from './totals-store.ts';

/** The flows of a session: `data` for reading, the rest for whoever feeds it and runs its filter and sort. */
export interface FlowStore {
  /** The reading side. */
  readonly data: FlowsData;
  readonly clock: DataClock;
  /** Add a flow; false when it is already held. `text` is its JSON, where that is at hand (see FeedMessage). */
  add(flow: FlowEvent, text?: string): boolean;
  addLost(event: LostEvent): void;
  addIdentity(event: IdentityEvent): void;
  /** Choose the filter (undefined: everything). Old flows are tested by `work`. */
  setFilter(test: ((flow: FlowEvent) => boolean) | undefined): void;
  /** Test up to `limit` held flows with a new filter; true when nothing is left to do. */
  work(limit: number): boolean;
  /** Take a sorted picture; undefined key: by arrival, `descending` meaning newest first. */
  setSort(order: SortOrder): void;
  /** Flows held when the walk began, oldest first; those evicted meanwhile are left out. */
  held(): Iterable<FlowEvent>;
  /** After a seek: flows and sums start afresh. */
  reset(): void;
}

/** What the rows are sorted by; `heldAt` is the sequence of the newest flow that may be among them, undefined for all. */
export interface SortOrder {
  readonly key: SortKey | undefined;
  readonly descending: boolean;
  readonly heldAt: number | undefined;
}

/** Newest first, without filter: the ring itself up to the mark. */
function ringList(ring: FlowRing, heldAt: number | undefined): FlowList {
  const top = Math.min(heldAt ?? ring.next - 1, ring.next - 1);
  const size = Math.max(0, top - ring.base + 1);
  return {
    size,
    at: (index) => (index >= 0 && index < size ? ring.at(top - index) : undefined),
    sequenceAt: (index) => (index >= 0 && index < size ? top - index : undefined),
    indexOf: (sequence) => (size === 0 ? -1 : Math.min(size - 1, Math.max(0, top - sequence))),
  };
}

/** Newest first, filtered, up to the mark. */
function indexList(ring: FlowRing, index: FilterIndex, heldAt: number | undefined): FlowList {
  const skipped = heldAt === undefined ? 0 : index.newerThan(heldAt);
  const size = index.size - skipped;
  const sequenceAt = (row: number): number | undefined =>
    row >= 0 && row < size ? index.at(row + skipped) : undefined;
  return {
    size,
    at: (row) => {
      const sequence = sequenceAt(row);
      return sequence === undefined ? undefined : ring.at(sequence);
    },
    sequenceAt,
    indexOf: (sequence) =>
      size === 0 ? -1 : Math.min(size - 1, Math.max(0, index.newerThan(sequence) - skipped)),
  };
}

/** The same rows, bottom first. */
function reversed(list: FlowList): FlowList {
  const flip = (index: number): number => list.size - 1 - index;
  return {
    size: list.size,
    at: (index) => list.at(flip(index)),
    sequenceAt: (index) => list.sequenceAt(flip(index)),
    indexOf: (sequence) => (list.size === 0 ? -1 : flip(list.indexOf(sequence))),
  };
}

interface Lists {
  filter: FilterIndex | undefined;
  sort: SortOrder;
  picture: SortedList | undefined;
  /** What the rows of the picture are sorted by. */
  pictureKey: SortKey | undefined;
}

function listOf(ring: FlowRing, lists: Lists, heldAt: number | undefined): FlowList {
  if (lists.picture) return lists.picture;
  const list = lists.filter ? indexList(ring, lists.filter, heldAt) : ringList(ring, heldAt);
  return lists.sort.descending ? list : reversed(list);
}

/** What the id of a connection's opening ends in; its end has the id without it. */
const openingEnd = '-opening';

/** The row of an id; of an opening, that of its end where that is known. */
function sequenceOf(ring: FlowRing, id: FlowId): number | undefined {
  const own = ring.sequenceOf(id);
  return own === undefined && id.endsWith(openingEnd)
    ? ring.sequenceOf(flowId(id.slice(0, -openingEnd.length)))
    : own;
}

/** Give a flow its row: a new one, or that of its opening, of which nothing more is to be told. False when it is held already. */
function takeRow({ ring, lists }: Parts, flow: FlowEvent, text: string | undefined): boolean {
  if (flow.opening === true && sequenceOf(ring, flowId(flow.id)) !== undefined) return false;
  const opened = flow.opening === false ? ring.sequenceOf(flowId(flow.id + openingEnd)) : undefined;
  if (opened === undefined) {
    if (!ring.push(flow, text)) return false;
    lists.filter?.added(ring.next - 1, flow);
    return true;
  }
  ring.replace(opened, flow, text);
  lists.filter?.replaced(opened, flow);
  lists.picture?.keys.delete(opened);
  return true;
}

/** Time of the event in epoch ms; 0 for a stamp nobody can read. */
export function timeOf(time: string): number {
  return orZero(Date.parse(time));
}

const orZero = (ms: number): number => (Number.isFinite(ms) ? ms : 0);

/** The rows to be shown: the ring's, through the filter and in the order asked for. */
function createShownRows(ring: FlowRing) {
  const lists: Lists = {
    filter: undefined,
    sort: { key: undefined, descending: true, heldAt: undefined },
    picture: undefined,
    pictureKey: undefined,
  };
  const takePicture = (): void => {
    const { key, descending, heldAt } = lists.sort;
    const base = lists.filter ? indexList(ring, lists.filter, heldAt) : ringList(ring, heldAt);
    const known = key === lists.pictureKey ? lists.picture?.keys : undefined;
    lists.picture = key && sortSnapshot(base, (sequence) => ring.at(sequence), { key, descending, known });
    lists.pictureKey = key;
  };
  return {
    lists,
    setFilter(test: ((flow: FlowEvent) => boolean) | undefined): void {
      lists.filter = test && createFilterIndex(ring, test);
      if (lists.sort.key) takePicture();
    },
    work(limit: number): boolean {
      if (!lists.filter || lists.filter.progress === 1) return true;
      const done = lists.filter.work(limit);
      // A sorted picture was taken of what had been found by then.
      if (done && lists.sort.key) takePicture();
      return done;
    },
    setSort(order: SortOrder): void {
      lists.sort = order;
      takePicture();
    },
    /** The ring was emptied. */
    emptied(): void {
      lists.filter?.trim();
      if (lists.sort.key) takePicture();
    },
  };
}

interface Parts {
  readonly ring: FlowRing;
  readonly lists: Lists;
  readonly edges: ReturnType<typeof createEdgeStore>;
  readonly sums: ReturnType<typeof createTotalsStore>;
  readonly clock: DataClock;
}

/** What the screens read of the store. */
function dataView(parts: Parts): FlowsData {
  const { ring, lists, edges, sums } = parts;
  return {
    list: (heldAt) => listOf(ring, lists, heldAt),
    arrivedSince: (heldAt) =>
      lists.filter
        ? lists.filter.newerThan(heldAt)
        : Math.max(0, ring.next - Math.max(heldAt + 1, ring.base)),
    get newestSequence() {
      return ring.next - 1;
    },
    byId: (id) => {
      const sequence = sequenceOf(ring, id);
      return sequence === undefined ? undefined : ring.at(sequence);
    },
    sequenceOf: (id) => sequenceOf(ring, id),
    get filterProgress() {
      return lists.filter?.progress ?? 1;
    },
    totals: totalsView(parts),
    get edges() {
      return edges.edges;
    },
    get services() {
      return edges.services;
    },
    service: (id) => edges.service(id),
    tally: (name) => sums.tally(name),
  };
}

function* heldFlows(ring: FlowRing): Generator<FlowEvent> {
  const end = ring.next;
  for (let sequence = ring.base; sequence < end; sequence++) {
    const flow = ring.at(sequence);
    if (flow) yield flow;
  }
}

/** An empty store. */
export function createFlowStore(limits: RingLimits = defaultRingLimits): FlowStore {
  const clock = createDataClock();
  const ring = createFlowRing(limits);
  const stampMs = createStampReader();
  const edges = createEdgeStore(clock);
  const sums = createTotalsStore(clock);
  const rows = createShownRows(ring);
  const { lists } = rows;
  const parts: Parts = { ring, lists, edges, sums, clock };
  return {
    data: dataView(parts),
    clock,
    add(flow, text) {
      if (!takeRow(parts, flow, text)) return false;
      const timeMs = orZero(stampMs(flow.time));
      clock.advance(timeMs + (flow.latencyMs ?? 0));
      lists.filter?.trim();
      edges.add(flow, timeMs);
      sums.add(flow, timeMs);
      return true;
    },
    addLost: (event) => sums.addLost(event),
    addIdentity: (event) => edges.identity(event),
    setFilter: (test) => rows.setFilter(test),
    work: (limit) => rows.work(limit),
    setSort: (order) => rows.setSort(order),
    held: () => heldFlows(ring),
    reset() {
      ring.clear();
      edges.clear();
      sums.clear();
      clock.reset();
      rows.emptied();
    },
  };
}

/** What has been counted, whether or not it is still held. */
function countedView({ sums, clock }: Pick<Parts, 'sums' | 'clock'>): Omit<Totals, keyof HeldTotals> {
  return {
    get flows() {
      return sums.flows;
    },
    get rate() {
      return sums.rate;
    },
    get errorShare() {
      return sums.errorShare;
    },
    get refusedShare() {
      return sums.refusedShare;
    },
    get inspectedShare() {
      const opaque = sums.opaqueShare;
      return opaque === undefined ? undefined : 1 - opaque;
    },
    get opaqueShare() {
      return sums.opaqueShare;
    },
    get perSecond() {
      return sums.perSecond;
    },
    get lost() {
      return sums.lost;
    },
    get lostBy() {
      return sums.lostBy;
    },
    get detailsNotKept() {
      return sums.detailsNotKept;
    },
    get newestMs() {
      return clock.nowMs;
    },
  };
}

type HeldTotals = Pick<Totals, 'dropped' | 'held' | 'heldBytes' | 'oldestHeldMs'>;

/** What the ring holds, and what it no longer does. */
function heldView({ ring, sums }: Pick<Parts, 'ring' | 'sums'>): HeldTotals {
  return {
    get dropped() {
      return Math.max(0, sums.flows - (ring.next - ring.base));
    },
    get held() {
      return ring.next - ring.base;
    },
    get heldBytes() {
      return ring.bytes;
    },
    get oldestHeldMs() {
      const oldest = ring.at(ring.base);
      return oldest ? timeOf(oldest.time) : 0;
    },
  };
}

/** Both views as one object; the getters are carried over, not what they say now. */
function totalsView(parts: Parts): Totals {
  const counted = countedView(parts);
  const descriptors = Object.getOwnPropertyDescriptors(heldView(parts));
  return Object.defineProperties(counted, descriptors) as typeof counted & HeldTotals;
}
