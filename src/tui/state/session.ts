// All data of one terminal session: what the feed sent, bounded, and the questions asked of it. The runtime gives each feed
// message to `receive` first and to the reducer second; panes and reducer read `data` only.
import type { FlowId, Millis } from '../../core/model/brand.ts';
import { assertNever } from '../../core/model/assert-never.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import type { FeedMessage } from '../../core/model/feed-port.ts';
import { compileFilter } from '../../core/filter/compile-filter.ts';
import type { Explanation } from '../../core/policy/explain.ts';
import { explainFlow } from '../../core/policy/explain.ts';
import type { FlowPolicy } from '../../core/policy/schema.ts';
import { flowColumn } from '../columns/flow-columns.ts';
import type { DataView } from './data-view.ts';
import { createFindingStore } from './finding-store.ts';
import type { FlowStore } from './flow-store.ts';
import { createFlowStore, timeOf } from './flow-store.ts';
import type { RingLimits } from './flow-ring.ts';
import type { Effect } from './msg.ts';
import { createPolicyStore } from './policy-store.ts';
import { createTimeline } from './timeline.ts';

/** Effects that the session itself performs. */
export type StoreEffect = Extract<Effect, { type: 'store.filter' | 'store.sort' }>;

/** The session: fed by the runtime, read by reducer and panes. */
export interface Session {
  readonly data: DataView;
  readonly flows: FlowStore;
  /** Policies the agent has loaded, as objects: what preview and explain start from. */
  policies(): readonly FlowPolicy[];
  /** Take in one feed message. */
  receive(message: FeedMessage): void;
  /** Run an effect of the store. */
  perform(effect: StoreEffect): void;
  /** Go on with a refilter for up to `limit` flows; true when nothing is left. Call between frames. */
  work(limit?: number): boolean;
  /** Why this flow was let through or refused, by the policies loaded now; undefined when the flow is gone. */
  explain(id: FlowId, nowMs: Millis): Explanation | undefined;
}

/** Flows tested in one slice of `work`: about 2 ms. */
const workSlice = 5000;

/** How a session differs from the usual one; tests make its limits small. */
export interface SessionOptions {
  readonly limits?: RingLimits;
  /** True while messages wait to be received. */
  readonly isCatchingUp?: () => boolean;
}

/** An empty session. */
export function createSession(options: SessionOptions = {}): Session {
  const flows = createFlowStore(options.limits);
  const findings = createFindingStore();
  const policies = createPolicyStore();
  const timeline = createTimeline();
  let version = 0;
  const reset = (): void => {
    flows.reset();
    findings.clear();
    policies.clear();
  };
  const add = (event: ApiEvent): void => {
    switch (event.type) {
      case 'flow':
        if (flows.add(event)) timeline.add(event, timeOf(event.time));
        return;
      case 'finding':
        findings.add(event);
        timeline.mark(event, timeOf(event.firstSeen));
        return;
      case 'policy': {
        policies.add(event);
        return;
      }
      case 'lost': {
        flows.addLost(event);
        return;
      }
      case 'identity': {
        flows.addIdentity(event);
        return;
      }
      default:
        assertNever(event);
    }
  };
  const receive = (message: FeedMessage): void => {
    version++;
    switch (message.type) {
      case 'batch':
        for (const event of message.events) add(event);
        return;
      case 'position':
        if (message.reset) reset();
        timeline.position(message.position, message.reset);
        flows.clock.advance(message.position.nowMs);
        return;
      case 'status':
        flows.clock.advance(timeOf(message.status.time));
        return;
      case 'hello':
      case 'connection':
        return;
      default:
        assertNever(message);
    }
  };
  return {
    data: {
      flows: flows.data,
      findings: findings.data,
      policies: policies.data,
      get isCatchingUp() {
        return options.isCatchingUp?.() ?? false;
      },
      get timeline() {
        return timeline.view;
      },
      get version() {
        return version;
      },
    },
    flows,
    policies: () => policies.objects(),
    receive,
    perform(effect) {
      version++;
      if (effect.type === 'store.filter')
        flows.setFilter(effect.node === undefined ? undefined : compileFilter(effect.node));
      else
        flows.setSort({
          ...effect.sort,
          key: flowColumn(effect.sort.column)?.sortKey,
          heldAt: effect.heldAt,
        });
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
