// What the reducer and the panes may read of the data that streams in: the session store seen from outside.
// Everything here is cheap to ask each frame; nothing here can be changed through it.
import type { FlowId, PolicyName, WorkloadId } from '../../core/model/brand.ts';
import type {
  Endpoint,
  FindingEvent,
  FlowEvent,
  IdentityEvent,
  PolicyEvent,
} from '../../core/model/event.ts';
import type { ListOrder } from './list-order.ts';

/** The shown flows in display order: filtered, below the pause mark, sorted. Index 0 is the top row. */
export interface FlowList {
  readonly size: number;
  /** Rows there would be were the sort not bounded; absent when it sorted all, or nothing is sorted. */
  readonly outOf?: number;
  at(index: number): FlowEvent | undefined;
  sequenceAt(index: number): number | undefined;
  /** Index of the row with this sequence, or of the nearest older one; -1 when the list is empty. */
  indexOf(sequence: number): number;
}

/** Counts of verdicts as shown on an edge. */
export interface VerdictCounts {
  readonly allow: number;
  readonly block: number;
  readonly throttle: number;
  readonly redact: number;
  /** Would have been decided otherwise by the shadow set. */
  readonly shadow: number;
}

/** Traffic from one workload to another. Rates are per second over the last ten seconds of the data's clock. */
export interface Edge {
  readonly source: WorkloadId;
  readonly destination: WorkloadId;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly total: number;
  readonly rate: number;
  /** Share of answers 5xx or without answer in the last minute, 0 to 1. */
  readonly errorShare: number;
  /** Share refused (blocked or throttled) in the last minute, 0 to 1. */
  readonly refusedShare: number;
  /** Since the store began (or the last seek). */
  readonly verdicts: VerdictCounts;
  /** In the last minute. */
  readonly recent: VerdictCounts;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  /** True when most of the last minute could not be read. */
  readonly opaque: boolean;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** Distinct route templates seen, bounded. */
  readonly routes: number;
}

/** A node of the graph with what goes in and out. */
export interface Service {
  readonly id: WorkloadId;
  readonly endpoint: Endpoint;
  readonly callers: readonly Edge[];
  readonly callees: readonly Edge[];
  readonly rateIn: number;
  readonly rateOut: number;
  readonly errorShare: number;
  readonly routes: number;
  /** Where the agent sees it: as a listener, only as a caller, or only in flows. */
  readonly identity: IdentityEvent | undefined;
}

/** What the stream says of itself. */
export interface Totals {
  readonly flows: number;
  /** Flows no longer held because the store is bounded. */
  readonly dropped: number;
  readonly held: number;
  readonly heldBytes: number;
  readonly rate: number;
  readonly errorShare: number;
  readonly refusedShare: number;
  /** Share of the last minute's exchanges whose content could be read, 0 to 1; undefined before any. */
  readonly inspectedShare: number | undefined;
  readonly opaqueShare: number | undefined;
  /** Flows per second for each of the last 60 seconds of the data's clock, oldest first. */
  readonly perSecond: readonly number[];
  /** Sum of `lost` events, and by where. */
  readonly lost: number;
  readonly lostBy: ReadonlyMap<string, number>;
  /** Flows that are all here, but of which headers and bodies beyond a budget were not kept. */
  readonly detailsNotKept: number;
  /** Time of the newest event by its own stamp, epoch ms; 0 before any. */
  readonly newestMs: number;
  readonly oldestHeldMs: number;
}

/** What flows say of one policy, counted here and not taken from anyone's word. */
export interface PolicyTally {
  readonly hits: number;
  readonly shadowHits: number;
  readonly firstHitMs: number;
  readonly lastHitMs: number;
}

/** A recording from its beginning to its end in bins of equal length, for the time axis. Times are epoch ms. */
export interface Timeline {
  readonly startMs: number;
  readonly endMs: number;
  /** Flows per bin over the whole recording; undefined where it has not been played. */
  readonly bins: readonly (number | undefined)[];
  readonly refused: readonly number[];
  /** Flows per bin by the recording's own outline, played or not; undefined when it has none. */
  readonly whole: readonly number[] | undefined;
  /** Times of first sightings of findings, with their severity. */
  readonly marks: readonly { readonly timeMs: number; readonly severity: FindingEvent['severity'] }[];
}

/** Flows, and all that is counted from them. */
export interface FlowsData {
  /** The shown list; `heldAt` is the pause mark. */
  list(heldAt: number | undefined): FlowList;
  /** Flows that match the filter and arrived after the mark. */
  arrivedSince(heldAt: number): number;
  /** Sequence of the newest flow held or dropped so far, -1 before any. */
  readonly newestSequence: number;
  byId(id: FlowId): FlowEvent | undefined;
  sequenceOf(id: FlowId): number | undefined;
  /** Share of the ring that the filter has been run over, 0 to 1. */
  readonly filterProgress: number;
  readonly totals: Totals;
  readonly edges: readonly Edge[];
  readonly services: readonly Service[];
  service(id: WorkloadId): Service | undefined;
  tally(name: PolicyName): PolicyTally | undefined;
}

/** Findings, one per fingerprint; bounded, the least severe going first. */
export interface FindingsData {
  /** Most severe first, then latest first. */
  readonly list: readonly FindingEvent[];
  /** The same list in an order of one's own; without one, as it is. */
  readonly ordered: (order: ListOrder<FindingEvent> | undefined) => readonly FindingEvent[];
  byId(id: string): FindingEvent | undefined;
  readonly dropped: number;
}

/** Policies, as the agent last reported each. */
export interface PoliciesData {
  /** In force first, then shadow, rejected, off, expired; by name within. Removed ones are gone. */
  readonly list: readonly PolicyEvent[];
  /** The same list in an order of one's own; without one, as it is. */
  readonly ordered: (order: ListOrder<PolicyEvent> | undefined) => readonly PolicyEvent[];
  byName(name: PolicyName): PolicyEvent | undefined;
}

/** All data of a session, for reading. */
export interface DataView {
  readonly flows: FlowsData;
  readonly findings: FindingsData;
  readonly policies: PoliciesData;
  readonly timeline: Timeline | undefined;
  /** Messages received that are not yet in here: an empty list proves nothing while there are any. */
  readonly isCatchingUp: boolean;
  /** Grows with every change of the data; equal numbers mean nothing to repaint. */
  readonly version: number;
}
