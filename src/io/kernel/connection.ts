// One proxied connection: its two legs, and the command sink through which its conversation acts. Commands that cannot be executed while
// the conversation is on the stack (closing, failing) are noted here and carried out by `settle`. Small on purpose: 10,000 may be idle.
import type { AbortReason, Conversation, ConnectFailure } from '../../core/inspect/conversation-port.ts';
import type { CommandSink, Side } from '../../core/model/command.ts';
import { hostOf } from '../../core/model/address-text.ts';
import type { Exchange } from '../../core/model/exchange.ts';
import type { ConnectionEnds } from '../../core/model/identity.ts';
import { openUpstream, queueBytes, writeBytes } from './connection-write.ts';
import { legWay, type LegWay } from './leg-way.ts';
import { epollEvent } from './linux.ts';
import { newQueue, type Queue } from './pending.ts';
import { count, type Plane } from './plane.ts';
import type { Service } from './service.ts';
import { counter } from './shared-stats.ts';
import type { WheelEntry } from './timer-wheel.ts';

/** One socket of a connection. */
export interface Leg {
  readonly side: Side;
  /** -1 while there is none. */
  fd: number;
  /** What epoll reports for the current registration. */
  generation: number;
  /** In epoll's set, with these events. */
  registered: boolean;
  interest: number;
  /** Epoll told of input that was not (all) read, and will not tell again by itself. */
  more: boolean;
  /** No end of stream seen yet. */
  readable: boolean;
  /** Not shut down by us and not broken. */
  writable: boolean;
  /** Upstream only: the handshake is not known to be complete. */
  connecting: boolean;
  /** The conversation asked not to read. */
  held: boolean;
  /** Half-close once the queue is empty. */
  endWanted: boolean;
  readonly queue: Queue;
}

function newLeg(side: Side, fd: number): Leg {
  return {
    side,
    fd,
    generation: 0,
    registered: false,
    interest: epollEvent.in | epollEvent.readHangUp | epollEvent.edge,
    more: false,
    readable: fd >= 0,
    writable: fd >= 0,
    connecting: false,
    held: false,
    endWanted: false,
    queue: newQueue(),
  };
}

/** What a connection is doing, in the only order it can. */
export const phase = {
  open: 0,
  /** `close` was asked: queues are written, input is thrown away. */
  closing: 1,
  /** Everything is written and our FIN sent; waiting for the client's. */
  lingering: 2,
  closed: 3,
} as const;

function tellEnds(exchange: Exchange, ends: ConnectionEnds): void {
  exchange.gear = ends.gear;
  exchange.sourcePeer = ends.sourcePeer;
  exchange.destinationPeer = ends.destinationPeer;
  exchange.destinationAddress = ends.destinationAddress;
}

/** A class because 10,000 may be open: one shape, and it is its own command sink and wheel entry, so nothing is allocated around it. */
export class Connection implements CommandSink, WheelEntry {
  readonly plane: Plane;
  /** Unique within the worker. */
  readonly number: number;
  readonly service: Service;
  readonly clientAddress: string;
  readonly client: Leg;
  readonly upstream: Leg;
  readonly conversation: Conversation;
  /** Who is at both ends, where the listener's configuration does not say it; and as of which generation of the directory. */
  #ends: ConnectionEnds | undefined;
  #endsAsOf: number;
  phase: number = phase.open;
  /** Index in `plane.open`. */
  place = -1;
  /** Closed as soon as it has been idle for a while: its service is going. */
  leaving = false;
  /** RST both sides, as soon as the conversation is off the stack. */
  resetWanted = false;
  /** The upstream leg could not be opened; to be told. */
  connectError: ConnectFailure | undefined = undefined;
  /** This side failed (why); to be told, then both are reset. */
  failedSide: Side | undefined = undefined;
  failure: AbortReason = 'reset';
  /** Commands so far: whether a call of the conversation did anything. */
  commands = 0;
  /** How the upstream leg goes, where its service knows several ways; and whether it is the second one tried. */
  way: LegWay = legWay.loopback;
  redialled = false;
  /** No byte has come from either side yet. */
  silent = true;
  /** Monotonic ms of the last byte in either direction, and of the last write that made room. */
  activeAt: number;
  drainedAt: number;
  connectAt = 0;
  /** Since when the client owes the rest of something, monotonic ms; 0 when not. */
  headSince = 0;
  lingerUntil = 0;
  /** A span of the input buffer that was sent but not yet written, to join neighbours into one write. */
  spanLeg: Leg | undefined = undefined;
  spanStart = 0;
  spanEnd = 0;
  wheelTick = -1;
  wheelNext: WheelEntry | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;

  constructor(
    plane: Plane,
    details: { service: Service; ends: ConnectionEnds | undefined; fd: number; clientAddress: string },
  ) {
    this.plane = plane;
    this.number = ++plane.lastNumber;
    this.service = details.service;
    this.clientAddress = details.clientAddress;
    this.#ends = details.ends;
    this.#endsAsOf = plane.identity.generation;
    this.client = newLeg('client', details.fd);
    this.upstream = newLeg('upstream', -1);
    this.activeAt = this.drainedAt = plane.monotonicMs;
    this.conversation = plane.converse(this);
  }

  send(to: Side, bytes: Uint8Array, start: number, end: number): void {
    this.commands++;
    const leg = to === 'client' ? this.client : this.upstream;
    if (start >= end || !leg.writable || this.phase > phase.closing) return;
    if (leg.queue.bytes > 0) queueBytes(this, leg, bytes, start, end);
    else if (bytes !== this.plane.input.bytes) {
      this.flushSpan();
      writeBytes(this, leg, bytes, start, end);
    } else if (this.spanLeg === leg && this.spanEnd === start) this.spanEnd = end;
    else {
      this.flushSpan();
      // The flush may have found the leg full or broken.
      if (leg.queue.bytes > 0) queueBytes(this, leg, bytes, start, end);
      else {
        this.spanLeg = leg;
        this.spanStart = start;
        this.spanEnd = end;
      }
    }
  }

  /** Write the joined span; called before anything that must come after it, and at the latest when the conversation returns. */
  flushSpan(): void {
    const leg = this.spanLeg;
    if (!leg) return;
    this.spanLeg = undefined;
    writeBytes(this, leg, this.plane.input.bytes, this.spanStart, this.spanEnd);
  }

  shutdown(to: Side): void {
    this.commands++;
    (to === 'client' ? this.client : this.upstream).endWanted = true;
  }

  close(): void {
    this.commands++;
    if (this.phase === phase.open) this.phase = phase.closing;
  }

  reset(): void {
    this.commands++;
    this.resetWanted = true;
  }

  hold(from: Side): void {
    this.commands++;
    (from === 'client' ? this.client : this.upstream).held = true;
  }

  resume(from: Side): void {
    this.commands++;
    (from === 'client' ? this.client : this.upstream).held = false;
  }

  connect(): void {
    this.commands++;
    if (this.upstream.fd < 0 && this.phase === phase.open) openUpstream(this);
  }

  /** Index of the explicit listener; -1 for a pod's. */
  get listener(): number {
    return this.service.listener;
  }

  /** Who is at both ends, as far as it is known now; undefined where the listener's configuration says it. */
  ends(): ConnectionEnds | undefined {
    const { identity } = this.plane;
    if (this.#ends === undefined || this.#endsAsOf === identity.generation) return this.#ends;
    this.#endsAsOf = identity.generation;
    const { peer, index } = identity.find(hostOf(this.clientAddress));
    // Somebody who left the directory is still who it was when it called.
    if (index >= 0 && peer !== this.#ends.source)
      this.#ends = { ...this.#ends, source: peer, sourcePeer: index };
    return this.#ends;
  }

  observe(exchange: Exchange): void {
    exchange.clientAddress = this.clientAddress;
    if (this.#ends !== undefined) tellEnds(exchange, this.#ends);
    count(this.plane, counter.exchanges);
    this.plane.observe(exchange);
  }
}
