// A parsed HTTP request head as spans over the bytes it was read from: what the parser hands to inspection and policy.
// One object is reused for every request of a connection; nobody may keep it or its `bytes` past the call that got it.

/** Ints per header in `headers`: nameStart, nameEnd, valueStart, valueEnd (value without surrounding blanks). */
export const headerStride = 4;

/** Spans are byte offsets [start, end) into `bytes`; an absent part has start === end. */
export interface HeadView {
  bytes: Uint8Array;
  /** Span of the whole head, request line to the empty line inclusive. */
  start: number;
  end: number;
  methodStart: number;
  methodEnd: number;
  /** The request target as sent (origin, absolute, authority or asterisk form). */
  targetStart: number;
  targetEnd: number;
  /** Path without query (of the target, after scheme and authority in absolute form). */
  pathStart: number;
  pathEnd: number;
  /** Query without the question mark. */
  queryStart: number;
  queryEnd: number;
  /** Host as it counts: the authority of an absolute target, else the Host header; port included, case as sent. */
  hostStart: number;
  hostEnd: number;
  headerCount: number;
  /** `headerStride` ints per header, in order of appearance. */
  headers: Int32Array;
}
