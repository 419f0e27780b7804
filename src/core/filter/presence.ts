// Whether an event has what a field asks for. A comparison on a value that is absent is false, `!=` included: a connection without
// a status is not one whose status differs from 503. `not status:503` takes it. Knows no comparison.
import type { FindingEvent, FlowEvent } from '../model/event.ts';
import type { FilterField } from './filter.ts';

type Has<T> = (event: T) => boolean;

const always = (): boolean => true;
const never = (): boolean => false;
const hasRequest: Has<FlowEvent> = ({ request }) => request !== undefined;

/** Of flows. A header is present where the flow has one of that name, which only its comparison can tell. */
export const flowHas: Readonly<Record<FilterField, Has<FlowEvent>>> = {
  from: always,
  to: always,
  ns: always,
  method: hasRequest,
  path: hasRequest,
  route: hasRequest,
  host: hasRequest,
  status: ({ response }) => response?.status !== undefined,
  lat: ({ latencyMs }) => latencyMs !== undefined,
  verdict: always,
  policy: ({ verdict, shadow }) => verdict.policy !== undefined || shadow?.policy !== undefined,
  shadow: ({ shadow }) => shadow !== undefined,
  header: ({ request, response }) => request?.headers !== undefined || response?.headers !== undefined,
  trace: ({ traceId }) => traceId !== undefined,
  protocol: always,
  id: always,
  conn: ({ connection }) => connection !== undefined,
  ended: ({ ended }) => ended !== undefined,
  text: always,
  rule: never,
  severity: never,
};

/** Of findings. */
export const findingHas: Readonly<Record<FilterField, Has<FindingEvent>>> = {
  from: always,
  to: ({ destination }) => destination !== undefined,
  ns: always,
  route: ({ route }) => route !== undefined,
  rule: always,
  severity: always,
  id: always,
  text: always,
  method: never,
  path: never,
  host: never,
  status: never,
  lat: never,
  verdict: never,
  policy: never,
  shadow: never,
  header: never,
  trace: never,
  protocol: never,
  conn: never,
  ended: never,
};
