// Both directions of one TCP connection, each put in order from its segments. Knows sequence numbers and nothing of what they carry.
//
// Overlap: the byte seen first stays. What was delivered is read already and cannot be taken back, and one rule for all bytes is the only one that
// can be stated; a second copy that differs is told (`conflict`), as its receiver may have taken that one.
// Order between the directions: a segment waits until everything it acknowledges has been delivered, so an answer never comes before its
// question, however the frames were mixed up on their way to us.
// A hole is waited for until the other side acknowledges it (it has the bytes: they passed us by), the buffer is full, or the end; for some seconds at
// most, since who only listens acknowledges by segments that no ring has.
import type { Side } from '../model/command.ts';
import { DeliveredDigests } from './delivered-digests.ts';
import { FarClaims, reachBytes } from './far-claims.ts';
import { newOffer, SegmentQueue, type WaitingSegment } from './segment-queue.ts';
import type { StreamSink, StreamWorld } from './stream-sink.ts';
import type { GapCause } from './tap-port.ts';

/** Acknowledgement of a segment that carries none. */
export const noAck = -1;
const scratch = newOffer();
/** What a waiting segment costs besides its bytes: its object, and those of its buffer. */
const segmentBytes = 384;

/** One direction. */
export class Stream {
  readonly side: Side;
  /** Whether `next` is known: from a SYN, the other side's acknowledgement, or the first segment seen. */
  known = false;
  /** Sequence number that comes next, as a signed 32-bit number. */
  next = 0;
  /** Of the segment being delivered; `segmentAck` -1: it acknowledged nothing. */
  segmentStart = 0;
  segmentAck = noAck;
  ended = false;
  readonly #pair: StreamPair;
  #acked = 0;
  #ackKnown = false;
  /** Since when acknowledged bytes are missing, ms; 0: none are. */
  #holeSince = 0;
  #finKnown = false;
  #fin = 0;
  #finAck = noAck;
  #queue: SegmentQueue | undefined;
  #digests: DeliveredDigests | undefined;
  #far: FarClaims | undefined;

  constructor(side: Side, pair: StreamPair) {
    this.side = side;
    this.#pair = pair;
  }

  /** The next byte is `sequence`. */
  startAt(sequence: number): void {
    this.known = true;
    this.next = sequence | 0;
  }

  /** Bytes copied and compared, for the linearity test. */
  get work(): number {
    return this.#queue?.work ?? 0;
  }

  /** Bytes that are known to exist and are not delivered. */
  get waits(): boolean {
    return this.#holeSince !== 0 || (this.#queue?.segments.length ?? 0) > 0;
  }

  /** Whether a segment's sequence number is one that the other side would take for the next. */
  expects(sequence: number): boolean {
    if (!this.known) return true;
    const at = sequence | 0;
    if (at === this.next || (this.#ackKnown && at === this.#acked)) return true;
    const last = this.#queue?.segments.at(-1);
    return last !== undefined && at === ((last.sequence + last.length) | 0);
  }

  /** A segment with payload: `length` bytes from `sequence`, of which `bytes[start, end)` were captured. */
  segment(
    sequence: number,
    acknowledgement: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    length: number,
    nowMs: number,
  ): void {
    if (this.ended && !this.#reopen(sequence, length, nowMs)) return;
    const behind = (this.next - sequence) | 0;
    // A keep-alive or window probe repeats one old byte, or makes one up.
    if (length === 0 || (behind === 1 && length === 1)) return;
    if (behind > 0) this.#repeated(sequence, bytes, start, Math.min(end, start + behind), nowMs);
    if (behind >= length) return;
    if (-behind > reachBytes && !this.#isBelieved(sequence, length, nowMs)) {
      this.#pair.world.counters.outside += 1;
      return;
    }
    const old = Math.max(0, behind);
    const from = Math.min(start + old, end);
    const inOrder = behind >= 0 && (this.#queue === undefined || this.#queue.segments.length === 0);
    if (inOrder && this.#covered(acknowledgement)) {
      this.segmentAck = acknowledgement;
      this.#deliver(bytes, from, end, length - old, nowMs);
      return;
    }
    scratch.sequence = (sequence + old) | 0;
    scratch.acknowledgement = acknowledgement;
    scratch.bytes = bytes;
    scratch.start = from;
    scratch.end = end;
    scratch.length = length - old;
    scratch.atMs = nowMs;
    this.#store();
  }

  /** Whether a number lies beyond the reach of all that is known: delivered, waiting, or acknowledged. */
  isFar(number: number): boolean {
    const { next } = this;
    const last = this.#queue?.segments.at(-1);
    const acked = this.#ackKnown ? (this.#acked - next) | 0 : 0;
    const waiting = last === undefined ? 0 : (last.sequence + last.length - next) | 0;
    return ((number - next) | 0) - Math.max(0, acked, waiting) > reachBytes;
  }

  /** Far data is believed where the other side has acknowledged it, and with it that what lies before it exists. */
  #isBelieved(sequence: number, length: number, nowMs: number): boolean {
    if (!this.isFar(sequence)) return true;
    const far = (this.#far ??= new FarClaims());
    if (!far.dataProves(sequence, length, (sequence - this.next) | 0)) return false;
    this.#acked = far.acked;
    this.#ackKnown = true;
    if (this.#holeSince === 0) this.#holeSince = nowMs;
    return true;
  }

  /** FIN at `sequence`: behind its payload. */
  finish(sequence: number, acknowledgement: number): void {
    if (this.ended) return;
    this.#finKnown = true;
    this.#fin = sequence | 0;
    this.#finAck = acknowledgement;
  }

  /** The other side has everything before `acknowledgement`. Only when `known`. */
  acknowledged(acknowledgement: number, nowMs: number): void {
    const ack = acknowledgement | 0;
    const ahead = (ack - this.next) | 0;
    if (this.#ackKnown && ((ack - this.#acked) | 0) <= 0) return;
    if (ahead > reachBytes && this.isFar(ack) && !(this.#far ??= new FarClaims()).ackProves(ack, ahead))
      return;
    this.#acked = ack;
    this.#ackKnown = true;
    if (ahead > 0 && this.#holeSince === 0) this.#holeSince = nowMs;
  }

  /** Delivers what has come to its turn. True when something was. */
  drain(): boolean {
    let moved = false;
    let { ready } = this;
    while (ready !== undefined && this.#covered(ready.acknowledgement)) {
      this.deliverReady();
      ({ ready } = this);
      moved = true;
    }
    return this.#end() || moved;
  }

  /** One hole is given up: bytes that the other side has for longer than `graceMs`. True when there was one. */
  giveUpLate(nowMs: number, graceMs: number, cause: GapCause): boolean {
    if (this.#holeSince === 0) return false;
    if (((this.#acked - this.next) | 0) <= 0) {
      this.#holeSince = 0;
      return false;
    }
    if (nowMs - this.#holeSince < graceMs) return false;
    const beyondFin = this.#finKnown && ((this.#acked - this.#fin) | 0) > 0;
    return this.#jumpTo(beyondFin ? this.#fin : this.#acked, cause);
  }

  /** As `giveUpHole`, where what is behind the hole has waited since `sinceMs` or longer. */
  giveUpStale(sinceMs: number): boolean {
    const first = this.#queue?.segments[0];
    return first !== undefined && first.atMs <= sinceMs && this.#jumpTo(first.sequence, 'late');
  }

  /** The hole before what waits is given up, though nobody acknowledged it. True when there was one. */
  giveUpHole(cause: GapCause): boolean {
    const first = this.#queue?.segments[0];
    return first !== undefined && this.#jumpTo(first.sequence, cause);
  }

  /** What the segment at the front acknowledges, when nothing is missing before it; `undefined` when there is none such. */
  get ready(): WaitingSegment | undefined {
    const first = this.#queue?.segments[0];
    return first?.sequence === this.next ? first : undefined;
  }

  /** The segment at the front is delivered, whatever it acknowledges. */
  deliverReady(): void {
    const first = this.#queue?.shift();
    if (first === undefined) return;
    this.#account(-first.bytes.length, -1);
    this.segmentAck = first.acknowledgement;
    this.#deliver(first.bytes, 0, first.bytes.length, first.length, first.atMs);
  }

  /**
   * Bytes where the end was: the receiver did not take that FIN (its checksum was wrong, say), so the stream goes on. False for what lies
   * before it.
   */
  #reopen(sequence: number, length: number, nowMs: number): boolean {
    const beyond = (sequence - this.#fin) | 0;
    // A keep-alive probe takes the FIN's own number.
    const isProbe = beyond === 0 && length === 1;
    if (isProbe || beyond + length <= 0 || beyond > reachBytes) return false;
    this.ended = this.#finKnown = false;
    this.next = this.#fin;
    this.#pair.sink.reopened(this, nowMs);
    return true;
  }

  #covered(acknowledgement: number): boolean {
    if (acknowledgement === noAck) return true;
    const other = this.#pair.other(this);
    const ahead = (acknowledgement - other.next) | 0;
    if (!other.known || other.ended || ahead <= 0) return true;
    // Nobody is known to have sent that much: made up, and nothing to wait for.
    return ahead > reachBytes && other.isFar(acknowledgement);
  }

  #deliver(bytes: Uint8Array, start: number, end: number, length: number, atMs: number): void {
    const pair = this.#pair;
    const captured = end - start;
    this.segmentStart = this.next;
    this.next = (this.next + length) | 0;
    pair.nowMs = Math.max(pair.nowMs, atMs);
    if (this.side === 'client' && captured > 0) {
      this.#digests ??= new DeliveredDigests();
      this.#digests.remember(this.segmentStart, bytes, start, end);
    }
    if (captured > 0) pair.sink.data(this, bytes, start, end, pair.nowMs);
    if (length > captured) this.#tellGap(length - captured, 'snap');
  }

  #tellGap(bytes: number, cause: GapCause): void {
    this.#pair.sink.gap(this, bytes, cause, this.#pair.nowMs);
  }

  /** Bytes that were delivered come again. */
  #repeated(sequence: number, bytes: Uint8Array, start: number, end: number, nowMs: number): void {
    this.#pair.world.counters.retransmitted += 1;
    if (this.#digests?.contradicts(sequence, bytes, start, end) === true)
      this.#pair.sink.conflict(this, end - start, nowMs);
  }

  #store(): void {
    const { limits, counters, room } = this.#pair.world;
    const { sequence, acknowledgement, start, end, atMs } = scratch;
    counters.outOfOrder += 1;
    const queue = (this.#queue ??= new SegmentQueue());
    const bytes = end - start;
    if (
      queue.segments.length + 1 >= limits.segments ||
      queue.bytes + bytes > limits.connectionBytes ||
      counters.bufferedBytes + bytes > limits.allBytes ||
      room.waitingBytes + bytes + segmentBytes > room.limits.waitingBytes
    ) {
      this.#makeWay(sequence, acknowledgement);
      return;
    }
    const { length } = queue.segments;
    const before = queue.bytes;
    queue.add(scratch, this.next);
    counters.copiedBytes += queue.bytes - before;
    this.#account(queue.bytes - before, queue.segments.length - length);
    if (queue.differing > 0) this.#pair.sink.conflict(this, queue.differing, atMs);
  }

  /** Bytes and segments that wait from now on, or do no longer. */
  #account(bytes: number, segments: number): void {
    const { counters, room } = this.#pair.world;
    counters.bufferedBytes += bytes;
    room.waitingBytes += bytes + segments * segmentBytes;
  }

  /** No room to wait: whatever is missing before the segment in `scratch` is given up, and it is delivered. */
  #makeWay(sequence: number, acknowledgement: number): void {
    const { bytes, start, end, length, atMs } = scratch;
    this.#pair.giveUp('buffer');
    this.#jumpTo(sequence, 'buffer');
    if (!this.#covered(acknowledgement)) this.#pair.other(this).#jumpTo(acknowledgement, 'buffer');
    const old = Math.max(0, (this.next - sequence) | 0);
    if (old >= length || this.ended) return;
    this.segmentAck = acknowledgement;
    this.#deliver(bytes, Math.min(start + old, end), end, length - old, atMs);
  }

  /** What is missing before `target`, or before what waits in front of it, is given up. True when something was. */
  #jumpTo(target: number, cause: GapCause): boolean {
    const first = this.#queue?.segments[0];
    const stop = first !== undefined && ((first.sequence - target) | 0) < 0 ? first.sequence : target | 0;
    const missing = (stop - this.next) | 0;
    if (missing <= 0) return false;
    this.next = stop;
    this.#tellGap(missing, cause);
    return true;
  }

  /** FIN, once everything before it has been delivered. */
  #end(): boolean {
    if (!this.#finKnown || this.ended || this.next !== this.#fin || !this.#covered(this.#finAck))
      return false;
    this.ended = true;
    this.next = (this.next + 1) | 0;
    // What claims to lie behind the end.
    for (let late = this.#queue?.shift(); late !== undefined; late = this.#queue?.shift())
      this.#account(-late.bytes.length, -1);
    this.#pair.sink.ended(this, this.#pair.nowMs);
    return true;
  }
}

/** The two directions of one connection. */
export class StreamPair {
  readonly client: Stream;
  readonly upstream: Stream;
  readonly sink: StreamSink;
  readonly world: StreamWorld;
  /** The time of the last delivery: it never steps back. */
  nowMs = 0;

  constructor(sink: StreamSink, world: StreamWorld) {
    this.sink = sink;
    this.world = world;
    this.client = new Stream('client', this);
    this.upstream = new Stream('upstream', this);
  }

  /** The opposite direction. */
  other(stream: Stream): Stream {
    return stream === this.client ? this.upstream : this.client;
  }

  /** After every segment: everything that may be delivered is, in both directions. */
  settle(nowMs: number): void {
    this.nowMs = Math.max(this.nowMs, nowMs);
    while (
      this.#drain() ||
      this.#giveUpLate(nowMs, this.world.limits.graceMs, 'acknowledged') ||
      this.#unlock()
    );
  }

  /** What has waited for its hole to be filled since `sinceMs` or longer is delivered, and the hole told. */
  giveUpStale(sinceMs: number, nowMs: number): void {
    if (this.client.giveUpStale(sinceMs) || this.upstream.giveUpStale(sinceMs)) this.settle(nowMs);
  }

  /** The connection is over, or there is no room: what waits is delivered, what is missing is told. */
  giveUp(cause: GapCause): void {
    const { client, upstream } = this;
    while (
      this.#drain() ||
      this.#giveUpLate(Infinity, 0, cause) ||
      this.#unlock() ||
      client.giveUpHole(cause) ||
      upstream.giveUpHole(cause) ||
      this.#force()
    );
  }

  /** What acknowledges bytes that cannot exist. */
  #force(): boolean {
    const stream = [this.client, this.upstream].find(({ ready }) => ready !== undefined);
    stream?.deliverReady();
    return stream !== undefined;
  }

  #drain(): boolean {
    const moved = this.client.drain();
    return this.upstream.drain() || moved;
  }

  #giveUpLate(nowMs: number, graceMs: number, cause: GapCause): boolean {
    return this.client.giveUpLate(nowMs, graceMs, cause) || this.upstream.giveUpLate(nowMs, graceMs, cause);
  }

  /** Both sides wait for each other: a retransmission carries an acknowledgement younger than its bytes. The older bytes go first. */
  #unlock(): boolean {
    const question = this.client.ready;
    const answer = this.upstream.ready;
    if (question === undefined || answer === undefined) return false;
    const end = (question.sequence + question.length) | 0;
    if (((answer.acknowledgement - end) | 0) >= 0) this.client.deliverReady();
    else this.upstream.deliverReady();
    return true;
  }

  /** True while something waits for its hole to be filled. */
  get waits(): boolean {
    return this.client.waits || this.upstream.waits;
  }
}
