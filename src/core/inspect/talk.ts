// The state of one connection and what both of its sides do with it: the queue of exchanges, judging, ending.
// client-side.ts and upstream-side.ts drive it; conversation.ts is its port.
import { hostOf } from '../model/address-text.ts';
import type { CutWord } from '../model/cut-words.ts';
import type { Exchange } from '../model/exchange.ts';
import type { BrokenCode } from '../protocol/http1/broken-code.ts';
import { RequestParser, requestKind } from '../protocol/http1/request-parser.ts';
import { ResponseParser } from '../protocol/http1/response-parser.ts';
import { judgement, type Decider } from '../policy/decider.ts';
import {
  conversationLimits,
  type ConversationLimits,
  type ConversationOptions,
} from './conversation-options.ts';
import { resetExchange } from './new-exchange.ts';
import { refusal, type Slot } from './slot.ts';
import type { TlsWatch } from './tls-watch.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

/** What is done with bytes of the client. `spent`: no further request is read from it. */
export const mode = { sniff: 0, http: 1, raw: 2, spent: 3 } as const;

/** What an exchange under way costs besides its buffers. */
const slotBytes = 1024;

/** A class because 10,000 may be open: one shape, methods on the prototype, parsers only while they are needed. */
export class Talk {
  readonly options: ConversationOptions;
  readonly limits: ConversationLimits;
  readonly workspace: Workspace;
  now = 0;
  mode: number = mode.sniff;
  closed = false;
  /** Close once everything that can still be said has been. */
  closeWanted = false;
  clientEnded = false;
  upstreamEnded = false;
  /** 502 or 504 once the upstream leg could not be opened. */
  connectFailure = 0;
  /** Why the connection ends, where not by complete answers. */
  ending: CutWord | '' = '';
  /** First byte of a head that is still incomplete, epoch ms; 0 when none. */
  headSince = 0;
  /** Exchanges in request order. `current` is the one whose request is still being read. */
  front: Slot | undefined;
  back: Slot | undefined;
  current: Slot | undefined;
  outstanding = 0;
  /** The client is held; `held` are bytes of it that were read but are not due yet. */
  holding = false;
  held: Uint8Array | undefined;
  /** Set while a raw connection is taken for TLS. */
  tls: TlsWatch | undefined;
  #requests: RequestParser | undefined;
  #responses: ResponseParser | undefined;
  #finished: Slot | undefined;
  #finishedLast: Slot | undefined;
  #sequence: number;
  #decider: Decider | undefined;
  #scope = 0;
  #strayCode: BrokenCode | '' = '';
  #strayBytes = 0;

  constructor(options: ConversationOptions) {
    this.options = options;
    this.#sequence = options.firstSequence ?? 0;
    this.limits =
      options.limits === undefined ? conversationLimits : { ...conversationLimits, ...options.limits };
    this.workspace = options.workspace ?? createWorkspace();
  }

  get requests(): RequestParser {
    this.#requests ??= new RequestParser(this.workspace.heads);
    return this.#requests;
  }

  get responses(): ResponseParser {
    this.#responses ??= new ResponseParser(this.workspace.heads);
    return this.#responses;
  }

  /** The client owes the rest of something that leads nowhere before it is whole: a head, or a body that is thrown away. */
  get owes(): boolean {
    if (this.mode === mode.sniff) return this.held !== undefined;
    if (this.mode !== mode.http || this.holding) return false;
    return this.midHead || (this.current !== undefined && this.current.refusal !== refusal.none);
  }

  /** A head has begun and is not complete. */
  get midHead(): boolean {
    return this.#requests?.inHead ?? false;
  }

  /** Bytes of memory held for what is under way. */
  get kept(): number {
    let sum =
      (this.held?.length ?? 0) + (this.#requests?.scratchBytes ?? 0) + (this.#responses?.scratchBytes ?? 0);
    for (let slot = this.front; slot !== undefined; slot = slot.next) {
      const { head, responseHead, requestBody, responseBody } = slot.exchange;
      sum += slotBytes + head.length + responseHead.length + requestBody.length + responseBody.length;
    }
    return sum;
  }

  /** The decider in force; `scope` follows it. */
  decider(): Decider {
    const decider = this.options.decider();
    if (decider !== this.#decider) {
      this.#decider = decider;
      this.#scope = scopeOf(decider, this.options);
    }
    return decider;
  }

  get scope(): number {
    return this.#scope;
  }

  /** An enforcing policy needs to read requests here: what cannot be read must not pass. */
  mustRead(): boolean {
    return this.decider().judges(this.#scope, this.now) === judgement.l7;
  }

  /** A new exchange at the end of the queue. */
  open(): Slot {
    const slot = this.workspace.takeSlot();
    this.#describe(slot.exchange);
    if (this.back === undefined) this.front = slot;
    else this.back.next = slot;
    this.back = slot;
    this.outstanding += 1;
    return slot;
  }

  #describe(exchange: Exchange): void {
    exchange.connection = this.options.connection;
    exchange.listener = this.options.listener;
    exchange.sequence = this.#sequence;
    exchange.startedAt = this.headSince === 0 ? this.now : this.headSince;
    this.headSince = 0;
    this.#sequence += 1;
  }

  /** The exchange that the next bytes of upstream belong to. */
  respondent(): Slot | undefined {
    let slot = this.front;
    while (slot?.responseDone === true) slot = slot.next;
    return slot;
  }

  /** The exchange that both directions belong to, if the connection is raw. */
  opaqueSlot(): Slot | undefined {
    let slot = this.mode === mode.raw ? this.front : undefined;
    while (slot?.opaque === false) slot = slot.next;
    return slot;
  }

  /** May another request of this client be read now? */
  mayRead(): boolean {
    const { back } = this;
    if (back === undefined) return true;
    if (this.outstanding >= this.limits.outstandingRequests) return false;
    if (back.responseDone) return true;
    return back.refusal === refusal.none && back.kind !== requestKind.connect && !back.wantsUpgrade;
  }

  /** Stop reading the client; whoever is reading a chunk keeps the rest of it. */
  hold(): void {
    if (!this.holding) this.options.sink.hold('client');
    this.holding = true;
  }

  /** Keep a copy of client bytes that are not due yet, bounded. */
  keep(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    const before = this.held;
    if ((before?.length ?? 0) + end - start > this.limits.heldBytes) {
      this.finish('reset', 'limit');
      return;
    }
    const joined = new Uint8Array((before?.length ?? 0) + end - start);
    if (before !== undefined) joined.set(before);
    joined.set(bytes.subarray(start, end), before?.length ?? 0);
    this.held = joined;
  }

  /** Takes completed exchanges off the front of the queue; they are observed once bytes are on their way. */
  advance(): void {
    for (let slot = this.front; slot?.requestDone === true && slot.responseDone; slot = this.front) {
      this.front = slot.next;
      if (this.front === undefined) this.back = undefined;
      this.outstanding -= 1;
      slot.next = undefined;
      if (this.#finishedLast === undefined) this.#finished = slot;
      else this.#finishedLast.next = slot;
      this.#finishedLast = slot;
    }
  }

  /** Observe what `advance` took off. */
  observeFinished(): void {
    let slot = this.#finished;
    this.#finished = this.#finishedLast = undefined;
    while (slot !== undefined) slot = this.#observe(slot);
  }

  #observe(slot: Slot): Slot | undefined {
    const { next } = slot;
    this.options.sink.observe(slot.exchange);
    this.workspace.giveSlot(slot);
    return next;
  }

  /** Tells once of a raw connection over which bytes have passed both ways; what it was in full is told at its end. */
  announce(): void {
    if (this.mode !== mode.raw) return;
    // No request is read any more, and such connections may last for hours.
    if (this.#requests?.inHead === false) {
      this.#requests.discard();
      this.#requests = undefined;
    }
    const slot = this.opaqueSlot();
    if (slot === undefined || slot.exchange.announced) return;
    const { exchange } = slot;
    if (exchange.requestBytes === 0 || exchange.responseBytes === 0) return;
    this.#tellOpening(exchange);
  }

  /** Tells once of each request under way that began before that; what it was in full is told at its end. */
  announceLasting(sinceMs: number): void {
    for (let slot = this.front; slot !== undefined; slot = slot.next) {
      const { exchange } = slot;
      if (!slot.opaque && !exchange.announced && exchange.startedAt < sinceMs) this.#tellOpening(exchange);
    }
  }

  #tellOpening(exchange: Exchange): void {
    exchange.announced = exchange.opening = true;
    this.options.sink.observe(exchange);
    exchange.opening = false;
  }

  /** Upstream bytes that belong to no request: they are dropped, the connection ends, and that is observed. */
  stray(code: BrokenCode, bytes: number): void {
    this.#strayCode = code;
    this.#strayBytes = bytes;
    this.closeWanted = true;
  }

  /** What ends the connection is bytes that belong to no request: an answer of ours may still be due, and is read as such. */
  get strayed(): boolean {
    return this.#strayCode !== '';
  }

  #observeStray(): void {
    if (this.#strayCode === '') return;
    const { exchange } = this.options;
    resetExchange(exchange);
    this.#describe(exchange);
    exchange.protocol = 2;
    exchange.opaque = 'broken';
    exchange.broken = this.#strayCode;
    exchange.responseBytes = this.#strayBytes;
    exchange.endedAt = this.now;
    exchange.generation = this.decider().generation;
    this.options.sink.observe(exchange);
  }

  /** Every exchange still open is observed, and nothing of what was read is left. */
  #observeOpen(how: 'close' | 'reset' | 'gone', why: CutWord | ''): void {
    let slot = this.front;
    while (slot !== undefined) {
      if (slot.opaque && slot.exchange.endedAt === 0) slot.exchange.endedAt = this.now;
      if (slot.exchange.cut === '') slot.exchange.cut = cutOf(slot, how, why);
      slot = this.#observe(slot);
    }
    this.front = this.back = this.current = undefined;
    this.outstanding = 0;
    this.held = undefined;
    this.#requests?.discard();
    this.#responses?.discard();
  }

  /** Bytes were not seen: what is under way is observed as cut by it, and nothing is known of what comes next. */
  loseSight(): void {
    this.observeFinished();
    this.#observeOpen('gone', 'gap');
    this.#requests = this.#responses = this.tls = undefined;
    this.holding = false;
    this.headSince = 0;
  }

  /** The end: every exchange still open is observed, then the sockets go. */
  finish(how: 'close' | 'reset' | 'gone', why: CutWord | '' = this.ending): void {
    if (this.closed) return;
    this.closed = true;
    this.observeFinished();
    this.#observeOpen(how, why);
    this.#observeStray();
    if (how === 'close') this.options.sink.close();
    else if (how === 'reset') this.options.sink.reset();
  }
}

/** Why an exchange that is still open when the connection ends is not complete; '' for what may end so. */
function cutOf(slot: Slot, how: 'close' | 'reset' | 'gone', why: CutWord | ''): CutWord | '' {
  if (slot.responseDone && how === 'close') return '';
  return why === '' && !slot.opaque ? 'earlier-close' : why;
}

/** By who is at the ends where that is known of the connection itself; policies may select sources by address, where the shell knows it. */
function scopeOf(decider: Decider, options: ConversationOptions): number {
  const { listener, clientAddress } = options;
  const ends = options.ends?.();
  if (ends !== undefined && decider.scopeOfConnection !== undefined)
    return decider.scopeOfConnection({ ...ends, clientAddress: clientAddress ?? '' });
  if (clientAddress === undefined || decider.scopeOfClient === undefined) return decider.scopeOf(listener);
  return decider.scopeOfClient(listener, hostOf(clientAddress));
}
