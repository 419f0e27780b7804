// One Ethernet frame as numbers and spans: Ethernet II with up to two VLAN tags, IPv4 or IPv6 with its extension headers, TCP or UDP. Written
// into one reused view, every read checked against the captured end, hostile bytes included: nothing throws, nothing is allocated. Checksums are
// never looked at: between pods of one machine all of them are partial (measured), so a frame's may be wrong and the packet right.

/** What a frame is. `malformed`: lengths that contradict each other, or headers cut off by the capture length. */
export const frameKind = { other: 0, tcp: 1, udp: 2, fragment: 3, malformed: 4 } as const;

/** TCP flags (RFC 9293 3.1). */
export const tcpFlag = { fin: 1, syn: 2, rst: 4, ack: 16 } as const;

/** Ethernet type of IPv4, and so on (IEEE 802 numbers). */
const etherType = { ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100, serviceVlan: 0x88a8 } as const;
const ethernetBytes = 14;
const tagBytes = 4;
/** 802.1Q in 802.1ad; more tags mean that somebody plays. */
const mostTags = 2;
const protocol = { hopByHop: 0, tcp: 6, udp: 17, routing: 43, fragment: 44, auth: 51, options: 60 } as const;
const ipv6HeaderBytes = 40;
/** RFC 8200 4.1 names seven kinds, one of them twice. */
const mostExtensions = 8;
const leastTcpBytes = 20;
const udpBytes = 8;

/** The frame read last. One per tap, overwritten by each `readFrame`; all fields are set. */
export interface FrameView {
  /** One of `frameKind`; the other fields hold for `tcp` and `udp` only. */
  kind: number;
  /** 4 or 6. */
  family: number;
  /** Index of the addresses, 4 or 16 bytes each. */
  sourceStart: number;
  destinationStart: number;
  sourcePort: number;
  destinationPort: number;
  /** TCP: 32 bits unsigned. */
  sequence: number;
  acknowledgement: number;
  /** Bits of `tcpFlag`. */
  flags: number;
  /** Payload as far as it was captured. */
  payloadStart: number;
  payloadEnd: number;
  /** Payload as it was on the wire: more than what was captured when the capture length cut it. */
  payloadLength: number;
}

/** A view that holds no frame. */
export const newFrameView = (): FrameView => ({
  kind: frameKind.other,
  family: 4,
  sourceStart: 0,
  destinationStart: 0,
  sourcePort: 0,
  destinationPort: 0,
  sequence: 0,
  acknowledgement: 0,
  flags: 0,
  payloadStart: 0,
  payloadEnd: 0,
  payloadLength: 0,
});

const half = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

const full = (bytes: Uint8Array, at: number): number => ((half(bytes, at) << 16) | half(bytes, at + 2)) >>> 0;

/**
 * Reads the frame `bytes[start, end)`, whose whole length on the wire was `wireLength`; what `view.kind` says is also the answer.
 * `end` beyond the array or `wireLength` below what was captured count as what was captured.
 */
export function readFrame(
  view: FrameView,
  bytes: Uint8Array,
  start: number,
  end: number,
  wireLength: number,
): number {
  const captured = Math.min(end, bytes.length);
  const wireEnd = Math.max(captured, start + wireLength);
  let at = start + ethernetBytes;
  if (start < 0 || at > captured) return (view.kind = frameKind.malformed);
  let type = half(bytes, at - 2);
  for (
    let tags = 0;
    tags < mostTags && (type === etherType.vlan || type === etherType.serviceVlan);
    tags += 1
  ) {
    at += tagBytes;
    if (at > captured) return (view.kind = frameKind.malformed);
    type = half(bytes, at - 2);
  }
  if (type === etherType.ipv4) return (view.kind = readIpv4(view, bytes, at, captured, wireEnd));
  if (type === etherType.ipv6) return (view.kind = readIpv6(view, bytes, at, captured, wireEnd));
  return (view.kind = frameKind.other);
}

/** As `readFrame`, of a packet that begins with its IP header and may have been cut at its end: its own length says how long it was. */
export function readPacket(view: FrameView, bytes: Uint8Array, start: number, end: number): number {
  const captured = Math.min(end, bytes.length);
  if (start < 0 || start >= captured) return (view.kind = frameKind.malformed);
  const version = (bytes[start] as number) >> 4;
  const wireEnd = Number.MAX_SAFE_INTEGER;
  if (version === 4) return (view.kind = readIpv4(view, bytes, start, captured, wireEnd));
  if (version === 6) return (view.kind = readIpv6(view, bytes, start, captured, wireEnd));
  return (view.kind = frameKind.malformed);
}

function readIpv4(view: FrameView, bytes: Uint8Array, at: number, end: number, wireEnd: number): number {
  if (at + leastTcpBytes > end) return frameKind.malformed;
  const headerBytes = ((bytes[at] as number) & 15) * 4;
  if ((bytes[at] as number) >> 4 !== 4 || headerBytes < 20) return frameKind.malformed;
  const total = half(bytes, at + 2);
  // 0: a frame larger than the field can say, merged by the kernel (BIG TCP).
  const packetEnd = total === 0 ? wireEnd : at + total;
  const payload = at + headerBytes;
  if (payload > packetEnd || packetEnd > wireEnd) return frameKind.malformed;
  // More fragments, or an offset.
  if ((half(bytes, at + 6) & 0x3fff) !== 0) return frameKind.fragment;
  view.family = 4;
  view.sourceStart = at + 12;
  view.destinationStart = at + 16;
  return readTransport(view, bytes[at + 9] as number, bytes, payload, end, packetEnd);
}

function readIpv6(view: FrameView, bytes: Uint8Array, at: number, end: number, wireEnd: number): number {
  let next = at + ipv6HeaderBytes;
  if (next > end || (bytes[at] as number) >> 4 !== 6) return frameKind.malformed;
  const length = half(bytes, at + 4);
  // 0: a jumbogram, or merged by the kernel beyond what the field can say.
  const packetEnd = length === 0 ? wireEnd : next + length;
  if (packetEnd > wireEnd) return frameKind.malformed;
  view.family = 6;
  view.sourceStart = at + 8;
  view.destinationStart = at + 24;
  let header = bytes[at + 6] as number;
  for (let count = 0; isExtension(header); count += 1) {
    if (count === mostExtensions || next + 8 > Math.min(end, packetEnd)) return frameKind.malformed;
    // More fragments, or an offset; an atomic fragment is whole (RFC 6946).
    if (header === protocol.fragment && (half(bytes, next + 2) & 0xfff9) !== 0) return frameKind.fragment;
    const bytesOf = extensionBytes(header, bytes[next + 1] as number);
    header = bytes[next] as number;
    next += bytesOf;
  }
  return readTransport(view, header, bytes, next, end, packetEnd);
}

const isExtension = (header: number): boolean =>
  header === protocol.hopByHop ||
  header === protocol.routing ||
  header === protocol.fragment ||
  header === protocol.options ||
  header === protocol.auth;

/** The length field counts 8 bytes (RFC 8200 4), for authentication 4 (RFC 4302 2.2); a fragment header has none. */
function extensionBytes(header: number, length: number): number {
  if (header === protocol.fragment) return 8;
  return header === protocol.auth ? (length + 2) * 4 : (length + 1) * 8;
}

function readTransport(
  view: FrameView,
  header: number,
  bytes: Uint8Array,
  at: number,
  end: number,
  packetEnd: number,
): number {
  if (header === protocol.tcp) return readTcp(view, bytes, at, end, packetEnd);
  if (header !== protocol.udp) return frameKind.other;
  if (at + udpBytes > end || at + udpBytes > packetEnd) return frameKind.malformed;
  view.sourcePort = half(bytes, at);
  view.destinationPort = half(bytes, at + 2);
  const length = half(bytes, at + 4);
  if (length < udpBytes || at + length > packetEnd) return frameKind.malformed;
  setPayload(view, at + udpBytes, end, at + length);
  return frameKind.udp;
}

function readTcp(view: FrameView, bytes: Uint8Array, at: number, end: number, packetEnd: number): number {
  if (at + leastTcpBytes > end || at + leastTcpBytes > packetEnd) return frameKind.malformed;
  const headerBytes = ((bytes[at + 12] as number) >> 4) * 4;
  if (headerBytes < leastTcpBytes || at + headerBytes > packetEnd) return frameKind.malformed;
  view.sourcePort = half(bytes, at);
  view.destinationPort = half(bytes, at + 2);
  view.sequence = full(bytes, at + 4);
  view.acknowledgement = full(bytes, at + 8);
  view.flags = bytes[at + 13] as number;
  setPayload(view, at + headerBytes, end, packetEnd);
  return frameKind.tcp;
}

/** What lies behind the packet's end is padding of the frame. */
function setPayload(view: FrameView, start: number, end: number, packetEnd: number): void {
  view.payloadLength = packetEnd - start;
  view.payloadEnd = Math.min(end, packetEnd);
  view.payloadStart = Math.min(start, view.payloadEnd);
}
