// Builds Ethernet frames for tests: addresses and ports in, bytes out. Checksums stay 0, as they do between pods.

const hextets = (address: string): readonly number[] => {
  const [head = '', tail] = address.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((part) => parseInt(part, 16));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
};

const addressBytes = (address: string): readonly number[] =>
  address.includes(':')
    ? hextets(address).flatMap((word) => [word >> 8, word & 255])
    : address.split('.').map(Number);

const word = (value: number): readonly number[] => [(value >> 8) & 255, value & 255];
const long = (value: number): readonly number[] => [...word(value >>> 16), ...word(value & 0xffff)];

export interface PacketShape {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload?: Uint8Array;
  /** Ethernet types of VLAN tags, outermost first. */
  readonly tags?: readonly number[];
  /** IPv4 options, a multiple of four. */
  readonly ipOptions?: readonly number[];
  /** IPv6 extension headers: kind and body, whose first byte is replaced by the next header. */
  readonly extensions?: readonly { readonly kind: number; readonly bytes: readonly number[] }[];
  /** Flags and offset of IPv4, as in the header. */
  readonly fragment?: number;
  /** Instead of the true one. */
  readonly totalLength?: number;
  /** Behind the packet, as short frames have. */
  readonly padding?: number;
}

export interface SegmentShape extends PacketShape {
  readonly sequence: number;
  readonly acknowledgement?: number;
  /** Letters of S, A, F, R; `A` when absent. */
  readonly flags?: string;
  /** TCP options, a multiple of four. */
  readonly options?: readonly number[];
}

function ipv4(shape: PacketShape, protocol: number, payload: Uint8Array): Uint8Array {
  const options = shape.ipOptions ?? [];
  const length = shape.totalLength ?? 20 + options.length + payload.length;
  return Uint8Array.from([
    ...[
      0x45 + options.length / 4,
      0,
      ...word(length),
      0,
      1,
      ...word(shape.fragment ?? 0x4000),
      64,
      protocol,
      0,
      0,
    ],
    ...addressBytes(shape.source),
    ...addressBytes(shape.destination),
    ...options,
    ...payload,
  ]);
}

function ipv6(shape: PacketShape, protocol: number, payload: Uint8Array): Uint8Array {
  const extensions = shape.extensions ?? [];
  const kinds = [...extensions.map(({ kind }) => kind), protocol];
  const headers = extensions.flatMap(({ bytes }, at) => [kinds[at + 1]!, ...bytes.slice(1)]);
  const length = shape.totalLength ?? headers.length + payload.length;
  return Uint8Array.from([
    ...[0x60, 0, 0, 0, ...word(length), kinds[0]!, 64],
    ...addressBytes(shape.source),
    ...addressBytes(shape.destination),
    ...headers,
    ...payload,
  ]);
}

function frame(shape: PacketShape, protocol: number, transport: Uint8Array): Uint8Array {
  const six = shape.source.includes(':');
  const types = [...(shape.tags ?? []), six ? 0x86dd : 0x0800];
  const ethernet = [
    ...[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2],
    ...types.flatMap((type, at) => (at === 0 ? word(type) : [0, 7, ...word(type)])),
  ];
  const packet = six ? ipv6(shape, protocol, transport) : ipv4(shape, protocol, transport);
  return Buffer.concat([Uint8Array.from(ethernet), packet, new Uint8Array(shape.padding ?? 0).fill(0xaa)]);
}

const nothing = new Uint8Array(0);

/** A TCP segment in its frame. */
export function segmentFrame(shape: SegmentShape): Uint8Array {
  const letters = shape.flags ?? 'A';
  const flags = Array.from('FSR?A').reduce(
    (bits, letter, at) => bits | (letters.includes(letter) ? 1 << at : 0),
    0,
  );
  const options = shape.options ?? [];
  const header = Uint8Array.from([
    ...word(shape.sourcePort),
    ...word(shape.destinationPort),
    ...long(shape.sequence),
    ...long(shape.acknowledgement ?? 0),
    ...[(5 + options.length / 4) << 4, flags, 0xff, 0xff, 0, 0, 0, 0],
    ...options,
  ]);
  return frame(shape, 6, Buffer.concat([header, shape.payload ?? nothing]));
}

/** A UDP datagram in its frame. */
export function datagramFrame(shape: PacketShape & { readonly udpLength?: number }): Uint8Array {
  const payload = shape.payload ?? nothing;
  const header = [
    ...word(shape.sourcePort),
    ...word(shape.destinationPort),
    ...word(shape.udpLength ?? 8 + payload.length),
    0,
    0,
  ];
  return frame(shape, 17, Buffer.concat([Uint8Array.from(header), payload]));
}
