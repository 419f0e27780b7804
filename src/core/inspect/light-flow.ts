// A light flow as it passes through main: one reused struct of numbers and shared words. At 40,000 requests/s the objects and texts
// of an event cost more than all that is done with them, so the event is made when somebody reads it. Knows no ring and no window.
import type { Endpoint, FlowEvent, Verdict } from '../model/event.ts';
import { exchangeProtocols } from '../model/exchange.ts';
import type { ConnectionWords } from './flow-event-connection.ts';
import { traceInts, traceText } from './flow-event-trace.ts';
import type { HeadWords, TargetWords } from './light-words.ts';

/** Everything that the event of a plain light flow says; see `lightEventOf`. */
export interface LightFlow {
  /** Epoch ms, fractions cut off as in the event's text. */
  startedMs: number;
  /** As in the event: request's first byte to the answer's last and first. */
  latencyMs: number;
  firstByteMs: number;
  connection: ConnectionWords;
  /** Number of the exchange on its connection: the rest of its id. */
  sequence: number;
  destination: Endpoint;
  /** Index into `exchangeProtocols`. */
  protocol: number;
  verdict: Verdict;
  method: string;
  host: string;
  target: TargetWords;
  query: string | undefined;
  head: HeadWords;
  /** Trace id, `traceInts` numbers; all zero when there is none. */
  readonly trace: Int32Array;
  requestBytes: number;
  responseBytes: number;
  /** 0 when none was read. */
  status: number;
}

type Request = NonNullable<FlowEvent['request']>;
type Response = NonNullable<FlowEvent['response']>;

/** Id of the flow, as its event has it. */
export function lightIdOf(connection: ConnectionWords, sequence: number): string {
  return connection.prefix + sequence.toString(36);
}

function requestOf({ method, host, target, query, head, requestBytes }: LightFlow): Request {
  const { path, route } = target;
  const request: Request = { method, host, path, route, bytes: requestBytes, headers: head.headers as never };
  if (query !== undefined) request.query = query;
  return request;
}

/** An answer as the event has it; `status` 0 says that none was read. */
export function answerOf(status: number, bytes: number): Response {
  return status > 0 ? { status, bytes } : { bytes };
}

/** The event of a light flow, equal to what the assembler makes of the same exchange. `clock` as `createClockText` makes it. */
export function lightEventOf(flow: LightFlow, clock: (epochMs: number) => string): FlowEvent {
  const { connection, status, responseBytes } = flow;
  const traceId = traceText(flow.trace);
  return {
    type: 'flow',
    time: clock(flow.startedMs),
    id: lightIdOf(connection, flow.sequence),
    connection: connection.id,
    source: connection.source,
    destination: flow.destination,
    protocol: exchangeProtocols[flow.protocol] ?? 'opaque',
    verdict: flow.verdict,
    request: requestOf(flow),
    response: answerOf(status, responseBytes),
    latencyMs: flow.latencyMs,
    firstByteMs: flow.firstByteMs,
    ...(traceId === undefined ? {} : { traceId }),
    ...(connection.gear === undefined ? {} : { gear: connection.gear }),
    light: true,
  };
}

/** A flow seen as its event without making it: what is asked for is made when it is asked for. */
export interface LightView {
  /** What `event` shows from now on. */
  show(flow: LightFlow): void;
  /** Always the same object: read it before the next `show`, keep nothing but its texts. */
  readonly event: FlowEvent;
}

/** A view that shows `first`; without the rare fields (trace id, gear), which nobody looks at here. `clock` as `createClockText` makes it. */
export function createLightView(first: LightFlow, clock: (epochMs: number) => string): LightView {
  let flow = first;
  const event: FlowEvent = {
    type: 'flow',
    get time() {
      return clock(flow.startedMs);
    },
    get id() {
      return lightIdOf(flow.connection, flow.sequence);
    },
    get source() {
      return flow.connection.source;
    },
    get destination() {
      return flow.destination;
    },
    get protocol() {
      return exchangeProtocols[flow.protocol] ?? 'opaque';
    },
    get verdict() {
      return flow.verdict;
    },
    get request() {
      return requestOf(flow);
    },
    get response() {
      return answerOf(flow.status, flow.responseBytes);
    },
    light: true,
  };
  return {
    event,
    show: (next) => {
      flow = next;
    },
  };
}

const emptyTrace = (): Int32Array => new Int32Array(traceInts);

/** A struct to be filled again and again, beginning as a copy of the words given. */
export function newLightFlow(
  words: Pick<LightFlow, 'connection' | 'destination' | 'verdict' | 'target' | 'head'>,
): LightFlow {
  const { connection, destination, verdict, target, head } = words;
  return {
    // Fractions, so that V8 gives these fields room for any number and never has to make the struct anew.
    startedMs: 0.5,
    latencyMs: 0.5,
    firstByteMs: 0.5,
    connection,
    sequence: 0,
    destination,
    protocol: 0,
    verdict,
    method: '',
    host: '',
    target,
    query: undefined,
    head,
    trace: emptyTrace(),
    requestBytes: 0.5,
    responseBytes: 0.5,
    status: 0,
  };
}
