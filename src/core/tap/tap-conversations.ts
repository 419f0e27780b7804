// The tap of one pod: frames in, each segment to its connection, connections opened, aged and forgotten within limits. What a connection says is
// tap-connection.ts; policy is nobody's business here.
import type { Side } from '../model/command.ts';
import { createDnsStream } from '../protocol/dns/dns-stream.ts';
import { createDnsWatch, dnsPort, type DnsWatch } from './dns-watch.ts';
import { frameKind, newFrameView, readFrame, tcpFlag } from './frame.ts';
import { noAck, type Stream } from './reassembly.ts';
import { TapConnection, type TapWorld } from './tap-connection.ts';
import { doubt, TapDoubts } from './tap-doubts.ts';
import { addressText, endText, readKey } from './tap-ends.ts';
import {
  lookEveryMs,
  tapLimits,
  type Tap,
  type TapConnectionId,
  type TapCounters,
  type TapLimits,
  type TapOptions,
} from './tap-port.ts';
import { beginningOf, rolesOf } from './tap-roles.ts';
import { ageList, keyWords, TapTable } from './tap-table.ts';
import { newWorld } from './tap-world.ts';

/** A class for its speed: `push` is called per frame. */
class PodTap implements Tap {
  readonly counters: TapCounters;
  readonly #options: TapOptions;
  readonly #limits: TapLimits;
  readonly #world: TapWorld;
  readonly #table: TapTable;
  readonly #dns: DnsWatch;
  readonly #connections: (TapConnection | undefined)[] = [];
  /** Those with a hole that may be filled yet. */
  readonly #waiting = new Set<TapConnection>();
  readonly #doubts = new TapDoubts({
    join: (connection, side, sequence) => this.#joinMidStream(connection, side, sequence),
    revive: (connection) => this.#revive(connection),
    cut: (connection, side) => this.#cut(connection, side),
  });
  readonly #view = newFrameView();
  readonly #key = new Int32Array(keyWords);
  #sourceFirst = false;
  #nowMs = 0;
  #lookAtMs = 0;
  /** Of the frame in hand, by the kernel's clock: `#nowMs` may be ahead of it. */
  #frameMs = 0;

  constructor(options: TapOptions) {
    this.#options = options;
    this.#limits = { ...tapLimits, ...options.limits };
    this.#world = newWorld(options, this.#limits);
    this.counters = this.#world.counters;
    this.#table = new TapTable(this.#limits.connections, options.seed);
    this.#dns = createDnsWatch(options.names, this.counters);
  }

  push(bytes: Uint8Array, start: number, end: number, wireLength: number, nowMs: number): void {
    const { counters } = this;
    this.#frameMs = nowMs;
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    counters.frames += 1;
    switch (readFrame(this.#view, bytes, start, end, wireLength)) {
      case frameKind.tcp:
        this.#segment(bytes);
        break;
      case frameKind.udp:
        this.#datagram(bytes);
        break;
      case frameKind.fragment:
        counters.fragments += 1;
        break;
      case frameKind.malformed:
        counters.malformed += 1;
        break;
      default:
        counters.others += 1;
        break;
    }
  }

  tick(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    const { lateMs, doubtMs } = this.#limits;
    for (const connection of this.#waiting) {
      connection.pair.giveUpStale(this.#nowMs - lateMs, this.#nowMs);
      this.#settle(connection);
    }
    this.#expire(ageList.opening, this.#limits.openingMs);
    this.#expire(ageList.open, this.#limits.idleMs);
    this.#expire(ageList.closed, this.#limits.closedMs);
    this.#doubts.settle(this.#nowMs, doubtMs);
    if (this.#nowMs >= this.#lookAtMs) this.#tellLasting();
  }

  #tellLasting(): void {
    this.#lookAtMs = this.#nowMs + lookEveryMs;
    const sinceMs = this.#nowMs - this.#limits.lastingMs;
    for (const connection of this.#connections) connection?.tellLasting(sinceMs);
  }

  close(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    for (const list of Object.values(ageList))
      for (let index = this.#table.oldest(list); index >= 0; index = this.#table.oldest(list))
        this.#forget(index, 'stopped');
  }

  #segment(bytes: Uint8Array): void {
    const view = this.#view;
    this.counters.segments += 1;
    // Linux drops a SYN that also ends: it would make a tap take the connection for over.
    if ((view.flags & tcpFlag.syn) !== 0 && (view.flags & (tcpFlag.fin | tcpFlag.rst)) !== 0) {
      this.counters.malformed += 1;
      return;
    }
    this.#sourceFirst = readKey(this.#key, view, bytes);
    const found = this.#table.find(this.#key);
    if (found < 0) {
      this.#meet(bytes);
      return;
    }
    const connection = this.#connections[found];
    if (connection === undefined) return;
    const begins = (view.flags & (tcpFlag.syn | tcpFlag.ack)) === tcpFlag.syn;
    if (begins && !connection.beganWith(view.sequence)) {
      // The same ends again: what was open between them is over, or it is a forged SYN, after which the rest is mid-stream.
      this.#forget(found, 'gap');
      this.#meet(bytes);
      return;
    }
    this.#follow(found, connection, bytes);
  }

  /** A segment of a connection that is not in the table. */
  #meet(bytes: Uint8Array): void {
    const view = this.#view;
    const isSyn = (view.flags & tcpFlag.syn) !== 0;
    // What is over, or idle, can wait until there is something to read.
    if (!isSyn && (view.payloadLength === 0 || (view.flags & tcpFlag.rst) !== 0)) return;
    if (!this.#hasRoom()) this.#evict();
    const { scope, newConnection } = this.#options;
    const { id, fromClient, isReported } = rolesOf({ view, bytes }, scope(), newConnection());
    const connection = new TapConnection(this.#world, id, fromClient === this.#sourceFirst);
    connection.began = beginningOf(view, this.#frameMs);
    const isQuestion = isSyn && (view.flags & tcpFlag.ack) === 0;
    const index = this.#table.add(this.#key, isQuestion ? ageList.opening : ageList.open, this.#nowMs);
    this.#connections[index] = connection;
    connection.index = index;
    this.counters.connections += 1;
    this.counters.open += 1;
    this.#world.room.connections += 1;
    if (isQuestion && !id.inbound) this.#options.calls?.(id.clientPort);
    connection.ignored = !isReported || this.#options.claimed(id, connection.began);
    if (connection.ignored) this.counters.ignored += 1;
    else if (id.serverPort === dnsPort) this.#watchDns(connection);
    if (!isSyn) this.#meetMidStream(connection, fromClient ? 'client' : 'upstream');
    this.#follow(index, connection, bytes);
  }

  /** Room of its own, and of what all taps share unless it has little. */
  #hasRoom(): boolean {
    const { connections, limits } = this.#world.room;
    return !this.#table.isFull && (connections < limits.connections || this.#table.size < limits.floor);
  }

  #meetMidStream(connection: TapConnection, side: Side): void {
    if (side === 'upstream' || connection.ignored) this.#joinMidStream(connection, side, this.#view.sequence);
    else this.#doubts.raise(connection, doubt.met, { side, nowMs: this.#nowMs });
  }

  #joinMidStream(connection: TapConnection, side: Side, sequence: number): void {
    this.counters.midStream += 1;
    connection.answered = true;
    connection.guessStart(connection.pair[side], sequence, this.#nowMs);
  }

  #revive(connection: TapConnection): void {
    connection.cutBy = '';
    this.#table.touch(connection.index, ageList.open, this.#nowMs);
    connection.reopened(connection.pair.upstream, this.#nowMs);
  }

  #follow(index: number, connection: TapConnection, bytes: Uint8Array): void {
    const view = this.#view;
    const { flags } = view;
    const side: Side = connection.clientFirst === this.#sourceFirst ? 'client' : 'upstream';
    const over = this.#table.listOf(index) === ageList.closed;
    if (side === 'upstream' && (flags & tcpFlag.rst) === 0) connection.answered = true;
    const list = connection.answered ? ageList.open : ageList.opening;
    this.#table.touch(index, over ? ageList.closed : list, this.#nowMs);
    const ends = (flags & (tcpFlag.fin | tcpFlag.rst)) !== 0;
    // Of what inline has, the end may be the first that is seen after the SYN: its numbers would say nothing, and the claim is forgotten soon.
    if (connection.ignored || (ends && connection.isIgnored())) {
      if (ends) this.#table.touch(index, ageList.closed, this.#nowMs);
      return;
    }
    if (connection.doubt !== doubt.none || connection.cutBy === 'upstream') {
      if (this.#doubts.leavesOut(connection, { side, view, nowMs: this.#nowMs })) return;
    }
    const isReset = (flags & tcpFlag.rst) !== 0;
    // The refusal of a SYN begins nothing.
    if (connection.answered || !isReset) this.#deliver(connection, side, bytes);
    if (isReset) this.#reset(connection, side);
    const { client, upstream } = connection.pair;
    if (client.ended && upstream.ended) this.#table.touch(index, ageList.closed, this.#nowMs);
  }

  #deliver(connection: TapConnection, side: Side, bytes: Uint8Array): void {
    const view = this.#view;
    const { flags, sequence, payloadLength } = view;
    const { pair } = connection;
    const stream = pair[side];
    const ack = (flags & tcpFlag.ack) === 0 ? noAck : view.acknowledgement;
    const isSyn = (flags & tcpFlag.syn) !== 0;
    if (isSyn && !stream.known) {
      stream.startAt(sequence + 1);
      if (side === 'client') connection.firstSequence = sequence;
    } else if (!stream.known) connection.guessStart(stream, sequence, this.#nowMs);
    if (ack !== noAck) this.#acknowledge(connection, stream, ack);
    // A SYN takes the first number.
    const first = isSyn ? sequence + 1 : sequence;
    if (payloadLength > 0)
      stream.segment(first, ack, bytes, view.payloadStart, view.payloadEnd, payloadLength, this.#nowMs);
    if ((flags & tcpFlag.fin) !== 0) stream.finish(first + payloadLength, ack);
    this.#settle(connection);
  }

  #acknowledge(connection: TapConnection, stream: Stream, ack: number): void {
    const other = connection.pair.other(stream);
    const { flags, sequence } = this.#view;
    // The first segment behind the SYN, or the SYN-ACK, names the number at which the other side began; a later one does not.
    const isFirst = (flags & tcpFlag.syn) !== 0 || sequence === (connection.firstSequence + 1) >>> 0;
    if (other.known) other.acknowledged(ack, this.#nowMs);
    else if (isFirst) other.startAt(ack);
    else connection.guessStart(other, ack, this.#nowMs);
  }

  #settle(connection: TapConnection): void {
    const { pair } = connection;
    pair.settle(this.#nowMs);
    if (pair.waits === connection.waiting) return;
    connection.waiting = pair.waits;
    if (connection.waiting) this.#waiting.add(connection);
    else this.#waiting.delete(connection);
  }

  #reset(connection: TapConnection, side: Side): void {
    const { sequence } = this.#view;
    const stream = connection.pair[side];
    // RFC 5961 3.2: a receiver takes only the number it expects; others are guesses of somebody else, or frames before it were missed.
    if (!stream.expects(sequence) && connection.answered) {
      if (((sequence - stream.next) | 0) > 0 && !stream.isFar(sequence))
        this.#doubts.raise(connection, doubt.reset, { side, nowMs: this.#nowMs });
      return;
    }
    this.#cut(connection, side);
  }

  #cut(connection: TapConnection, side: Side): void {
    if (!connection.answered) {
      this.#attempt(connection, 'reset');
      connection.answered = true;
      connection.cutBy = side;
    } else connection.cut(side, this.#nowMs);
    this.#doubts.clear(connection);
    this.#stopWaiting(connection);
    this.#table.touch(connection.index, ageList.closed, this.#nowMs);
  }

  #attempt(connection: TapConnection, outcome: 'reset' | 'unanswered'): void {
    if (connection.isIgnored()) return;
    this.counters.attempts += 1;
    this.#options.output.attempt(connection.id, outcome, this.#nowMs);
  }

  #stopWaiting(connection: TapConnection): void {
    connection.waiting = false;
    this.#waiting.delete(connection);
  }

  #expire(list: number, afterMs: number): void {
    const table = this.#table;
    for (let index = table.oldest(list); index >= 0; index = table.oldest(list)) {
      if (this.#nowMs - table.seenAt(index) < afterMs) return;
      this.#forget(index, 'idle-timeout');
    }
  }

  /** What is over goes first, then what was never answered: a flood of SYNs must not drive out those that live. */
  #evict(): void {
    const table = this.#table;
    const order = [ageList.closed, ageList.opening, ageList.open];
    const list = order.find((candidate) => table.oldest(candidate) >= 0);
    if (list === undefined) return;
    const index = table.oldest(list);
    const connection = this.#connections[index];
    if (list === ageList.open && connection?.isIgnored() === false) {
      this.counters.evicted += 1;
      this.#options.output.evicted(connection.id, this.#nowMs);
    }
    this.#forget(index, 'gap');
  }

  #forget(index: number, why: 'gap' | 'idle-timeout' | 'stopped'): void {
    const connection = this.#connections[index];
    const isOpening = this.#table.listOf(index) === ageList.opening;
    this.#table.remove(index);
    this.#connections[index] = undefined;
    this.counters.open -= 1;
    this.#world.room.connections -= 1;
    if (connection === undefined) return;
    this.#stopWaiting(connection);
    // Its client was heard, though nobody answered: no attempt.
    if (connection.doubt === doubt.met) this.#joinMidStream(connection, 'client', connection.lastSequence);
    else if (isOpening && why !== 'stopped') this.#attempt(connection, 'unanswered');
    this.#doubts.clear(connection);
    connection.finish(why, this.#nowMs);
  }

  #watchDns(connection: TapConnection): void {
    const ends = dnsEnds(connection.id);
    const take = (bytes: Uint8Array, start: number, end: number): void => {
      this.#dns.message(bytes, start, end, { ends, nowMs: this.#nowMs });
    };
    connection.dns = { client: createDnsStream(take), upstream: createDnsStream(take) };
  }

  #datagram(bytes: Uint8Array): void {
    const { sourcePort, destinationPort, sourceStart, destinationStart, ...view } = this.#view;
    const fromServer = sourcePort === dnsPort;
    if (!fromServer && destinationPort !== dnsPort) {
      this.counters.others += 1;
      return;
    }
    const ends = dnsEnds({
      clientAddress: addressText(bytes, fromServer ? destinationStart : sourceStart, view.family),
      clientPort: fromServer ? destinationPort : sourcePort,
      serverAddress: addressText(bytes, fromServer ? sourceStart : destinationStart, view.family),
    });
    this.#dns.message(bytes, view.payloadStart, view.payloadEnd, { ends, nowMs: this.#nowMs });
  }
}

const dnsEnds = (id: Pick<TapConnectionId, 'clientAddress' | 'clientPort' | 'serverAddress'>): string =>
  `${endText(id.clientAddress, id.clientPort)} ${id.serverAddress}`;

/** The tap of one pod's interface. */
export function createTap(options: TapOptions): Tap {
  return new PodTap(options);
}
