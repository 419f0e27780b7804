// A packet socket in a pod of the lab, for frames that no TCP of a kernel would send, and TCP by hand from an address that nobody has: checksums
// are right, so that the other kernel looks at the rest.
import type { Libc, NativeBuffer } from '../../src/io/kernel/libc.ts';
import { closeNetns, openNetns } from '../../src/io/kernel/node/netns.ts';
import type { NodeKernel } from '../../src/io/kernel/node/node-kernel.ts';
import { segmentFrame, type SegmentShape } from '../helpers/frames.ts';
import type { LabPod, NetnsLab } from '../helpers/netns-lab.ts';
import { until } from '../helpers/until.ts';
import { segmentOf, type PlainSegment } from './tap-segments.ts';

/** Addresses that no pod has; the target's kernel is told to look for them at the sender's interface. */
export const nobody = { ipv4: '10.77.0.99', ipv6: 'fd77::99' } as const;

/** A segment of nobody's to the target; the rest of the shape is filled in. */
export type NobodysSegment = Omit<SegmentShape, 'source' | 'destination'> & {
  readonly family?: 'ipv4' | 'ipv6';
};

/** What a frame may have wrong after its checksums were made right for it. */
export type Spoil = (frame: Buffer) => void;

export interface RawWire extends Disposable {
  send(segment: NobodysSegment, spoil?: Spoil): void;
  /** The same over IPv4 in two fragments, the first with so many bytes of TCP (a multiple of 8). */
  sendInFragments(segment: NobodysSegment, firstBytes: number): void;
  /** Segments to nobody that have come since it was last asked, IPv4 only. */
  received(): readonly PlainSegment[];
}

function sum(bytes: Uint8Array, from: number, to: number): number {
  let total = 0;
  for (let at = from; at < to; at += 2)
    total += ((bytes[at] ?? 0) << 8) + (at + 1 < to ? (bytes[at + 1] ?? 0) : 0);
  return total;
}

const folded = (total: number): number => {
  let rest = total;
  while (rest > 0xffff) rest = (rest & 0xffff) + Math.floor(rest / 0x10000);
  return ~rest & 0xffff;
};

/** Makes the checksums right for what the frame says of itself, as far as it is there. */
export function seal(frame: Buffer): void {
  const isV4 = frame.readUInt16BE(12) === 0x0800;
  const tcp = isV4 ? 14 + ((frame[14] ?? 0) & 15) * 4 : 54;
  if (isV4) {
    frame.writeUInt16BE(0, 24);
    frame.writeUInt16BE(folded(sum(frame, 14, tcp)), 24);
  }
  const end = Math.min(frame.length, isV4 ? 14 + frame.readUInt16BE(16) : 54 + frame.readUInt16BE(18));
  if (end < tcp + 18) return;
  frame.writeUInt16BE(0, tcp + 16);
  const addresses = isV4 ? sum(frame, 26, 34) : sum(frame, 22, 54);
  frame.writeUInt16BE(folded(addresses + 6 + (end - tcp) + sum(frame, tcp, end)), tcp + 16);
}

/** Behind Ethernet's header and IPv4's without options. */
const ipv4PayloadAt = 34;

/** A part of what a sealed frame carries, as a fragment of its own. */
function fragmentOf(frame: Buffer, part: { from: number; to: number; more: boolean }): Buffer {
  const fragment = Buffer.concat([frame.subarray(0, ipv4PayloadAt), frame.subarray(part.from, part.to)]);
  fragment.writeUInt16BE(fragment.length - 14, 16);
  fragment.writeUInt16BE(0x6d0d, 18);
  fragment.writeUInt16BE((part.more ? 0x2000 : 0) | ((part.from - ipv4PayloadAt) >> 3), 20);
  fragment.writeUInt16BE(0, 24);
  fragment.writeUInt16BE(folded(sum(fragment, 14, ipv4PayloadAt)), 24);
  return fragment;
}

const macOf = (lab: NetnsLab, pod: LabPod): string =>
  lab.run(pod, 'cat', ['/sys/class/net/eth0/address']).trim();
const macBytes = (mac: string): readonly number[] => mac.split(':').map((part) => parseInt(part, 16));

/** SOCK_RAW | SOCK_NONBLOCK in the family of packets, for IPv4 frames that come in. */
function openSocket(libc: Libc): number {
  const fd = libc.socket(17, 3 | 0o4000, 0x0008);
  const name = libc.allocate(16);
  name.bytes.write('eth0');
  const address = libc.allocate(20);
  address.view.setUint16(0, 17, true);
  address.view.setUint16(2, 0x0800);
  address.view.setInt32(4, libc.interfaceIndex(name.address), true);
  if (fd < 0 || libc.bind(fd, address.address, 20) !== 0)
    throw new Error(`packet socket: error ${libc.errno()}`);
  return fd;
}

const mostBytes = 65_536;

class Wire implements RawWire {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #memory: NativeBuffer;
  readonly #macs: readonly number[];
  readonly #target: LabPod;

  constructor(
    kernel: NodeKernel,
    lab: NetnsLab,
    { from, to }: { readonly from: LabPod; readonly to: LabPod },
  ) {
    this.#libc = kernel.libc;
    this.#target = to;
    this.#macs = [...macBytes(macOf(lab, to)), ...macBytes(macOf(lab, from))];
    this.#memory = kernel.libc.allocate(mostBytes);
    const netns = openNetns(from.path);
    this.#fd = kernel.door.within(netns, () => openSocket(kernel.libc));
    closeNetns(netns);
    for (const address of Object.values(nobody))
      lab.run(to, 'ip', [
        'neigh',
        'replace',
        address,
        'lladdr',
        macOf(lab, from),
        'dev',
        'eth0',
        'nud',
        'permanent',
      ]);
  }

  send(segment: NobodysSegment, spoil: Spoil = () => undefined): void {
    const frame = this.#frameOf(segment);
    spoil(frame);
    seal(frame);
    this.#put(frame);
  }

  sendInFragments(segment: NobodysSegment, firstBytes: number): void {
    const frame = this.#frameOf(segment);
    seal(frame);
    const cut = ipv4PayloadAt + firstBytes;
    this.#put(fragmentOf(frame, { from: ipv4PayloadAt, to: cut, more: true }));
    this.#put(fragmentOf(frame, { from: cut, to: frame.length, more: false }));
  }

  #frameOf({ family = 'ipv4', ...segment }: NobodysSegment): Buffer {
    const ends = { source: nobody[family], destination: this.#target[family] };
    const frame = Buffer.from(segmentFrame({ ...segment, ...ends }));
    frame.set(this.#macs, 0);
    return frame;
  }

  #put(frame: Buffer): void {
    frame.copy(this.#memory.bytes);
    const sent = this.#libc.send(this.#fd, this.#memory.address, frame.length, 0);
    // A full queue is a lost packet, as on any wire.
    if (sent < 0 && ![11, 105].includes(this.#libc.errno()))
      throw new Error(`send: error ${this.#libc.errno()}`);
  }

  received(): readonly PlainSegment[] {
    const segments: PlainSegment[] = [];
    for (;;) {
      const length = this.#libc.recv(this.#fd, this.#memory.address, mostBytes, 0);
      if (length <= 0) return segments;
      const bytes = Buffer.from(this.#memory.bytes.subarray(0, length));
      const segment = segmentOf({ bytes, wireLength: length, nowMs: 0 });
      if (segment !== undefined) segments.push(segment);
    }
  }

  [Symbol.dispose](): void {
    this.#libc.close(this.#fd);
  }
}

/** Frames go out of `from` to `to`. */
export const openRawWire = (
  kernel: NodeKernel,
  lab: NetnsLab,
  pods: { readonly from: LabPod; readonly to: LabPod },
): RawWire => new Wire(kernel, lab, pods);

/** One end of a connection by hand: what it sends next, and what it has got. */
export interface RawConnection {
  readonly port: number;
  readonly destinationPort: number;
  sequence: number;
  acknowledgement: number;
  /** What the other end has acknowledged: the sequence that it takes a reset at. */
  taken: number;
}

const isBehind = (one: number, other: number): boolean => ((other - one) | 0) > 0;

/** Notes what has come for these connections. */
export function listen(wire: RawWire, connections: ReadonlyMap<number, RawConnection>): void {
  for (const { from, to, flags, sequence, acknowledgement, payload } of wire.received()) {
    const connection = connections.get(to);
    // Resets, and answers to what went to another port by mistake, say nothing of the connection.
    if (connection?.destinationPort !== from || (flags & 4) !== 0) continue;
    if (isBehind(connection.taken, acknowledgement)) connection.taken = acknowledgement;
    const next = (sequence + payload.length + ((flags & 3) === 0 ? 0 : 1)) >>> 0;
    if ((flags & 2) !== 0 || isBehind(connection.acknowledgement, next)) connection.acknowledgement = next;
  }
}

/** Shakes hands from each of the ports with `destinationPort`. */
export async function connectByHand(
  wire: RawWire,
  ports: readonly number[],
  destinationPort: number,
): Promise<ReadonlyMap<number, RawConnection>> {
  const connections = new Map<number, RawConnection>();
  for (const port of ports) {
    const sequence = (port * 7_919_177) >>> 0;
    connections.set(port, { port, destinationPort, sequence, acknowledgement: 0, taken: sequence });
  }
  const opening = (): RawConnection[] =>
    [...connections.values()].filter(({ acknowledgement }) => acknowledgement === 0);
  await until('everybody has shaken hands', () => {
    for (const { port, sequence } of opening())
      wire.send({ sourcePort: port, destinationPort, sequence, flags: 'S' });
    listen(wire, connections);
    return opening().length === 0;
  });
  for (const connection of connections.values()) {
    connection.sequence = (connection.sequence + 1) >>> 0;
    const { port, sequence, acknowledgement } = connection;
    wire.send({ sourcePort: port, destinationPort, sequence, acknowledgement });
  }
  return connections;
}

/** Resets them all, at the sequence each of their other ends will take one. */
export async function resetByHand(
  wire: RawWire,
  connections: ReadonlyMap<number, RawConnection>,
  done: () => boolean,
): Promise<void> {
  await until('all connections by hand are reset', () => {
    listen(wire, connections);
    if (done()) return true;
    for (const { port, destinationPort, taken, acknowledgement } of connections.values())
      wire.send({ sourcePort: port, destinationPort, sequence: taken, acknowledgement, flags: 'R' });
    return false;
  });
}
