// The state of one exchange under way on a connection: what will be observed, and what is still expected. Slots form a linked
// queue per connection and are reused through the workspace. Knows no bytes and no policy.
import type { AnswerLimit } from '../protocol/http1/answers.ts';
import type { Exchange } from '../model/exchange.ts';
import { newExchange, noBytes, resetExchange } from './new-exchange.ts';

/** How a slot's request is answered by ourselves; 0 when upstream answers. Otherwise an HTTP status, or `resets`. */
export const refusal = { none: 0, resets: 1 } as const;

/** One exchange under way; reused, reset in place. */
export interface Slot {
  readonly exchange: Exchange;
  next: Slot | undefined;
  /** One of `requestKind`. */
  kind: number;
  /** HTTP status of our own answer, `refusal.none` or `refusal.resets`. */
  refusal: number;
  /** The limit that refused, for a 429. */
  limit: AnswerLimit | undefined;
  /** Everything of the request has been read (or nothing more will come). */
  requestDone: boolean;
  /** Everything of the answer has been read or written. */
  responseDone: boolean;
  /** A final answer's head has been seen. */
  answered: boolean;
  /** Both directions are raw bytes that belong to this slot. */
  opaque: boolean;
  /** The request asked for an upgrade. */
  wantsUpgrade: boolean;
  /** `Expect: 100-continue` is waiting for its 100. */
  expects: boolean;
  /** The connection ends after this answer. */
  last: boolean;
  /** The catalogue holds the whole path: there is nothing to learn from its answer. */
  routeKnown: boolean;
  /** Body windows are wanted. */
  keepRequestBody: boolean;
  keepResponseBody: boolean;
}

/** Capture buffers are made when something is first captured: an opaque connection, which may last for hours, never has them. */
const startSizes = {
  requestHeadBytes: 0,
  responseHeadBytes: 0,
  requestBodyBytes: 0,
  responseBodyBytes: 0,
};
/** A slot that met a head larger than this drops the buffer when given back, so that the pool stays small. */
const keptHeadBytes = 8 * 1024;

/** An empty slot without buffers. */
export function newSlot(): Slot {
  return {
    exchange: newExchange(startSizes),
    next: undefined,
    kind: 0,
    refusal: refusal.none,
    limit: undefined,
    requestDone: false,
    responseDone: false,
    answered: false,
    opaque: false,
    wantsUpgrade: false,
    expects: false,
    last: false,
    routeKnown: false,
    keepRequestBody: false,
    keepResponseBody: false,
  };
}

/** Ready for the next exchange. */
export function resetSlot(slot: Slot): void {
  const { exchange } = slot;
  resetExchange(exchange);
  if (exchange.head.length > keptHeadBytes) exchange.head = noBytes;
  if (exchange.responseHead.length > keptHeadBytes) exchange.responseHead = noBytes;
  slot.next = undefined;
  slot.kind = 0;
  slot.refusal = refusal.none;
  slot.limit = undefined;
  slot.requestDone = slot.responseDone = slot.answered = false;
  slot.opaque = slot.wantsUpgrade = slot.expects = slot.last = false;
  slot.routeKnown = slot.keepRequestBody = slot.keepResponseBody = false;
}
