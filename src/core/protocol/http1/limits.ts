// Every bound of the HTTP/1 parser, each with its reason. Knows no parser.

/** Bounds of what the parsers accept. */
export interface Http1Limits {
  /** Whole head in bytes. Node takes 16 KiB, HAProxy 16, nginx 32, Envoy 60: 32 KiB passes what real services accept. */
  readonly headBytes: number;
  /** Method in bytes; the longest registered one (UPDATEREDIRECTREF) has 17, policies name up to 32. */
  readonly methodBytes: number;
  /** Header fields of one message; HAProxy stops at 101, browsers send about 30. */
  readonly headers: number;
  /** Bytes of chunk extensions of one message: nobody uses them but those who want to make parsers work (CVE-2023-39326). */
  readonly chunkExtensionBytes: number;
  /** Digits of one chunk size: 13 hold 2^52, the rest is room for leading zeros that some servers pad with. */
  readonly chunkSizeDigits: number;
  /** Trailer section of one message in bytes. */
  readonly trailerBytes: number;
  /** Fields in one trailer section. */
  readonly trailers: number;
}

/** The bounds in use, each with its reason. */
export const http1Limits: Http1Limits = {
  headBytes: 32 * 1024,
  methodBytes: 32,
  headers: 128,
  chunkExtensionBytes: 4 * 1024,
  chunkSizeDigits: 16,
  trailerBytes: 8 * 1024,
  trailers: 64,
};

/** Digits of a Content-Length: 15 stay below 2^53, a petabyte. */
export const contentLengthDigits = 15;
