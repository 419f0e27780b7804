// What one finished exchange causes: counters, window, feed, detections. Light flows pass as numbers and shared words; their event is
// made when a subscriber is there to read it. Knows no socket and no clock.
import type { Detector } from '../../core/detect/engine.ts';
import type { FlowReader } from '../../core/inspect/flow-event.ts';
import type { LightFlow } from '../../core/inspect/light-flow.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import type { Exchange } from '../../core/model/exchange.ts';
import type { FeedServer } from '../../io/feed/feed-server.ts';
import type { AgentCounts } from './agent-counts.ts';
import type { EventWindow } from './event-window.ts';
import type { LostDetails } from './lost-details.ts';
import type { PolicyEvents } from './policy-events.ts';

/** The parts that flows pass through. */
export interface FlowIntakeOptions {
  readonly reader: FlowReader;
  readonly detector: Pick<Detector, 'observe' | 'observeLight'>;
  readonly window: Pick<EventWindow, 'add' | 'addLight'>;
  readonly policyEvents: Pick<PolicyEvents, 'count'>;
  readonly details: Pick<LostDetails, 'count'>;
  readonly counts: Pick<AgentCounts, 'flow'>;
  /** Undefined before there is one. */
  readonly feed: () => Pick<FeedServer, 'publish' | 'hasSubscribers'> | undefined;
}

/** What the data plane calls with every exchange that ended. */
export function createFlowIntake(options: FlowIntakeOptions): (exchange: Exchange) => void {
  const { reader, detector, window, policyEvents, details, counts, feed } = options;
  const tell = (event: ApiEvent): void => {
    window.add(event);
    feed()?.publish(event);
  };
  const takeLight = (light: LightFlow): void => {
    if (light.verdict.policy !== undefined) policyEvents.count(reader.eventOf(light));
    details.count(1);
    counts.flow(light.verdict, undefined);
    window.addLight(light);
    const server = feed();
    if (server?.hasSubscribers() === true) server.publish(reader.eventOf(light));
    for (const finding of detector.observeLight(light)) tell(finding);
  };
  return (exchange) => {
    const light = reader.light(exchange);
    if (light !== undefined) {
      takeLight(light);
      return;
    }
    const flow = reader.flow(exchange);
    if (flow.opening === true) {
      tell(flow);
      return;
    }
    policyEvents.count(flow);
    counts.flow(flow.verdict, flow.shadow);
    if (flow.light === true) details.count(1);
    tell(flow);
    for (const finding of detector.observe(flow)) tell(finding);
  };
}
