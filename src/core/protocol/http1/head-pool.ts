// Scratch space for heads being read: spans, header table and the buffer for heads that straddle reads. Taken when a head
// begins, given back when it has been judged, so an idle connection holds none. Knows no parser.
import { headerStride, type HeadView } from '../../model/head-view.ts';
import { copyBytes } from './copy-bytes.ts';
import { http1Limits } from './limits.ts';

/** What one head under way needs: spans, and a buffer in case it straddles reads. */
export interface HeadScratch {
  readonly view: HeadView;
  /** Bytes of a head that came in pieces; grows up to the head limit, never shrinks. */
  gather: Uint8Array;
}

/** Scratch for the heads under way on all connections of a worker. */
export interface HeadPool {
  take(): HeadScratch;
  give(scratch: HeadScratch): void;
}

/** Scratches kept for reuse: heads that straddle reads on as many connections at once cost no allocation. */
const keptScratches = 64;
/** First size of `gather`; most heads fit. */
const gatherBytes = 2048;

function newScratch(): HeadScratch {
  const nothing = new Uint8Array(0);
  return {
    view: {
      bytes: nothing,
      start: 0,
      end: 0,
      methodStart: 0,
      methodEnd: 0,
      targetStart: 0,
      targetEnd: 0,
      pathStart: 0,
      pathEnd: 0,
      queryStart: 0,
      queryEnd: 0,
      hostStart: 0,
      hostEnd: 0,
      headerCount: 0,
      headers: new Int32Array(http1Limits.headers * headerStride),
    },
    gather: nothing,
  };
}

/** One per worker; bounded by `keptScratches`, the rest goes back to the collector. */
export function createHeadPool(): HeadPool {
  const free: HeadScratch[] = [];
  return {
    take: () => free.pop() ?? newScratch(),
    give: (scratch) => {
      if (free.length < keptScratches) free.push(scratch);
    },
  };
}

/**
 * Appends `bytes[start, end)` at `length` of the scratch's buffer, doubling it when needed.
 * Returns the bytes moved (for the linearity test): the appended ones and what growing copied.
 */
export function gatherInto(
  scratch: HeadScratch,
  length: number,
  span: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
): number {
  const added = span.end - span.start;
  let moved = added;
  if (scratch.gather.length < length + added) {
    const grown = new Uint8Array(
      Math.min(Math.max(gatherBytes, 2 * (length + added)), http1Limits.headBytes),
    );
    copyBytes(scratch.gather, 0, length, grown, 0);
    scratch.gather = grown;
    moved += length;
  }
  copyBytes(span.bytes, span.start, span.end, scratch.gather, length);
  return moved;
}
