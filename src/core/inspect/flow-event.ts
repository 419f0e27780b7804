// Exchange -> FlowEvent on the main thread: spans and numbers become the one event everybody reads, masked at this point and
// nowhere later. Runs once per request, so what repeats is remembered; nothing here keeps bytes of the exchange.
import type { FlowEvent, Header, Verdict } from '../model/event.ts';
import { exchangeProtocols, type Decision, type Exchange } from '../model/exchange.ts';
import { toEndpoint, type ListenerConfig } from '../model/identity.ts';
import { visible } from './flow-event-visible.ts';
import type { Masker } from '../mask/masker.ts';
import { bodyWindow } from './flow-event-body.ts';
import { byteHash, createBufferView, createByteCache, safeText } from './flow-event-bytes.ts';
import { createConnectionWords, type ConnectionWords } from './flow-event-connection.ts';
import { createHeaderReader, headerValue, type HeaderReader } from './flow-event-headers.ts';
import { createClockText } from './flow-event-time.ts';
import { traceIdOf } from './flow-event-trace.ts';

export interface FlowAssemblerOptions {
  readonly listeners: readonly ListenerConfig[];
  /** Prefix of flow ids. */
  readonly agent: string;
  readonly masker: Masker;
  /** Words for a decision; `normalisedPath` is already masked and safe to show. */
  readonly describe: (
    decision: Decision,
    generation: number,
    normalisedPath: string,
  ) => { readonly verdict: Verdict; readonly shadow?: Verdict };
}

/** Characters of a path, query or host that an event carries. */
const longestTarget = 4096;
/** Distinct paths, queries and hosts remembered at a time. */
const cachedTargets = 4096;
const cachedRoutes = 4096;
const noHeaders: readonly Header[] = [];

type Request = NonNullable<FlowEvent['request']>;
type Response = NonNullable<FlowEvent['response']>;

interface Tools {
  readonly masker: Masker;
  readonly headers: HeaderReader;
  readonly path: (bytes: Buffer, start: number, end: number) => string;
  readonly query: (bytes: Buffer, start: number, end: number) => string;
  readonly word: (bytes: Buffer, start: number, end: number) => string;
  readonly route: (route: string) => string;
  readonly normalised: (path: string) => string;
  /** Views of the four buffers. */
  readonly head: (bytes: Uint8Array) => Buffer;
  readonly requestBody: (bytes: Uint8Array) => Buffer;
  readonly responseHead: (bytes: Uint8Array) => Buffer;
  readonly responseBody: (bytes: Uint8Array) => Buffer;
}

const cut = (text: string): string =>
  text.length <= longestTarget ? text : `${text.slice(0, longestTarget - 1)}…`;

function remembered(make: (text: string) => string): Tools['path'] {
  const cache = createByteCache(cachedTargets, (bytes, start, end) => make(safeText(bytes, start, end)));
  return (bytes, start, end) => cache.get(bytes, start, end, byteHash(bytes, start, end));
}

function rememberedText(make: (text: string) => string): (text: string) => string {
  let known = new Map<string, string>();
  return (text) => {
    const hit = known.get(text);
    if (hit !== undefined) return hit;
    if (known.size >= cachedRoutes) known = new Map();
    const made = make(text);
    known.set(text, made);
    return made;
  };
}

function createTools(masker: Masker): Tools {
  return {
    masker,
    headers: createHeaderReader(masker),
    path: remembered((text) => cut(masker.maskPath(text))),
    query: remembered((text) => cut(masker.maskQuery(text))),
    word: remembered(cut),
    route: rememberedText((text) => cut(masker.maskPath(visible(text)))),
    normalised: rememberedText((text) => (text === '' ? '' : masker.maskPath(visible(text)))),
    head: createBufferView(),
    requestBody: createBufferView(),
    responseHead: createBufferView(),
    responseBody: createBufferView(),
  };
}

function requestOf(exchange: Exchange, head: Buffer, headers: readonly Header[], tools: Tools): Request {
  const { queryStart, queryEnd, requestBodyLength } = exchange;
  const request: Request = {
    method: tools.word(head, exchange.methodStart, exchange.methodEnd),
    host: tools.word(head, exchange.hostStart, exchange.hostEnd),
    path: tools.path(head, exchange.pathStart, exchange.pathEnd),
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
  const response: Response = { status: exchange.status, bytes: exchange.responseBytes };
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

/** Milliseconds to three decimals; a clock that stepped back gives 0. */
const elapsed = (from: number, to: number): number => Math.max(0, Math.round((to - from) * 1000) / 1000);

type Flow = { -readonly [Key in keyof FlowEvent]: FlowEvent[Key] };

function addTimes(flow: Flow, { startedAt, firstByteAt, endedAt }: Exchange): void {
  if (endedAt > 0) flow.latencyMs = elapsed(startedAt, endedAt);
  if (firstByteAt > 0) flow.firstByteMs = elapsed(startedAt, firstByteAt);
}

interface Head {
  readonly headers: readonly Header[];
  readonly traceId: string | undefined;
}

function headOf(exchange: Exchange, head: Buffer, words: ConnectionWords, reader: HeaderReader): Head {
  if (!exchange.light) {
    const headers = reader.read(head, exchange.headLength);
    return { headers, traceId: traceIdOf(headers) };
  }
  const light = reader.readLight(head, exchange.headLength, words.lightHeaders);
  words.lightHeaders = light.headers;
  return light;
}

function addMessages(flow: Flow, exchange: Exchange, words: ConnectionWords, tools: Tools): void {
  if (exchange.headLength > 0 && exchange.methodEnd > exchange.methodStart) {
    const head = tools.head(exchange.head);
    const { headers, traceId } = headOf(exchange, head, words, tools.headers);
    flow.request = requestOf(exchange, head, headers, tools);
    flow.response = responseOf(exchange, tools);
    if (traceId !== undefined) flow.traceId = traceId;
  } else if (exchange.status > 0) flow.response = responseOf(exchange, tools);
}

/** Builds the assembler: call it with each exchange while its buffers are valid; the result shares no bytes with it. */
export function createFlowAssembler(options: FlowAssemblerOptions): (exchange: Exchange) => FlowEvent {
  const { listeners, agent, masker, describe } = options;
  const tools = createTools(masker);
  const wordsOf = createConnectionWords(agent);
  const clock = createClockText();
  const destinations = listeners.map(({ destination, upstream }) =>
    toEndpoint(destination, `${upstream.host}:${upstream.port}`),
  );
  return (exchange) => {
    const config = listeners[exchange.listener];
    const destination = destinations[exchange.listener];
    if (!config || !destination) throw new Error(`exchange of unknown listener ${exchange.listener}`);
    const path = tools.normalised(exchange.normalisedPath);
    const { verdict, shadow } = describe(exchange.decision, exchange.generation, path);
    const words = wordsOf(exchange.connection, config.source, exchange.clientAddress);
    const flow: Flow = {
      type: 'flow',
      time: clock(exchange.startedAt),
      id: words.prefix + exchange.sequence.toString(36),
      connection: words.id,
      source: words.source,
      destination,
      protocol: exchangeProtocols[exchange.protocol] ?? 'opaque',
      verdict: exchange.blockId === '' ? verdict : { ...verdict, blockId: exchange.blockId },
    };
    addMessages(flow, exchange, words, tools);
    addTimes(flow, exchange);
    if (shadow) flow.shadow = shadow;
    if (exchange.broken !== '') flow.broken = exchange.broken;
    if (exchange.opaque !== '') flow.opaque = exchange.opaque;
    if (exchange.light) flow.light = true;
    return flow;
  };
}
