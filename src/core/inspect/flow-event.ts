// Exchange -> FlowEvent on the main thread: spans and numbers become the one event everybody reads, masked at this point and
// nowhere later. Runs once per request, so what repeats is remembered; nothing here keeps bytes of the exchange.
import type { Endpoint, FlowEvent, Header, Verdict } from '../model/event.ts';
import { exchangeProtocols, type Exchange } from '../model/exchange.ts';
import type { ListenerConfig } from '../model/identity.ts';
import { withRequestValues } from '../policy/verdict-values.ts';
import { withBrokenCode } from '../policy/broken-verdict.ts';
import type { Masker } from '../mask/masker.ts';
import { createFlowEnds, type NameOf, type PeerOf } from './flow-ends.ts';
import { bodyWindow } from './flow-event-body.ts';
import { createConnectionWords, rememberHead, type ConnectionWords } from './flow-event-connection.ts';
import { headerValue } from './flow-event-headers.ts';
import { hasRequest, isWhole } from './exchange-shape.ts';
import { createClockText, elapsed } from './flow-event-time.ts';
import { traceIdOf, traceText } from './flow-event-trace.ts';
import { createTools, type Tools } from './flow-tools.ts';
import { answerOf, lightEventOf, type LightFlow } from './light-flow.ts';
import { createLightReader } from './light-reader.ts';

/** What events are made with. */
export interface FlowAssemblerOptions {
  readonly listeners: readonly ListenerConfig[];
  /** Who the numbers of the other gears' exchanges are; without it everybody is a stranger. */
  readonly peer?: PeerOf;
  /** What those are called that are nobody's in the directory; without it by their address. */
  readonly nameOf?: NameOf;
  /** Prefix of flow ids. */
  readonly agent: string;
  readonly masker: Masker;
  /** Words for a decision; `normalisedPath` is already masked and safe to show, `principal` is the caller's. */
  readonly describe: (
    decided: Pick<Exchange, 'decision' | 'generation'>,
    normalisedPath: string,
    principal: string,
  ) => { readonly verdict: Verdict; readonly shadow?: Verdict };
}

const noHeaders: readonly Header[] = [];

type Request = NonNullable<FlowEvent['request']>;
type Response = NonNullable<FlowEvent['response']>;

function requestOf(exchange: Exchange, headers: readonly Header[], tools: Tools): Request {
  const head = tools.head(exchange.head);
  const { queryStart, queryEnd, requestBodyLength } = exchange;
  const request: Request = {
    method: tools.word(head, exchange.methodStart, exchange.methodEnd),
    host: tools.host(head, exchange.hostStart, exchange.hostEnd),
    path: tools.target(head, exchange.pathStart, exchange.pathEnd).path,
    route: tools.route(exchange.route),
    bytes: exchange.requestBytes,
    headers: headers as Header[],
  };
  if (queryEnd > queryStart) request.query = tools.query(head, queryStart, queryEnd);
  if (requestBodyLength > 0)
    request.body = bodyWindow(tools.masker, tools.requestBody(exchange.requestBody), {
      length: requestBodyLength,
      truncated: exchange.requestBodyTruncated,
      contentType: headerValue(headers, 'content-type') ?? '',
    });
  return request;
}

function responseOf(exchange: Exchange, tools: Tools): Response {
  const response = answerOf(exchange.status, exchange.responseBytes);
  if (exchange.local) response.local = true;
  if (exchange.light) return response;
  const { responseHeadLength, responseBodyLength } = exchange;
  const headers =
    responseHeadLength > 0
      ? tools.headers.read(tools.responseHead(exchange.responseHead), responseHeadLength)
      : noHeaders;
  if (headers.length > 0) response.headers = headers as Header[];
  if (responseBodyLength > 0)
    response.body = bodyWindow(tools.masker, tools.responseBody(exchange.responseBody), {
      length: responseBodyLength,
      truncated: exchange.responseBodyTruncated,
      contentType: headerValue(headers, 'content-type') ?? '',
    });
  return response;
}

/** What both kinds begin with. */
interface Base {
  readonly time: string;
  readonly words: ConnectionWords;
  readonly destination: Endpoint;
  readonly verdict: Verdict;
}

type Flow = { -readonly [Key in keyof FlowEvent]: FlowEvent[Key] };

interface Head {
  readonly headers: readonly Header[];
  readonly traceId: string | undefined;
}

function headOf(exchange: Exchange, words: ConnectionWords, tools: Tools): Head {
  const head = tools.head(exchange.head);
  if (!exchange.light) {
    const headers = tools.headers.read(head, exchange.headLength);
    return { headers, traceId: traceIdOf(headers) };
  }
  const light = tools.headers.readLight(head, exchange.headLength, words.head, tools.trace);
  rememberHead(words, light);
  return { headers: light.headers, traceId: traceText(tools.trace) };
}

/** A request that was answered to the end: nearly all. Written as one literal, which V8 stores compactly. */
function wholeFlow(base: Base, exchange: Exchange, tools: Tools): Flow {
  const { headers, traceId } = headOf(exchange, base.words, tools);
  const flow: Flow = {
    type: 'flow',
    time: base.time,
    id: base.words.prefix + exchange.sequence.toString(36),
    connection: base.words.id,
    source: base.words.source,
    destination: base.destination,
    protocol: exchangeProtocols[exchange.protocol] ?? 'opaque',
    verdict: base.verdict,
    request: requestOf(exchange, headers, tools),
    response: responseOf(exchange, tools),
    latencyMs: elapsed(exchange.startedAt, exchange.endedAt),
    firstByteMs: elapsed(exchange.startedAt, exchange.firstByteAt),
  };
  if (traceId !== undefined) flow.traceId = traceId;
  return flow;
}

/** Anything else: opaque, broken, cut off. */
function partialFlow(base: Base, exchange: Exchange, tools: Tools): Flow {
  const flow: Flow = {
    type: 'flow',
    time: base.time,
    id: base.words.prefix + exchange.sequence.toString(36),
    connection: base.words.id,
    source: base.words.source,
    destination: base.destination,
    protocol: exchangeProtocols[exchange.protocol] ?? 'opaque',
    verdict: base.verdict,
  };
  const { startedAt, firstByteAt, endedAt } = exchange;
  if (hasRequest(exchange)) {
    const { headers, traceId } = headOf(exchange, base.words, tools);
    flow.request = requestOf(exchange, headers, tools);
    if (traceId !== undefined) flow.traceId = traceId;
  }
  if (hasRequest(exchange) || exchange.status > 0) flow.response = responseOf(exchange, tools);
  if (endedAt > 0) flow.latencyMs = elapsed(startedAt, endedAt);
  if (firstByteAt > 0) flow.firstByteMs = elapsed(startedAt, firstByteAt);
  return flow;
}

/** What the decision's tables do not hold. */
function completeVerdict(verdict: Verdict, exchange: Exchange, tools: Tools): Verdict {
  if (verdict.field === undefined) return verdict;
  const head = tools.head(exchange.head);
  const host = hasRequest(exchange) ? tools.word(head, exchange.hostStart, exchange.hostEnd) : undefined;
  return withBrokenCode(withRequestValues(verdict, host), exchange.broken);
}

/** Reads exchanges while their buffers are valid; what it returns shares no bytes with them. */
export interface FlowReader {
  /** The event of any exchange. */
  readonly flow: (exchange: Exchange) => FlowEvent;
  /**
   * The same of a light exchange that was allowed and answered to the end, without making the event; undefined for any other one.
   * The struct is filled anew by the next call.
   */
  readonly light: (exchange: Exchange) => LightFlow | undefined;
  /** The event of what `light` returned: equal to what `flow` makes of the same exchange. */
  readonly eventOf: (light: LightFlow) => FlowEvent;
}

/** One reader per agent: it remembers what repeats, and its masker decides what is equal. */
export function createFlowReader(options: FlowAssemblerOptions): FlowReader {
  const { listeners, agent, masker, describe } = options;
  const tools = createTools(masker);
  const wordsOf = createConnectionWords(agent);
  const clock = createClockText();
  const endsOf = createFlowEnds(listeners, {
    peerOf: options.peer ?? (() => undefined),
    nameOf: options.nameOf,
  });
  const light = createLightReader({ endsOf, describe, tools, wordsOf });
  const flowOf = (exchange: Exchange): FlowEvent => {
    const ends = endsOf(exchange);
    if (!ends) throw new Error(`exchange of unknown listener ${exchange.listener}`);
    const { source, destination } = ends;
    const path = tools.normalised(exchange.normalisedPath);
    const said = describe(exchange, path, source.principal);
    const verdict = completeVerdict(said.verdict, exchange, tools);
    const shadow = said.shadow && completeVerdict(said.shadow, exchange, tools);
    const words = wordsOf(exchange, source);
    const base: Base = {
      time: clock(exchange.startedAt),
      words,
      destination,
      verdict: exchange.blockId === '' ? verdict : { ...verdict, blockId: exchange.blockId },
    };
    const flow = (isWhole(exchange) ? wholeFlow : partialFlow)(base, exchange, tools);
    if (shadow) flow.shadow = shadow;
    if (words.gear !== undefined) flow.gear = words.gear;
    addOddities(flow, exchange);
    return flow;
  };
  return { flow: flowOf, light, eventOf: (flow) => lightEventOf(flow, clock) };
}

/** What most exchanges have not. */
function addOddities(flow: Flow, exchange: Exchange): void {
  if (exchange.broken !== '') flow.broken = exchange.broken;
  if (exchange.opaque !== '') flow.opaque = exchange.opaque;
  if (exchange.announced) flow.opening = exchange.opening;
  if (exchange.opening) flow.id += '-opening';
  if (exchange.cut !== '') flow.ended = exchange.cut;
  if (exchange.light) flow.light = true;
}

/** Builds the assembler: call it with each exchange while its buffers are valid; the result shares no bytes with it. */
export function createFlowAssembler(options: FlowAssemblerOptions): (exchange: Exchange) => FlowEvent {
  return createFlowReader(options).flow;
}
