// The brain of one proxied connection: sniff, parse, judge each request on its complete head, forward the original bytes.
// Synchronous and total; knows no socket, timer or clock. Opaque connections are observed when they are
// established (marked as `opening`) and, in full, when they end; requests that last for long are where the shell asks for it.
import type { Side } from '../model/command.ts';
import type { CutWord } from '../model/cut-words.ts';
import { endClient, readClient } from './client-side.ts';
import type { ConversationOptions } from './conversation-options.ts';
import type { AbortReason, ConnectFailure, Conversation } from './conversation-port.ts';
import { passClientGap, passUpstreamGap } from './gap.ts';
import { nowRefused } from './judge.ts';
import { answerLocally } from './local-answer.ts';
import { refusal, type Slot } from './slot.ts';
import { mode, Talk } from './talk.ts';
import { awaitsTls } from './tls-watch.ts';
import { endUpstream, readUpstream } from './upstream-side.ts';

const requestTimeout = 408;
const badGateway = 502;
const gatewayTimeout = 504;

class Brain implements Conversation {
  readonly #talk: Talk;
  /** Upstream was not asked for, because policy refuses this caller whatever it sends. */
  #withheld = false;

  constructor(options: ConversationOptions) {
    this.#talk = new Talk(options);
  }

  start(nowMs: number): void {
    this.#talk.now = nowMs;
    // At once, not at the first request: a server may speak first, and the handshake runs while the request is read.
    this.#withheld = true;
    this.#reach();
  }

  /** Connects once; a caller that is refused whatever it sends costs upstream nothing. */
  #reach(): void {
    if (!this.#withheld) return;
    const talk = this.#talk;
    // The decider first: the scope follows it.
    const decider = talk.decider();
    this.#withheld = decider.refusesAll?.(talk.scope, talk.now) === true;
    if (!this.#withheld) talk.options.sink.connect();
  }

  receive(from: Side, bytes: Uint8Array, start: number, end: number, nowMs: number): void {
    const talk = this.#talk;
    if (talk.closed) return;
    talk.now = nowMs;
    this.#reach();
    if (from === 'upstream') readUpstream(talk, bytes, start, end);
    else if (talk.holding) talk.keep(bytes, start, end);
    else if (talk.held === undefined) readClient(talk, bytes, start, end);
    else {
      talk.keep(bytes, start, end);
      readHeld(talk);
    }
    settle(talk);
  }

  ended(from: Side, nowMs: number): void {
    const talk = this.#talk;
    if (talk.closed) return;
    talk.now = nowMs;
    this.#reach();
    if (from === 'upstream') {
      talk.upstreamEnded = true;
      endUpstream(talk);
    } else {
      talk.clientEnded = true;
      if (!talk.holding) endClient(talk);
      // There is no upstream whose end would bring the connection to its own.
      if (this.#withheld && this.idle()) talk.finish('close');
    }
    settle(talk);
  }

  gap(from: Side, bytes: number, nowMs: number): boolean {
    const talk = this.#talk;
    if (talk.closed) return true;
    talk.now = nowMs;
    const goesOn = from === 'client' ? passClientGap(talk, bytes) : passUpstreamGap(talk, bytes);
    settle(talk);
    return goesOn;
  }

  connectFailed(why: ConnectFailure, nowMs: number): void {
    const talk = this.#talk;
    if (talk.closed) return;
    talk.now = nowMs;
    talk.connectFailure = why === 'timeout' ? gatewayTimeout : badGateway;
    if (cameThrough(talk) && talk.mode === mode.sniff && this.idle()) refuseSilent(talk, `connect-${why}`);
    else failUpstream(talk, talk.connectFailure, `connect-${why}`);
    settle(talk);
  }

  aborted(from: Side, why: AbortReason, nowMs: number): void {
    const talk = this.#talk;
    if (talk.closed) return;
    talk.now = nowMs;
    const cut = cutWordOf(talk, from, why);
    const answers = talk.options.watches !== true;
    if (answers && cut === 'head-timeout' && talk.front === undefined) answerUnfinished(talk);
    else if (answers && from === 'upstream' && why === 'reset' && unanswered(talk))
      failUpstream(talk, badGateway, 'upstream-reset');
    else {
      if (talk.midHead) openUnfinished(talk);
      talk.finish('gone', cut);
    }
    settle(talk);
  }

  rejudge(nowMs: number): void {
    const talk = this.#talk;
    if (talk.closed) return;
    talk.now = nowMs;
    this.#reach();
    const slot = talk.opaqueSlot();
    if (slot !== undefined && nowRefused(talk, slot)) talk.finish('reset', 'policy-cut');
  }

  lasting(sinceMs: number): void {
    if (!this.#talk.closed) this.#talk.announceLasting(sinceMs);
  }

  owes(): boolean {
    return !this.#talk.closed && this.#talk.owes;
  }

  idle(): boolean {
    const talk = this.#talk;
    return talk.closed || (talk.front === undefined && !talk.midHead && talk.held === undefined);
  }

  kept(): number {
    return this.#talk.kept;
  }
}

/** Upstream cannot answer: the request whose turn it is gets `status`, what is not HTTP is reset. */
function failUpstream(talk: Talk, status: number, why: CutWord): void {
  const slot = talk.respondent();
  talk.ending = why;
  if (talk.mode === mode.raw) talk.finish('reset');
  else if (slot?.refusal === refusal.none) {
    slot.refusal = status;
    slot.exchange.cut = why;
    slot.last = true;
    talk.mode = mode.spent;
  }
}

/** The caller called the pod itself and knows of nobody between. */
const cameThrough = ({ options }: Talk): boolean => options.ends !== undefined && options.watches !== true;

/** Not a byte has come from a caller whose connection leads nowhere: it is told at once, as the kernel would have told it. */
function refuseSilent(talk: Talk, why: CutWord): void {
  const slot = talk.open();
  slot.requestDone = slot.opaque = true;
  slot.exchange.protocol = 2;
  slot.exchange.opaque = 'attempt';
  slot.exchange.generation = talk.decider().generation;
  talk.finish('reset', why);
}

/** The request whose turn it is has got nothing yet. */
function unanswered(talk: Talk): boolean {
  const slot = talk.respondent();
  return slot !== undefined && slot.exchange.firstByteAt === 0 && !slot.opaque;
}

/** The shell's word as the record has it. */
function cutWordOf(talk: Talk, from: Side, why: AbortReason): CutWord {
  switch (why) {
    case 'reset':
      return `${from}-reset`;
    case 'overflow':
      return 'limit';
    case 'stopped':
      return 'drain';
    case 'head-timeout':
      return talk.midHead || talk.mode === mode.sniff ? why : 'body-timeout';
    default:
      return why;
  }
}

/** A record for a request of which only a part came: who held the connection, and for how long. */
function openUnfinished(talk: Talk): Slot {
  const slot = talk.open();
  slot.requestDone = true;
  slot.exchange.requestBytes = (talk.midHead ? talk.requests.gathered : 0) + (talk.held?.length ?? 0);
  slot.exchange.generation = talk.decider().generation;
  return slot;
}

/** Nothing is under way but a head that did not come in time: 408, and the end. */
function answerUnfinished(talk: Talk): void {
  const slot = openUnfinished(talk);
  slot.exchange.cut = 'head-timeout';
  slot.refusal = requestTimeout;
  slot.last = true;
  talk.held = undefined;
  talk.mode = mode.spent;
}

const nothing = new Uint8Array(0);

/** Even without bytes: the end of a refused request may be all that is left to read. */
function readHeld(talk: Talk): void {
  const held = talk.held ?? nothing;
  talk.held = undefined;
  readClient(talk, held, 0, held.length);
}

/** Let a held client go on, with the bytes that waited and the FIN that waited. */
function release(talk: Talk): void {
  talk.holding = false;
  talk.options.sink.resume('client');
  readHeld(talk);
  passFin(talk);
}

function passFin(talk: Talk): void {
  if (talk.clientEnded && !talk.holding && !talk.closed) endClient(talk);
}

const mayRelease = (talk: Talk): boolean =>
  talk.mode === mode.http ? talk.mayRead() : talk.tls === undefined || !awaitsTls(talk);

/** After every event: answer what has come to its turn, read on what may be read, observe what is done, end what is over. */
function settle(talk: Talk): void {
  while (!talk.closed) {
    const { front } = talk;
    // Nothing may follow an answer that ends the connection: what comes after it is its body, or an answer to nobody.
    if (talk.closeWanted && !talk.strayed) break;
    if (front !== undefined && front.refusal !== refusal.none && !front.responseDone)
      answerLocally(talk, front);
    else if (talk.holding && !talk.closeWanted && mayRelease(talk)) release(talk);
    else break;
  }
  if (talk.closed) return;
  talk.observeFinished();
  const over = talk.mode === mode.spent && talk.front === undefined;
  if (talk.closeWanted || over) talk.finish('close');
  else talk.announce();
}

/** One per connection, for its whole life. */
export function createConversation(options: ConversationOptions): Conversation {
  return new Brain(options);
}
