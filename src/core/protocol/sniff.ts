// What a connection speaks, from the client's first bytes. A table: the next wire format is a row. Anything that some HTTP
// server might still read as HTTP/1 counts as HTTP/1, so that its strict parser and not this guess refuses it; `unknown` is
// only a word for people: some servers strip leading bytes that no table foresees, so no policy may be passed by it.
import { wordOf } from './http1/byte-class.ts';

/** What a connection begins with; `more` when that cannot be told yet. */
export type Sniffed = 'http1' | 'tls' | 'h2' | 'unknown' | 'more';

interface SniffRow {
  readonly protocol: Sniffed;
  /** First bytes, compared exactly; fewer received bytes that agree so far ask for more. */
  readonly prefix: Uint8Array;
}

const rows: readonly SniffRow[] = [
  /**
   * TLS handshake record and its version's major byte (RFC 8446 5.1). A guess: some HTTP servers read whatever stands before
   * the first blank as a method, so where requests must be read tls/client-hello.ts demands a whole hello.
   */
  { protocol: 'tls', prefix: Uint8Array.of(0x16, 0x03) },
  /** The whole HTTP/2 preface (RFC 9113 3.4): what only begins like it is left to the HTTP/1 parser. */
  { protocol: 'h2', prefix: wordOf('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') },
];

/** Names the protocol of the first bytes of a connection; `more` when they fit a row but are too few. */
export function sniff(bytes: Uint8Array, start: number, end: number): Sniffed {
  if (start === end) return 'more';
  for (const row of rows) {
    const length = Math.min(row.prefix.length, end - start);
    let at = 0;
    while (at < length && bytes[start + at] === row.prefix[at]) at += 1;
    if (at < length) continue;
    return length === row.prefix.length ? row.protocol : 'more';
  }
  const first = bytes[start] as number;
  const maybeText = first === 13 || first === 10 || first === 9 || (first >= 32 && first < 127);
  return maybeText ? 'http1' : 'unknown';
}
