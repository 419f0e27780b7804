// All data of one terminal session: what the feed sent, bounded, and the questions asked of it. The runtime gives each feed
// message to `receive` first and to the reducer second; panes and reducer read `data` only.
import type { FlowId, Millis } from '../../core/model/brand.ts';
import { assertNever } from '../../core/model/assert-never.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import type { FeedMessage } from '../../core/model/feed-port.ts';
import { compileFilter } from '../../core/filter/compile-filter.ts';
import type { Explanation } from '../../core/policy/explain.ts';
import { explainFlow } from '../../core/policy/explain.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { flowColumn } from '../columns/flow-columns.ts';
import type { DataView } from './data-view.ts';
import type { FindingStore } from './finding-store.ts';
import { createFindingStore } from './finding-store.ts';
import type { FlowStore } from './flow-store.ts';
import { createFlowStore, timeOf } from './flow-store.ts';
import type { RingLimits } from './flow-ring.ts';
import type { Effect } from './msg.ts';
import type { PolicyLog, PolicyPast } from './policy-log.ts';
import { createPolicyLog } from './policy-log.ts';
import type { PolicyStore } from './policy-store.ts';
import { createPolicyStore } from './policy-store.ts';
import type { TimelineStore } from './timeline.ts';
import { createTimeline } from './timeline.ts';

type PositionMessage = Extract<FeedMessage, { type: 'position' }>;

/** Effects that the session itself performs. */
export type StoreEffect = Extract<Effect, { type: 'store.filter' | 'store.sort' }>;

/** The session: fed by the runtime, read by reducer and panes. */
export interface Session {
  readonly data: DataView;
  readonly flows: FlowStore;
  /** Policies the agent has loaded, as objects: what preview and explain start from. */
  policies(): readonly Policy[];
  /** The sets of policies from `fromMs` (epoch ms) until now. */
  policyPast(fromMs: number): PolicyPast;
  /** Take in one feed message. */
  receive(message: FeedMessage): void;
  /** Run an effect of the store. */
  perform(effect: StoreEffect): void;
  /** Go on with a refilter for up to `limit` flows; true when nothing is left. Call between frames. */
  work(limit?: number): boolean;
  /** Why this flow was let through or refused, by the policies loaded now; undefined when the flow is gone. */
  explain(id: FlowId, nowMs: Millis): Explanation | undefined;
}

/** Flows tested in one slice of `work`: each is read from its text again, about 3 ms in all. */
const workSlice = 1000;

/** How a session differs from the usual one; tests make its limits small. */
export interface SessionOptions {
  readonly limits?: RingLimits;
  /** True while messages wait to be received. */
  readonly isCatchingUp?: () => boolean;
}

/** All that a session keeps, each by its own rules and bounds. */
interface Stores {
  readonly flows: FlowStore;
  readonly findings: FindingStore;
  readonly policies: PolicyStore;
  readonly policyLog: PolicyLog;
  readonly timeline: TimelineStore;
}

function addEvent(
  { flows, findings, policies, policyLog, timeline }: Stores,
  event: ApiEvent,
  text: string | undefined,
): void {
  switch (event.type) {
    case 'flow':
      if (flows.add(event, text)) timeline.add(event, timeOf(event.time));
      return;
    case 'finding':
      findings.add(event);
      timeline.mark(event, timeOf(event.firstSeen));
      return;
    case 'policy':
      policies.add(event);
      policyLog.add(event);
      return;
    case 'lost':
      flows.addLost(event);
      return;
    case 'identity':
      flows.addIdentity(event);
      return;
    default:
      assertNever(event);
  }
}

/** A replay's clock has moved; after a jump everything but the timeline is other than before. */
function moveClock(
  { flows, findings, policies, policyLog, timeline }: Stores,
  message: PositionMessage,
): void {
  if (message.reset) {
    flows.reset();
    findings.clear();
    policies.clear();
    policyLog.clear();
  }
  timeline.position(message.position, message.reset);
  flows.clock.advance(message.position.nowMs);
}

function takeMessage(stores: Stores, message: FeedMessage): void {
  switch (message.type) {
    case 'batch':
      for (const [index, event] of message.events.entries()) addEvent(stores, event, message.texts?.[index]);
      return;
    case 'position':
      moveClock(stores, message);
      return;
    case 'status':
      stores.flows.clock.advance(timeOf(message.status.time));
      return;
    case 'hello':
    case 'connection':
    case 'policies':
      return;
    default:
      assertNever(message);
  }
}

function performOn(flows: FlowStore, effect: StoreEffect): void {
  if (effect.type === 'store.filter') {
    flows.setFilter(effect.node === undefined ? undefined : compileFilter(effect.node));
    return;
  }
  const key = flowColumn(effect.sort.column)?.sortKey;
  flows.setSort({ ...effect.sort, key, heldAt: effect.heldAt });
}

/** The reading side of the stores. */
function viewOf(stores: Stores, version: () => number, isCatchingUp: () => boolean): DataView {
  const { timeline } = stores;
  return {
    flows: stores.flows.data,
    findings: stores.findings.data,
    policies: stores.policies.data,
    get isCatchingUp() {
      return isCatchingUp();
    },
    get timeline() {
      return timeline.view;
    },
    get version() {
      return version();
    },
  };
}

const createStores = (limits: SessionOptions['limits']): Stores => ({
  flows: createFlowStore(limits),
  policies: createPolicyStore(),
  policyLog: createPolicyLog(),
  findings: createFindingStore(),
  timeline: createTimeline(),
});

/** An empty session. */
export function createSession(options: SessionOptions = {}): Session {
  const stores = createStores(options.limits);
  const { flows, policies, policyLog } = stores;
  let version = 0;
  return {
    data: viewOf(
      stores,
      () => version,
      () => options.isCatchingUp?.() ?? false,
    ),
    flows,
    policies: () => policies.objects(),
    policyPast: (fromMs) =>
      policyLog.since({ fromMs, firstHitMs: (name) => flows.data.tally(name)?.firstHitMs ?? 0 }),
    receive(message) {
      version++;
      takeMessage(stores, message);
    },
    perform(effect) {
      version++;
      performOn(flows, effect);
    },
    work(limit = workSlice) {
      const done = flows.work(limit);
      if (!done) version++;
      return done;
    },
    explain(id, nowMs) {
      const flow = flows.data.byId(id);
      return flow && explainFlow(policies.objects(), flow, nowMs);
    },
  };
}
