// Makes the reused, mutable structs of the data plane: an Exchange with its capture buffers and an empty Decision. Knows no parser.
import type { Exchange } from '../model/exchange.ts';
import { newDecision, resetDecision } from '../policy/decision.ts';

/** How much of an exchange is kept for people, in bytes. Everything else only passes through. */
export interface CaptureLimits {
  /** Copy of the request head. As large as the largest head the parser accepts, so that no span is ever cut off. */
  readonly requestHeadBytes: number;
  /** Copy of the response head; same reason. */
  readonly responseHeadBytes: number;
  /** First bytes of a JSON or text request body: enough for ids and field names, too little to hoard payloads. */
  readonly requestBodyBytes: number;
  /** First bytes of a JSON or text response body. */
  readonly responseBodyBytes: number;
}

/** What the agent keeps; about 72 KiB an exchange at most. */
export const captureLimits: CaptureLimits = {
  requestHeadBytes: 32 * 1024,
  responseHeadBytes: 32 * 1024,
  requestBodyBytes: 4 * 1024,
  responseBodyBytes: 4 * 1024,
};

/** Buffer of what nothing was captured of yet: one for all, as an empty one of its own costs 300 bytes. */
export const noBytes = new Uint8Array(0);
const bufferOf = (length: number): Uint8Array => (length === 0 ? noBytes : new Uint8Array(length));

/** An empty exchange whose buffers have the given sizes (default: `captureLimits`); whoever fills it may swap in larger ones. */
// eslint-disable-next-line max-lines-per-function -- one literal is one shape for V8; put together by spreading, the hottest object may turn into a dictionary
export function newExchange(limits: Partial<CaptureLimits> = {}): Exchange {
  const sizes = { ...captureLimits, ...limits };
  return {
    connection: 0,
    sequence: 0,
    listener: 0,
    gear: 0,
    sourcePeer: -1,
    destinationPeer: -1,
    destinationAddress: '',
    clientAddress: '',
    generation: 0,
    startedAt: 0,
    firstByteAt: 0,
    endedAt: 0,
    protocol: 0,
    head: bufferOf(sizes.requestHeadBytes),
    headLength: 0,
    methodStart: 0,
    methodEnd: 0,
    pathStart: 0,
    pathEnd: 0,
    queryStart: 0,
    queryEnd: 0,
    hostStart: 0,
    hostEnd: 0,
    route: '',
    requestBytes: 0,
    requestBody: bufferOf(sizes.requestBodyBytes),
    requestBodyLength: 0,
    requestBodyTruncated: false,
    status: 0,
    responseBytes: 0,
    responseHead: bufferOf(sizes.responseHeadBytes),
    responseHeadLength: 0,
    responseBody: bufferOf(sizes.responseBodyBytes),
    responseBodyLength: 0,
    responseBodyTruncated: false,
    local: false,
    decision: newDecision(),
    blockId: '',
    broken: '',
    opaque: '',
    opening: false,
    announced: false,
    cut: '',
    light: false,
    normalisedPath: '',
  };
}

/** Everything but the buffers back to empty, in place. */
export function resetExchange(exchange: Exchange): void {
  exchange.connection = 0;
  exchange.sequence = 0;
  exchange.listener = 0;
  exchange.gear = 0;
  exchange.sourcePeer = exchange.destinationPeer = -1;
  exchange.destinationAddress = '';
  exchange.clientAddress = '';
  exchange.generation = 0;
  exchange.startedAt = 0;
  exchange.firstByteAt = 0;
  exchange.endedAt = 0;
  exchange.protocol = 0;
  exchange.headLength = 0;
  exchange.methodStart = exchange.methodEnd = 0;
  exchange.pathStart = exchange.pathEnd = 0;
  exchange.queryStart = exchange.queryEnd = 0;
  exchange.hostStart = exchange.hostEnd = 0;
  exchange.route = '';
  exchange.requestBytes = 0;
  exchange.requestBodyLength = 0;
  exchange.requestBodyTruncated = false;
  exchange.status = 0;
  exchange.responseBytes = 0;
  exchange.responseHeadLength = 0;
  exchange.responseBodyLength = 0;
  exchange.responseBodyTruncated = false;
  exchange.local = false;
  exchange.blockId = '';
  exchange.broken = '';
  exchange.opaque = '';
  exchange.opening = exchange.announced = false;
  exchange.cut = '';
  exchange.light = false;
  exchange.normalisedPath = '';
  resetDecision(exchange.decision);
}
