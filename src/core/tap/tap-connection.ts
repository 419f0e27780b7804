// One connection that a tap watches: ordered bytes go to the same brain as inline, whose commands do nothing here.
//
// After a gap (or when its beginning was not seen) the connection is opaque until a request head can be trusted. What looks like one may be
// part of a body, so it counts only where it must be the client's next word: the server was the last to speak, what it said began as a final
// answer and acknowledged every byte up to the head, and the client acknowledges all that the server is known to have sent. For a server that
// answers requests when it has read them, what follows is a new request. (One that answers early and reads on, facing a client that goes on
// sending after it has got that answer, could deceive this once there was a gap.)
import { createConversation } from '../inspect/conversation.ts';
import type { AbortReason, Conversation } from '../inspect/conversation-port.ts';
import type { CommandSink, Side } from '../model/command.ts';
import { exchangeGear, type Exchange } from '../model/exchange.ts';
import type { ConnectionEnds } from '../model/identity.ts';
import type { DnsStream } from '../protocol/dns/dns-stream.ts';
import { letThrough } from './let-through.ts';
import { beginsFinalAnswer, beginsRequest } from './message-start.ts';
import { noAck, StreamPair, type Stream } from './reassembly.ts';
import type { StreamSink, StreamWorld } from './stream-sink.ts';
import { endText } from './tap-ends.ts';
import type { GapCause, TapBeginning, TapConnectionId, TapGap, TapOptions } from './tap-port.ts';
import { doubt } from './tap-doubts.ts';
import type { Workspace } from '../inspect/workspace.ts';

/** What all connections of one tap share. */
export interface TapWorld extends StreamWorld {
  readonly options: TapOptions;
  readonly workspace: Workspace;
  /** Reused by all conversations for what belongs to no request. */
  readonly exchange: Exchange;
  readonly gap: { -readonly [Key in keyof TapGap]: TapGap[Key] };
}

/** Clients that pipeline send a few requests ahead; nobody can hold them here, so there is room for many. */
const outstandingRequests = 128;
/** Bytes of a client behind an upgrade that is not answered yet. */
const heldBytes = 64 * 1024;
/** A SYN that comes after what followed it: so much may have been sent meanwhile. */
const lateSynBytes = 64 * 1024;
const noId = (): string => '';
const everythingPasses = (): typeof letThrough => letThrough;
const conversationBounds = { outstandingRequests, heldBytes };

/** A class because thousands are open: one shape, and both sinks of its streams and its brain in one object. */
export class TapConnection implements StreamSink, CommandSink {
  readonly id: TapConnectionId;
  readonly pair: StreamPair;
  readonly #world: TapWorld;
  /** The end that stands first in the table's key is the client. */
  readonly clientFirst: boolean;
  /** Reported elsewhere, or not at all: only its age is kept. */
  ignored = false;
  /** The server has answered, whatever it said. */
  answered = false;
  /** Undefined when it was met later. */
  began: TapBeginning | undefined = undefined;
  /** Sequence number of the SYN; -1 when none was seen. */
  firstSequence = -1;
  /** It is among those that wait for a hole to be filled. */
  waiting = false;
  /** See tap-doubts.ts: what is in doubt, raised by whom and when. */
  doubt: number = doubt.none;
  doubtBy: Side = 'client';
  doubtSince = 0;
  /** Who has reset it; '' while nobody has. */
  cutBy: Side | '' = '';
  /** Where it stands in the table. */
  index = -1;
  /** Of the segment that was seen last while only the client was heard. */
  lastSequence = 0;
  /** Set for DNS over TCP: both directions. */
  dns: Readonly<Record<Side, DnsStream>> | undefined;
  #conversation: Conversation | undefined;
  #ends: ConnectionEnds | undefined;
  /** The brain said that nothing follows. */
  #over = false;
  /** What is read is opaque until a request head can be trusted. */
  #lost = false;
  #isMidStream = false;
  #exchanges = 0;
  /** Bytes it has in the room that all taps share. */
  #kept = 0;
  /** The server's last word: what it acknowledged, and whether it began as a final answer. */
  #turnAck = 0;
  #turnAnswers = false;

  constructor(world: TapWorld, id: TapConnectionId, clientFirst: boolean) {
    this.#world = world;
    this.id = id;
    this.clientFirst = clientFirst;
    this.pair = new StreamPair(this, world);
  }

  /** Inline has it, or it is reported elsewhere: nothing is to be told of it. Once so, it stays so. */
  isIgnored(): boolean {
    if (this.ignored || !this.#world.options.claimed(this.id, this.began)) return this.ignored;
    this.ignored = true;
    this.#world.counters.ignored += 1;
    this.#end();
    return true;
  }

  /** Whether a SYN is this connection's own: seen before, or coming late. */
  beganWith(sequence: number): boolean {
    const { client } = this.pair;
    if (this.firstSequence >= 0 || !client.known) return this.firstSequence === sequence;
    const sent = (client.next - sequence - 1) | 0;
    return sent >= 0 && sent < lateSynBytes;
  }

  /** The beginning of a direction was not seen: it is read from `sequence` on, and what came before it is missing, however much that is. */
  guessStart(stream: Stream, sequence: number, nowMs: number): void {
    stream.startAt(sequence);
    if (this.ignored || this.#isMidStream || this.#over) return;
    this.#isMidStream = true;
    if (this.#conversation === undefined) this.#begin(nowMs);
    this.#lose(stream.side, 0, 'mid-stream', nowMs);
    this.#reckon(nowMs);
  }

  /** One side reset the connection. */
  cut(side: Side, nowMs: number): void {
    this.cutBy = side;
    this.pair.giveUp('end');
    this.#conversation?.aborted(side, 'reset', nowMs);
    this.#end();
  }

  /** Exchanges under way since before that are told once, as what they are by now. */
  tellLasting(sinceMs: number): void {
    if (!this.ignored) this.#conversation?.lasting(sinceMs);
  }

  /** Nothing more will be seen of it. */
  finish(why: AbortReason, nowMs: number): void {
    this.pair.giveUp('end');
    if (!this.#over) this.#conversation?.aborted('client', why, nowMs);
    this.dns = undefined;
    this.#end();
  }

  data(from: Stream, bytes: Uint8Array, start: number, end: number, nowMs: number): void {
    if (this.ignored) return;
    const { side } = from;
    if (this.#conversation === undefined && !this.#over) {
      if (this.isIgnored()) return;
      this.#begin(nowMs);
    }
    if (side === 'client') {
      if (this.#over) this.#goOn(nowMs);
      else if (this.#lost && this.#mayTrust(from) && beginsRequest(bytes, start, end)) this.#resume(nowMs);
    } else this.#noteTurn(from.segmentAck, bytes, start, end);
    this.dns?.[side].push(bytes, start, end);
    if (!this.#over) this.#conversation?.receive(side, bytes, start, end, nowMs);
    this.#reckon(nowMs);
  }

  gap(from: Stream, bytes: number, cause: GapCause, nowMs: number): void {
    if (this.ignored) return;
    if (this.#conversation === undefined && !this.#over) {
      if (this.isIgnored()) return;
      this.#begin(nowMs);
    }
    this.dns?.[from.side].lose();
    this.#lose(from.side, bytes, cause, nowMs);
    this.#reckon(nowMs);
  }

  conflict(from: Stream, bytes: number, nowMs: number): void {
    this.#world.counters.conflicts += 1;
    if (!this.isIgnored()) this.#world.options.output.conflict(this.id, from.side, bytes, nowMs);
  }

  ended(from: Stream, nowMs: number): void {
    if (!this.#over && !this.ignored) this.#conversation?.ended(from.side, nowMs);
    this.#reckon(nowMs);
  }

  reopened(from: Stream, nowMs: number): void {
    this.conflict(from, 0, nowMs);
    if (this.ignored) return;
    this.#conversation?.aborted('client', 'gap', nowMs);
    this.#goOn(nowMs);
    this.#reckon(nowMs);
  }

  observe(exchange: Exchange): void {
    const { options, counters } = this.#world;
    const { id } = this;
    this.#exchanges = Math.max(this.#exchanges, exchange.sequence + 1);
    if (this.isIgnored()) return;
    if (this.#ends !== undefined) {
      exchange.sourcePeer = this.#ends.sourcePeer;
      exchange.destinationPeer = this.#ends.destinationPeer;
    }
    exchange.gear = exchangeGear.tap;
    exchange.clientAddress = endText(id.clientAddress, id.clientPort);
    exchange.destinationAddress = endText(id.serverAddress, id.serverPort);
    if (!exchange.opening) counters.exchanges += 1;
    options.output.observe(exchange, id);
  }

  close(): void {
    this.#over = true;
  }

  reset(): void {
    this.#over = true;
  }

  // What a brain says to sockets has no meaning here: the bytes pass by themselves.
  send(): void {
    /* they have passed */
  }
  shutdown(): void {
    /* the FIN has passed */
  }
  hold(): void {
    /* nobody can be held; the brain keeps what is not due, bounded */
  }
  resume(): void {
    /* nobody was held */
  }
  connect(): void {
    /* the client has connected itself */
  }

  /** Nothing follows: what was read by is let go of at once, though the connection is remembered for a while. */
  #end(): void {
    this.#over = true;
    this.#conversation = undefined;
    this.#account(0);
  }

  #account(kept: number): void {
    this.#world.room.keptBytes += kept - this.#kept;
    this.#kept = kept;
  }

  /** After every event. Where all taps together keep too much, a connection that keeps more than its share is read no further for now. */
  #reckon(nowMs: number): void {
    if (this.#over) this.#end();
    this.#account(this.#keeps());
    const { keptBytes, limits } = this.#world.room;
    if (keptBytes <= limits.keptBytes || this.#kept <= limits.shareBytes) return;
    this.dns?.client.lose();
    this.dns?.upstream.lose();
    this.#conversation?.aborted('client', 'overflow', nowMs);
    this.#goOn(nowMs);
    this.#account(this.#keeps());
  }

  #keeps(): number {
    const { dns } = this;
    const ofDns = dns === undefined ? 0 : dns.client.kept + dns.upstream.kept;
    return ofDns + (this.#conversation?.kept() ?? 0);
  }

  #begin(nowMs: number): void {
    const { options, workspace, exchange } = this.#world;
    const { id } = this;
    const { catalogueOf, ends } = options;
    this.#over = false;
    this.#conversation = createConversation({
      connection: id.connection,
      listener: -1,
      sink: this,
      decider: options.decider ?? everythingPasses,
      routes: options.routes,
      exchange,
      randomId: noId,
      clientAddress: endText(id.clientAddress, id.clientPort),
      watches: true,
      firstSequence: this.#exchanges,
      ...(ends === undefined ? {} : { ends: () => (this.#ends = ends(id, this.#ends)) }),
      ...(catalogueOf === undefined ? {} : { catalogue: catalogueOf(id) }),
      limits: conversationBounds,
      workspace,
    });
    this.#conversation.start(nowMs);
  }

  #lose(side: Side, bytes: number, cause: GapCause, nowMs: number): void {
    const { counters, gap, options } = this.#world;
    const skipped = this.#over || this.#conversation?.gap(side, bytes, nowMs) === true;
    if (!skipped) this.#lost = true;
    if (this.isIgnored()) return;
    counters.gaps += 1;
    counters.gapBytes += bytes;
    gap.id = this.id;
    gap.from = side;
    gap.bytes = bytes;
    gap.cause = cause;
    gap.skipped = skipped;
    options.output.gap(gap, nowMs);
  }

  /** The client speaks on although the brain took the connection for over: visible, and not read as requests yet. */
  #goOn(nowMs: number): void {
    this.#begin(nowMs);
    this.#conversation?.gap('client', 0, nowMs);
    this.#lost = true;
  }

  /** See the top of this file. */
  #mayTrust(from: Stream): boolean {
    const { segmentStart, segmentAck } = from;
    if (!this.#turnAnswers || segmentStart !== this.#turnAck || segmentAck === noAck) return false;
    return ((segmentAck - this.pair.upstream.next) | 0) >= 0;
  }

  #resume(nowMs: number): void {
    this.#conversation?.aborted('client', 'gap', nowMs);
    this.#lost = false;
    this.#world.counters.resumed += 1;
    this.#begin(nowMs);
  }

  #noteTurn(acknowledgement: number, bytes: Uint8Array, start: number, end: number): void {
    const ack = acknowledgement | 0;
    if (acknowledgement === noAck) this.#turnAnswers = false;
    else if (ack !== this.#turnAck || !this.#turnAnswers)
      this.#turnAnswers = beginsFinalAnswer(bytes, start, end);
    this.#turnAck = ack;
  }
}
