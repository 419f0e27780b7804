// Frames made by hand, header by header from the inside out; only the fields that somebody reads are filled in.

const half = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);

/** FIN 1, SYN 2, RST 4, PSH 8, ACK 16. `optionBytes` a multiple of 4. */
export interface Segment {
  readonly from?: number;
  readonly to?: number;
  readonly flags?: number;
  readonly optionBytes?: number;
  readonly payload?: string;
}

/** A TCP segment. */
export function tcp({ from = 40000, to = 8080, flags = 16, optionBytes = 0, payload = '' }: Segment): Buffer {
  const header = Buffer.alloc(20 + optionBytes);
  header.writeUInt16BE(from, 0);
  header.writeUInt16BE(to, 2);
  header[12] = ((20 + optionBytes) / 4) << 4;
  header[13] = flags;
  return Buffer.concat([header, Buffer.from(payload)]);
}

/** A UDP datagram. */
export function udp(from: number, to: number): Buffer {
  const payload = Buffer.from('question');
  return Buffer.concat([half(from), half(to), half(8 + payload.length), half(0), payload]);
}

/** What the IPv4 header says beside the usual; `totalLength` other than the real one for BIG TCP. */
export interface Ipv4 {
  readonly protocol: number;
  readonly optionBytes?: number;
  readonly fragment?: number;
  readonly totalLength?: number;
}

/** An IPv4 packet. */
export function ipv4({ protocol, optionBytes = 0, fragment = 0, totalLength }: Ipv4, inside: Buffer): Buffer {
  const header = Buffer.alloc(20 + optionBytes);
  header[0] = 0x40 | (header.length / 4);
  header.writeUInt16BE(totalLength ?? header.length + inside.length, 2);
  header.writeUInt16BE(fragment, 6);
  header[9] = protocol;
  return Buffer.concat([header, inside]);
}

/** One extension header: its kind, its bytes after the next-header field. */
export interface Extension {
  readonly kind: number;
  readonly rest: Buffer;
}

/** Hop-by-hop, routing or destination options of 8 x (1 + `units`) bytes. */
export const options = (kind: number, units: number): Extension => {
  const rest = Buffer.alloc(8 * (1 + units) - 1);
  rest[0] = units;
  return { kind, rest };
};

/** A fragment header; `offset` in its field's own form. */
export const fragmentOf = (offset: number): Extension => ({
  kind: 44,
  rest: Buffer.concat([Buffer.from([0]), half(offset), Buffer.alloc(4)]),
});

/** An authentication header of 4 x (2 + `words`) bytes. */
export const auth = (words: number): Extension => {
  const rest = Buffer.alloc(4 * (words + 2) - 1);
  rest[0] = words;
  return { kind: 51, rest };
};

/** An IPv6 packet whose headers lead to `protocol`. */
export function ipv6(
  {
    protocol,
    extensions = [],
    payloadLength,
  }: { protocol: number; extensions?: readonly Extension[]; payloadLength?: number },
  inside: Buffer,
): Buffer {
  const kinds = [...extensions.map(({ kind }) => kind), protocol];
  const chain = extensions.map(({ rest }, index) =>
    Buffer.concat([Buffer.from([kinds[index + 1] ?? 0]), rest]),
  );
  const body = Buffer.concat([...chain, inside]);
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(payloadLength ?? body.length, 4);
  header[6] = kinds[0] ?? 0;
  return Buffer.concat([header, body]);
}

/** An Ethernet frame with VLAN tags, outermost first. */
export function ethernet(type: number, inside: Buffer, tags: readonly number[] = []): Buffer {
  const tagBytes = tags.map((kind) => Buffer.concat([half(kind), half(7)]));
  return Buffer.concat([Buffer.alloc(12), ...tagBytes, half(type), inside]);
}
