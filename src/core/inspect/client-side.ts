// The client's direction: sniff, read requests, judge each on its complete head, pass on the original bytes of those admitted.
// Nothing of a request goes to upstream before it has been judged.
import { parsed } from '../protocol/http1/message-parser.ts';
import { assertNever } from '../model/assert-never.ts';
import type { BrokenCode } from '../protocol/http1/broken-code.ts';
import { requestKind, type RequestParser } from '../protocol/http1/request-parser.ts';
import { sniff } from '../protocol/sniff.ts';
import { helloLength, helloState } from '../protocol/tls/client-hello.ts';
import { captureRequestBody, captureRequestHead, isText } from './capture.ts';
import { admitOpaque, judgeRequest, opaqueRefused, refuseBroken } from './judge.ts';
import { answerLocally } from './local-answer.ts';
import { refusal, type Slot } from './slot.ts';
import { mode, type Talk } from './talk.ts';
import { awaitsTls, staysTls, watchTls } from './tls-watch.ts';

/** A span of the chunk in hand: `start..ready` may be sent to upstream, what follows is not decided yet. */
interface Span {
  readonly bytes: Uint8Array;
  readonly end: number;
  start: number;
  ready: number;
}

/** Bytes of the client, as the mode of the connection has them read. `bytes` is only valid during the call. */
export function readClient(talk: Talk, bytes: Uint8Array, start: number, end: number): void {
  switch (talk.mode) {
    case mode.sniff:
      sniffClient(talk, bytes, start, end);
      break;
    case mode.http:
      readRequests(talk, bytes, start, end);
      break;
    case mode.raw:
      readRaw(talk, bytes, start, end);
      break;
    default:
      break;
  }
}

function sniffClient(talk: Talk, bytes: Uint8Array, start: number, end: number): void {
  const protocol = sniff(bytes, start, end);
  switch (protocol) {
    case 'more':
      talk.keep(bytes, start, end);
      break;
    case 'http1':
      talk.mode = mode.http;
      readRequests(talk, bytes, start, end);
      break;
    case 'h2':
      if (talk.mustRead()) refuseStart(talk, 'H2_PRIOR_KNOWLEDGE');
      else if (openOpaque(talk, protocol)) sendRaw(talk, bytes, start, end);
      break;
    case 'unknown':
      // Some servers strip bytes before a request that ours does not allow there: the strict parser is to refuse them.
      if (talk.mustRead() && !opaqueRefused(talk)) {
        talk.mode = mode.http;
        readRequests(talk, bytes, start, end);
      } else if (openOpaque(talk, protocol)) sendRaw(talk, bytes, start, end);
      break;
    case 'tls':
      sniffTls(talk, bytes, start, end);
      break;
    default:
      assertNever(protocol);
  }
}

/** Where requests must be read only a whole hello is TLS: whatever else begins so, some server might take for a request. */
function sniffTls(talk: Talk, bytes: Uint8Array, start: number, end: number): void {
  const strict = talk.mustRead() && !opaqueRefused(talk);
  const length = strict ? helloLength(bytes, start, end) : end - start;
  if (length === helloState.incomplete) talk.keep(bytes, start, end);
  else if (length === helloState.notHello) {
    talk.mode = mode.http;
    readRequests(talk, bytes, start, end);
  } else if (openOpaque(talk, 'tls')) {
    talk.tls = watchTls(strict);
    sendRaw(talk, bytes, start, start + length);
    if (start + length < end) waitForTls(talk, bytes, start + length, end);
  }
}

function waitForTls(talk: Talk, bytes: Uint8Array, start: number, end: number): void {
  talk.hold();
  talk.keep(bytes, start, end);
}

/** Client bytes of a raw connection. */
function readRaw(talk: Talk, bytes: Uint8Array, start: number, end: number): void {
  if (end > start && awaitsTls(talk)) waitForTls(talk, bytes, start, end);
  else sendRaw(talk, bytes, start, end);
}

/** The connection begins with something that must not pass unread. */
function refuseStart(talk: Talk, code: BrokenCode): void {
  const slot = talk.open();
  slot.exchange.protocol = 2;
  slot.exchange.opaque = 'h2';
  slot.requestDone = true;
  refuseBroken(talk, slot, code);
  talk.mode = mode.spent;
}

/** From here on both directions are raw, as one exchange observed at the end. False when policy refused it. */
export function openOpaque(talk: Talk, word: string): boolean {
  const slot = talk.open();
  slot.exchange.protocol = 2;
  slot.exchange.opaque = word;
  slot.requestDone = true;
  slot.opaque = true;
  talk.mode = mode.raw;
  if (!admitOpaque(talk, slot)) return false;
  if (talk.connectFailure !== 0) talk.finish('reset');
  return !talk.closed;
}

function sendRaw(talk: Talk, bytes: Uint8Array, start: number, end: number): void {
  if (talk.tls !== undefined && !staysTls(talk, talk.tls.client, bytes, start, end)) return;
  if (talk.back !== undefined) talk.back.exchange.requestBytes += end - start;
  if (end > start) talk.options.sink.send('upstream', bytes, start, end);
}

function flush(talk: Talk, span: Span): void {
  if (span.start < span.ready) talk.options.sink.send('upstream', span.bytes, span.start, span.ready);
  span.start = span.ready;
}

/** Bytes up to `at` are dealt with: sent if the request passes, thrown away if it was refused. */
function settleSpan(span: Span, slot: Slot | undefined, at: number): void {
  if (slot === undefined) return;
  if (slot.refusal !== refusal.none) span.start = at;
  span.ready = at;
}

function readRequests(talk: Talk, bytes: Uint8Array, start: number, end: number): void {
  const parser = talk.requests;
  const span: Span = { bytes, end, start, ready: start };
  let at = start;
  let event: number;
  do {
    event = parser.push(bytes, at, end);
    const slot = talk.current;
    if (slot !== undefined) slot.exchange.requestBytes += parser.position - at;
    at = parser.position;
    switch (event) {
      case parsed.head:
        onHead(talk, parser, span);
        break;
      case parsed.data:
        if (slot?.keepRequestBody === true)
          captureRequestBody(slot.exchange, bytes, parser.dataStart, parser.dataEnd);
        settleSpan(span, slot, at);
        break;
      case parsed.end:
        settleSpan(span, slot, at);
        onEnd(talk, slot);
        break;
      case parsed.broken:
        settleSpan(span, slot, at);
        onBroken(talk, parser, span);
        break;
      default:
        settleSpan(span, slot, at);
        if (talk.headSince === 0 && parser.inHead) talk.headSince = talk.now;
        break;
    }
  } while (event !== parsed.needMore && goesOn(talk));
  if (talk.closed) return;
  flush(talk, span);
  if (talk.holding) talk.keep(bytes, at, end);
}

const goesOn = (talk: Talk): boolean =>
  talk.mode === mode.http && !talk.holding && !talk.closed && !talk.closeWanted;

function onHead(talk: Talk, parser: RequestParser, span: Span): void {
  const { view } = parser;
  const at = parser.position;
  const straddled = parser.gathered > 0;
  if (!straddled && view.start !== span.ready) {
    // An empty line before the request: belongs to none, is dropped.
    flush(talk, span);
    span.start = view.start;
  }
  const slot = openRequest(talk, parser);
  if (slot.refusal !== refusal.none) {
    flush(talk, span);
    span.start = span.ready = at;
    parser.releaseHead();
    refuse(talk, slot, parser);
    return;
  }
  if (straddled) {
    talk.options.sink.send('upstream', view.bytes, view.start, view.end);
    span.start = at;
  }
  span.ready = at;
  parser.releaseHead();
}

/** Makes the exchange of a complete head, and judges it. */
function openRequest(talk: Talk, parser: RequestParser): Slot {
  const { view, facts } = parser;
  const slot = talk.open();
  const { exchange } = slot;
  talk.current = slot;
  slot.kind = parser.kind;
  slot.wantsUpgrade = parser.wantsUpgrade;
  slot.expects = facts.expectContinue;
  slot.last = !parser.keepAlive;
  slot.keepRequestBody = isText(view.bytes, facts);
  exchange.protocol = parser.minor === 1 ? 0 : 1;
  exchange.requestBytes = view.end - view.start;
  captureRequestHead(exchange, view);
  const { routes, listener, catalogue = listener } = talk.options;
  // By the spelling that all spellings share: throttles that count by route would else be passed by writing it differently.
  const { path } = talk.workspace;
  path.read(view.bytes, view.pathStart, view.pathEnd);
  exchange.route = routes.routeOf(catalogue, path.bytes, path.start, path.end);
  slot.routeKnown = routes.known;
  const tunnel = tunnelCode(parser);
  if (tunnel !== '' && talk.mustRead()) refuseBroken(talk, slot, tunnel);
  else judgeRequest(talk, slot, view);
  return slot;
}

/** What would hide every later request on the connection: a tunnel, and h2c by Upgrade whether or not Connection names it. */
function tunnelCode({ kind, facts }: RequestParser): BrokenCode | '' {
  if (kind === requestKind.connect) return 'CONNECT_TUNNEL';
  return facts.upgradeH2c ? 'H2C_UPGRADE' : '';
}

/** Answers now when it is this request's turn, else holds the client until it is. */
function refuse(talk: Talk, slot: Slot, parser: RequestParser): void {
  const { body } = parser;
  const left = body.remaining();
  const drains = left === 0 || (left > 0 && left <= talk.limits.drainBytes && !slot.expects);
  if (!drains) slot.last = true;
  if (talk.front === slot) answerLocally(talk, slot);
  else talk.hold();
}

function onEnd(talk: Talk, slot: Slot | undefined): void {
  talk.current = undefined;
  if (slot === undefined) return;
  slot.requestDone = true;
  if (slot.last) talk.mode = mode.spent;
  talk.advance();
  if (!talk.mayRead()) talk.hold();
}

/** Malformed bytes: refused where an enforcing policy must read requests, else visible and forwarded as they are. */
function onBroken(talk: Talk, parser: RequestParser, span: Span): void {
  const { code } = parser;
  const strict = talk.mustRead();
  const judged = talk.current;
  const slot = judged ?? openBroken(talk, parser);
  slot.requestDone = true;
  talk.current = undefined;
  if (strict || slot.refusal !== refusal.none) {
    flush(talk, span);
    talk.mode = mode.spent;
    breakOff(talk, slot, code as BrokenCode);
    return;
  }
  slot.exchange.broken = code;
  slot.exchange.opaque = 'broken';
  slot.opaque = true;
  talk.mode = mode.raw;
  if (judged === undefined && !admitOpaque(talk, slot)) return;
  flush(talk, span);
  if (judged === undefined) span.start = parser.rawStart;
  sendGathered(talk);
  sendRaw(talk, span.bytes, span.start, span.end);
  span.start = span.ready = span.end;
}

const emptyLine = Uint8Array.of(13, 10);

/** Sends what of an incomplete request came in earlier reads; nothing is read as HTTP after that. */
export function sendGathered(talk: Talk): void {
  const parser = talk.requests;
  sendRaw(talk, emptyLine, 0, parser.dropped);
  if (parser.gathered > 0) sendRaw(talk, parser.gatheredBytes(), 0, parser.gathered);
  parser.discard();
}

/** An exchange for a request whose head is broken; its parts are named where the head was whole. */
function openBroken(talk: Talk, parser: RequestParser): Slot {
  const slot = talk.open();
  if (parser.brokenHeadIsWhole) captureRequestHead(slot.exchange, parser.view);
  return slot;
}

/** 400 and close, unless the answer to this request has already begun: then only the close is left. */
function breakOff(talk: Talk, slot: Slot, code: BrokenCode): void {
  const begun = slot.exchange.firstByteAt !== 0;
  if (slot.refusal !== refusal.none) {
    slot.exchange.broken = code;
    talk.closeWanted = true;
    return;
  }
  refuseBroken(talk, slot, code);
  if (!begun) return;
  slot.refusal = refusal.none;
  slot.exchange.cut = 'policy-cut';
  talk.closeWanted = true;
}

/** The client has sent its FIN. */
export function endClient(talk: Talk): void {
  if (talk.mode === mode.sniff && talk.held !== undefined) {
    const { held } = talk;
    talk.held = undefined;
    talk.mode = mode.http;
    readRequests(talk, held, 0, held.length);
  }
  if (goesOn(talk)) {
    endRequests(talk);
    if (goesOn(talk)) talk.mode = mode.spent;
  }
  passEnd(talk);
}

function passEnd(talk: Talk): void {
  if (talk.closed) return;
  if (talk.mode === mode.raw && talk.upstreamEnded) talk.closeWanted = true;
  else talk.options.sink.shutdown('upstream');
}

function endRequests(talk: Talk): void {
  const parser = talk.requests;
  if (parser.end() !== parsed.broken) return;
  const slot = talk.current;
  const nothing = new Uint8Array(0);
  if (slot === undefined) {
    onBroken(talk, parser, { bytes: nothing, end: 0, start: 0, ready: 0 });
    return;
  }
  // The request was admitted and is cut short: upstream sees the same end and may still answer.
  slot.exchange.broken = parser.code;
  slot.requestDone = true;
  talk.current = undefined;
  talk.advance();
}
