// Whether the first bytes of a connection are a TLS ClientHello and nothing that a lenient HTTP/1 server could read as a
// request. Strict where a policy must read requests: two bytes of TLS are no proof, and a hello has room for a request line.

/** What `helloLength` answers when it is not a positive number of bytes. */
export const helloState = { notHello: -1, incomplete: 0 } as const;

/** RFC 8446 5.1 and 4: record header, handshake header, legacy version. */
const recordHeaderBytes = 5;
const handshakeHeaderBytes = 4;
const handshakeRecord = 22;
const clientHello = 1;
/** Version, random, empty session id, one cipher suite, one compression method: nothing shorter can be answered. */
const leastHelloBytes = 2 + 32 + 1 + 4 + 2;
/** Hellos with post-quantum keys and a session ticket take 2–4 KiB; this many leave room and bound what waits unjudged. */
const mostHelloBytes = 32 * 1024;
/** A plaintext record holds 2^14 bytes (RFC 8446 5.1); 256 more as the later limit allows. */
const mostRecordBytes = 2 ** 14 + 256;
/** Records that one hello may be cut into; the walk over them begins anew with each read. */
const mostRecords = 16;

/** Checks of the first record's bytes in order of arrival, so that a wrong one is refused without waiting for the rest. */
const firstBytes: readonly ((byte: number) => boolean)[] = [
  (byte) => byte === handshakeRecord,
  (byte) => byte === 3,
  (byte) => byte <= 4,
  (byte) => byte <= mostRecordBytes >> 8,
  () => true,
  (byte) => byte === clientHello,
  (byte) => byte === 0,
  (byte) => byte <= mostHelloBytes >> 8,
  () => true,
  (byte) => byte === 3,
  (byte) => byte <= 4,
];

/**
 * Bytes on the wire of the ClientHello at `start`, record headers included, once all of it has arrived; `helloState` else.
 * Linear in what it is given; a hello over several records is read through them.
 */
export function helloLength(bytes: Uint8Array, start: number, end: number): number {
  for (let at = 0; at < firstBytes.length && start + at < end; at += 1)
    if (firstBytes[at]?.(bytes[start + at] ?? 0) !== true) return helloState.notHello;
  if (end - start < firstBytes.length) return helloState.incomplete;
  const size = (byteAt(bytes, start + 6) << 16) | uint16(bytes, start + 7);
  if (size < leastHelloBytes || size > mostHelloBytes) return helloState.notHello;
  const length = walkRecords(bytes, start, end, size + handshakeHeaderBytes);
  if (length <= 0) return length;
  return mayBeRequest(bytes, start, start + length) ? helloState.notHello : length;
}

/** Through the records that carry `wanted` bytes of handshake. */
function walkRecords(bytes: Uint8Array, start: number, end: number, wanted: number): number {
  let left = wanted;
  let at = start;
  for (let records = 0; records < mostRecords; records += 1) {
    if (at + recordHeaderBytes > end) return helloState.incomplete;
    const length = uint16(bytes, at + 3);
    const fits =
      byteAt(bytes, at) === handshakeRecord && byteAt(bytes, at + 1) === 3 && byteAt(bytes, at + 2) <= 4;
    // Nothing may follow the hello in its record: the client has nothing to say before it is answered (RFC 8446 5.1).
    if (!fits || length === 0 || length > mostRecordBytes || length > left) return helloState.notHello;
    // The handshake header and the version stand in the first record.
    if (records === 0 && length < firstBytes.length - recordHeaderBytes) return helloState.notHello;
    left -= length;
    at += recordHeaderBytes + length;
    if (left === 0) return at > end ? helloState.incomplete : at - start;
  }
  return helloState.notHello;
}

const byteAt = (bytes: Uint8Array, at: number): number => bytes[at] as number;
const uint16 = (bytes: Uint8Array, at: number): number => (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1);

const slash = 0x2f;
const httpWord = Uint8Array.of(0x68, 0x74, 0x74, 0x70);
const getWord = Uint8Array.of(0x47, 0x45, 0x54);
/** Length of `http/1.1` in an ALPN list (RFC 7301), and no blank to any server. */
const alpnLength = 8;

/**
 * Random bytes, session id and extensions are the client's to choose, and lenient servers read `<anything> /path HTTP/1.0`
 * up to its line feed. A version (or the GET of HTTP/0.9) is what they all need; chance alone makes one in 10^9 hellos.
 */
function mayBeRequest(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start + 4; at < end; at += 1) {
    if (bytes[at] !== slash) continue;
    if (endsWith(bytes, at, httpWord) && !isAlpn(bytes, at - httpWord.length)) return true;
    // `GET /path`, its blank whatever it is.
    if (endsWith(bytes, at - 1, getWord)) return true;
  }
  return false;
}

/** The letters of `word`, in either case, stand right before `at`. */
function endsWith(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let back = 1; back <= word.length; back += 1)
    if ((byteAt(bytes, at - back) | 0x20) !== (byteAt(word, word.length - back) | 0x20)) return false;
  return true;
}

/** `http/` as browsers offer it: small letters behind their length. */
const isAlpn = (bytes: Uint8Array, at: number): boolean =>
  bytes[at - 1] === alpnLength && httpWord.every((letter, index) => bytes[at + index] === letter);
