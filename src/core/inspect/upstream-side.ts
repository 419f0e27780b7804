// The upstream's direction: answers are matched with the requests they belong to, captured and passed on as they are.
// An answer that cannot be read is passed on too, visibly, and nothing else may follow it on the connection.
import type { BrokenCode } from '../protocol/http1/broken-code.ts';
import { parsed } from '../protocol/http1/message-parser.ts';
import { requestKind } from '../protocol/http1/request-parser.ts';
import type { ResponseParser } from '../protocol/http1/response-parser.ts';
import { captureResponseBody, captureResponseHead, isText } from './capture.ts';
import { openOpaque, sendGathered } from './client-side.ts';
import { refusal, type Slot } from './slot.ts';
import { mode, type Talk } from './talk.ts';
import { awaitsTls, staysTls } from './tls-watch.ts';

const httpName = 'HTTP/';
const badGateway = 502;

/** Bytes of the upstream: what of them belongs to answers goes to the client unchanged. `bytes` is only valid during the call. */
export function readUpstream(talk: Talk, bytes: Uint8Array, start: number, end: number): void {
  if (talk.mode === mode.sniff && !serverFirst(talk, bytes, start, end)) return;
  const at = readAnswers(talk, bytes, start, end);
  if (talk.closed) return;
  if (at > start) talk.options.sink.send('client', bytes, start, at);
}

/** Upstream speaks before the client did: no HTTP. False when its bytes must not pass. */
function serverFirst(talk: Talk, bytes: Uint8Array, start: number, end: number): boolean {
  let at = 0;
  while (at < httpName.length && bytes[start + at] === httpName.charCodeAt(at)) at += 1;
  const answer = at === httpName.length || start + at === end;
  if (answer && talk.mustRead()) {
    // A server that times out an idle connection with 408. Becoming opaque here would let later requests pass unread.
    talk.stray('UNSOLICITED_RESPONSE', end - start);
    return false;
  }
  const { held } = talk;
  talk.held = undefined;
  if (!openOpaque(talk, 'server-first')) return false;
  if (held !== undefined) {
    talk.options.sink.send('upstream', held, 0, held.length);
    if (talk.back !== undefined) talk.back.exchange.requestBytes += held.length;
  }
  return true;
}

/** Returns the index up to which the bytes belong to answers and go to the client. */
function readAnswers(talk: Talk, bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  /** Where the answer being read begins; -1 when a part of it went to the client earlier. */
  let from = -1;
  for (;;) {
    const slot = talk.respondent();
    if (slot === undefined || slot.refusal !== refusal.none) {
      if (at < end) talk.stray('UNSOLICITED_RESPONSE', end - at);
      return at;
    }
    if (slot.opaque) return passOn(talk, slot, bytes, at, end);
    const parser = talk.responses;
    parser.answers = slot.kind;
    if (parser.idle) from = at;
    const event = parser.push(bytes, at, end);
    const { exchange } = slot;
    exchange.responseBytes += parser.position - at;
    if (exchange.firstByteAt === 0 && parser.position > at) exchange.firstByteAt = talk.now;
    at = parser.position;
    if (event === parsed.needMore) return at;
    const wrong = wrongIn(slot, event, parser);
    if (wrong !== '' && talk.mustRead())
      return refuseAnswer(talk, slot, wrong, from < 0 ? undefined : from) ?? start;
    onEvent(talk, slot, event, bytes);
    if (talk.closeWanted || talk.closed) return at;
  }
}

/** Why an answer must not pass where requests have to be read; '' when it may. */
function wrongIn(slot: Slot, event: number, parser: ResponseParser): BrokenCode | '' {
  if (event === parsed.broken) return parser.code;
  if (event !== parsed.head) return '';
  if (parser.status === 101) return slot.wantsUpgrade ? '' : 'UNEXPECTED_UPGRADE';
  // Admitted before the policy that must read came into force.
  return slot.kind === requestKind.connect && parser.status < 300 ? 'CONNECT_TUNNEL' : '';
}

/**
 * An answer that two readers may understand differently, under a policy that must read: the client gets none of it but what
 * went earlier, and a 502 where nothing did. `from` is where it begins, if in the bytes in hand: they may pass up to there.
 */
function refuseAnswer(
  talk: Talk,
  slot: Slot,
  code: BrokenCode,
  from: number | undefined,
): number | undefined {
  const { exchange } = slot;
  noteBroken(talk, slot, code);
  slot.last = true;
  talk.mode = mode.spent;
  if (from === undefined) {
    exchange.cut = 'policy-cut';
    talk.closeWanted = true;
    return undefined;
  }
  slot.refusal = badGateway;
  exchange.responseBodyLength = 0;
  return from;
}

function passOn(talk: Talk, slot: Slot, bytes: Uint8Array, at: number, end: number): number {
  if (talk.tls !== undefined && !staysTls(talk, talk.tls.upstream, bytes, at, end)) return at;
  const { exchange } = slot;
  exchange.responseBytes += end - at;
  if (exchange.firstByteAt === 0 && end > at) exchange.firstByteAt = talk.now;
  return end;
}

function onEvent(talk: Talk, slot: Slot, event: number, bytes: Uint8Array): void {
  const parser = talk.responses;
  switch (event) {
    case parsed.interim:
      slot.exchange.firstByteAt = 0;
      if (parser.status === 100) slot.expects = false;
      parser.releaseHead();
      break;
    case parsed.head:
      onHead(talk, slot, parser);
      parser.releaseHead();
      break;
    case parsed.data:
      if (slot.keepResponseBody) captureResponseBody(slot.exchange, bytes, parser.dataStart, parser.dataEnd);
      break;
    case parsed.end:
      completeAnswer(talk, slot);
      break;
    default:
      onBroken(talk, slot, parser.code as BrokenCode);
      break;
  }
}

function onHead(talk: Talk, slot: Slot, parser: ResponseParser): void {
  const { exchange } = slot;
  const { view, facts, status } = parser;
  exchange.status = status;
  slot.answered = true;
  captureResponseHead(exchange, view.bytes, view.start, view.end);
  slot.keepResponseBody = isText(view.bytes, facts);
  if (status === 101) {
    if (slot.wantsUpgrade) tunnel(talk, slot, 'upgrade');
    else onBroken(talk, slot, 'UNEXPECTED_UPGRADE');
    return;
  }
  if (slot.kind === requestKind.connect && status < 300) {
    tunnel(talk, slot, 'connect');
    return;
  }
  if (parser.keepAlive) return;
  slot.last = true;
  if (slot.requestDone) talk.mode = mode.spent;
}

/** The request was judged and upstream agreed: from here on both directions are raw. */
function tunnel(talk: Talk, slot: Slot, word: string): void {
  slot.opaque = true;
  slot.exchange.opaque = word;
  talk.mode = mode.raw;
}

function completeAnswer(talk: Talk, slot: Slot): void {
  const { exchange } = slot;
  const { routes, listener, catalogue = listener } = talk.options;
  slot.responseDone = true;
  exchange.endedAt = talk.now;
  if (!slot.routeKnown) {
    const { path } = talk.workspace;
    path.read(exchange.head, exchange.pathStart, exchange.pathEnd);
    routes.learn(catalogue, path.bytes, path.start, path.end, exchange.status);
  }
  // A final answer instead of the 100: nobody can know whether the body will still come, so nothing may follow.
  const unsure = slot.expects && !slot.requestDone;
  if (unsure || (slot.last && slot.requestDone)) talk.closeWanted = true;
  talk.advance();
}

/** An answer that cannot be read where none must be: the client gets it as it is, and nothing is read after it. */
function onBroken(talk: Talk, slot: Slot, code: BrokenCode): void {
  noteBroken(talk, slot, code);
  slot.exchange.opaque = 'broken';
  slot.opaque = true;
  slot.last = true;
  slot.requestDone = true;
  talk.current = undefined;
  talk.mode = mode.raw;
  sendGathered(talk);
}

function noteBroken(talk: Talk, slot: Slot, code: BrokenCode): void {
  const { exchange } = slot;
  const parser = talk.responses;
  if (parser.brokenHeadIsWhole) {
    const { view } = parser;
    exchange.status = parser.status;
    captureResponseHead(exchange, view.bytes, view.start, view.end);
  }
  parser.discard();
  exchange.broken = code;
}

/** Upstream has sent its FIN (or an answer that only its end delimits is complete). */
export function endUpstream(talk: Talk): void {
  const { sink } = talk.options;
  const slot = talk.respondent();
  if (talk.mode === mode.raw && slot?.opaque === true) {
    // Whoever waits for a TLS answer waits in vain now.
    if (talk.clientEnded || (talk.holding && awaitsTls(talk))) talk.closeWanted = true;
    else sink.shutdown('client');
    return;
  }
  if (slot !== undefined && !slot.opaque && slot.refusal === refusal.none) {
    const event = talk.responses.end();
    if (event === parsed.end) completeAnswer(talk, slot);
    else if (event === parsed.broken) slot.exchange.broken = talk.responses.code;
  }
  talk.mode = mode.spent;
  talk.ending = 'upstream-closed';
  talk.closeWanted = true;
}
