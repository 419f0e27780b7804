// A Host as policies compare it: lower case, without port and trailing dots. On bytes, into a caller's buffer.

/** Longest host that can match a policy (RFC 1035 section 3.1, as text). */
export const maxHostBytes = 253;

/** Writes the normalised host into `out` (at least `maxHostBytes`) and returns its length; 0 when there is none or it is longer. */
export function normaliseHost(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let last = withoutPort(bytes, start, end);
  while (last > start && bytes[last - 1] === 0x2e) last -= 1;
  const length = last - start;
  if (length > maxHostBytes) return 0;
  for (let at = 0; at < length; at += 1) {
    const byte = bytes[start + at] ?? 0;
    out[at] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
  }
  return length;
}

/** End of the host before `:port`; the colons inside `[…]` are the address's own. */
function withoutPort(bytes: Uint8Array, start: number, end: number): number {
  for (let at = end - 1; at >= start; at -= 1) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x3a) return at;
    if (byte < 0x30 || byte > 0x39) return end;
  }
  return end;
}
