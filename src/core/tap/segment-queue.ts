// Segments of one direction that wait for what lies before them: sorted, without overlap, copied. Where two of them say something about the
// same byte, what was seen first stays. Sequence numbers are compared around `next`, so they may wrap.
import { copyBytes } from '../protocol/http1/copy-bytes.ts';

/** A segment, or the part of it that no earlier one covers. */
export interface WaitingSegment {
  readonly sequence: number;
  /** As `Stream.segment` got it; -1: none. */
  readonly acknowledgement: number;
  /** What of it was captured. */
  readonly bytes: Uint8Array;
  /** Its length on the wire. */
  readonly length: number;
  readonly atMs: number;
}

/** A segment as it came; the bytes are the caller's. */
export interface OfferedSegment {
  sequence: number;
  acknowledgement: number;
  bytes: Uint8Array;
  start: number;
  end: number;
  length: number;
  atMs: number;
}

/** A reused `OfferedSegment`. */
export const newOffer = (): OfferedSegment => ({
  sequence: 0,
  acknowledgement: -1,
  bytes: new Uint8Array(0),
  start: 0,
  end: 0,
  length: 0,
  atMs: 0,
});

/** The queue of one direction; made when first something is out of order. */
export class SegmentQueue {
  readonly segments: WaitingSegment[] = [];
  /** Captured bytes it holds. */
  bytes = 0;
  /** Bytes moved and compared, segments walked: what the linearity test counts. */
  work = 0;
  /** Bytes found to differ by the last `add`. */
  differing = 0;

  /** Adds the parts of a segment that are not here yet; none of it may lie before `next`. */
  add(offer: OfferedSegment, next: number): void {
    const { segments } = this;
    this.differing = 0;
    const stop = ((offer.sequence - next) | 0) + offer.length;
    let at = (offer.sequence - next) | 0;
    let index = 0;
    for (; index < segments.length && at < stop; index += 1) {
      const waiting = segments[index] as WaitingSegment;
      const start = (waiting.sequence - next) | 0;
      const end = start + waiting.length;
      this.work += 1;
      if (end <= at) continue;
      if (start >= stop) break;
      if (start > at) {
        this.#insert(offer, next, { index, at, stop: start });
        index += 1;
      }
      this.#compare(offer, waiting, { from: Math.max(at, start), to: Math.min(stop, end), next });
      at = Math.max(at, end);
    }
    if (at < stop) this.#insert(offer, next, { index, at, stop });
  }

  /** The first one leaves. */
  shift(): WaitingSegment | undefined {
    const first = this.segments.shift();
    if (first !== undefined) this.bytes -= first.bytes.length;
    return first;
  }

  #insert(
    offer: OfferedSegment,
    next: number,
    place: { readonly index: number; readonly at: number; readonly stop: number },
  ): void {
    const from = offer.start + place.at - ((offer.sequence - next) | 0);
    const start = Math.min(from, offer.end);
    const end = Math.min(from + place.stop - place.at, offer.end);
    const bytes = new Uint8Array(end - start);
    copyBytes(offer.bytes, start, end, bytes, 0);
    this.bytes += bytes.length;
    this.work += bytes.length;
    this.segments.splice(place.index, 0, {
      sequence: (next + place.at) | 0,
      acknowledgement: offer.acknowledgement,
      bytes,
      length: place.stop - place.at,
      atMs: offer.atMs,
    });
  }

  #compare(
    offer: OfferedSegment,
    waiting: WaitingSegment,
    span: { readonly from: number; readonly to: number; readonly next: number },
  ): void {
    const shiftOld = (waiting.sequence - span.next) | 0;
    const shiftNew = offer.start - ((offer.sequence - span.next) | 0);
    const to = Math.min(span.to, shiftOld + waiting.bytes.length, offer.end - shiftNew);
    for (let at = span.from; at < to; at += 1)
      if (waiting.bytes[at - shiftOld] !== offer.bytes[at + shiftNew]) this.differing += 1;
    this.work += Math.max(0, to - span.from);
  }
}
