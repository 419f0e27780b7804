// What of a pod's packets the kernel hands to the tap: TCP, and UDP of port 53, over IPv4 and IPv6, with up to two VLAN tags. A tag that the
// kernel has taken off into its metadata is not among the bytes, so it needs no case. Whatever the filter cannot decide passes: the parser
// behind it decides. Of connections that inline carries only the beginning and the end pass: inline tells the rest. Knows no socket.
import { firstEphemeralPort } from '../model/ephemeral-ports.ts';
import { assembleBpf, bpf, packetTypeOffset, type BpfInstruction, type BpfLine } from './bpf.ts';

/** Ports of the pod itself whose connections somebody else reads: all that others open to them, whoever it is. */
export interface CarriedPorts {
  /** At most `mostCarriedPorts`. */
  readonly ports: readonly number[];
  /** Over IPv6 as well; over IPv4 always. */
  readonly ipv6: boolean;
}

/** The tap reads everything. */
export const nothingCarried: CarriedPorts = { ports: [], ipv6: false };

/** What is kept of the packets. */
export interface TapFilterOptions {
  /** Bytes kept of a frame, from its Ethernet header on; at least `leastSnapBytes`. */
  readonly snapBytes: number;
  /** TCP ports whose connections are not looked at: the agent's own. At most `mostExcludedPorts`. */
  readonly excludedPorts?: readonly number[];
  /**
   * What comes to these ports from a port that callers get (`firstEphemeralPort` and up), and what goes out from them to such a one, passes only
   * with SYN, FIN or RST: attempts that the kernel refuses are seen, and so is a connection that inline does not have after all. From and to a
   * lower port everything passes: there a service answers, so it may be the pod itself that calls, from a port of this number. Fragments and
   * what has extension headers pass whole.
   */
  readonly carried?: CarriedPorts;
  /**
   * Whether segments pass that carry neither payload nor SYN, FIN or RST. Without them a downward bulk transfer is half the packets, and a
   * gap is noticed by the next segment that carries something instead of by the next acknowledgement.
   */
  readonly pureAcks?: boolean;
}

/** A frame as large as the kernel makes them (BIG TCP included): nothing is cut off. */
export const wholeFrameBytes = 256 * 1024;

/**
 * Ethernet (14) with two tags (8), IPv6 (40) with 3 extension headers of usual size (3 x 24) and TCP with all options (60) are 194 bytes; the
 * rest lets a request line pass.
 */
export const leastSnapBytes = 512;

/** Each costs two conditions, and a condition jumps at most 255 instructions. */
export const mostExcludedPorts = 32;

/** Each costs every segment of the pod's other ports one condition; a pod that is carried on more is rare. */
export const mostCarriedPorts = 64;

const ethernetBytes = 14;
const typeOffset = 12;
const tagBytes = 4;
const etherType = { ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100, serviceVlan: 0x88a8 } as const;
const protocol = { hopByHop: 0, tcp: 6, udp: 17, routing: 43, fragment: 44, auth: 51, options: 60 } as const;
const dnsPort = 53;
/** A frame for another machine, seen because the bridge floods. */
const otherHost = 3;
/** A frame that the pod sends. */
const outgoing = 4;
/** FIN, SYN, RST. */
const connectionFlags = 0x07;
const ipv6HeaderBytes = 40;
/** Extension headers walked; a packet with more passes undecided. */
const extensionHeaders = 3;

/** M[]: bytes of the VLAN tags; IP header and payload, 0 where the packet does not say (BIG TCP); IP headers alone; the next header. */
const word = { tags: 0, total: 1, headers: 2, next: 3 } as const;

/** Offset from X, which holds the tags' bytes, later with the IP headers' added. */
const at = (offset: number): number => ethernetBytes + offset;

const tagged = (label: string): readonly BpfLine[] => [
  bpf.ifEqual(etherType.vlan, label),
  bpf.ifEqual(etherType.serviceVlan, label, 'type'),
];

const link: readonly BpfLine[] = [
  bpf.setX(0),
  // The kernel's checker takes what follows an answer for reached from there: what is read behind one must be written on every way to it.
  bpf.storeX(word.total),
  bpf.storeX(word.headers),
  bpf.loadByte(packetTypeOffset),
  bpf.ifEqual(otherHost, 'drop'),
  bpf.loadHalf(typeOffset),
  ...tagged('tagged'),
  bpf.label('tagged'),
  bpf.setX(tagBytes),
  bpf.loadHalf(typeOffset + tagBytes),
  ...tagged('tagged twice'),
  bpf.label('tagged twice'),
  bpf.setX(2 * tagBytes),
  bpf.loadHalf(typeOffset + 2 * tagBytes),
  bpf.label('type'),
  bpf.storeX(word.tags),
  bpf.ifEqual(etherType.ipv4, 'ipv4'),
  bpf.ifEqual(etherType.ipv6, 'ipv6', 'drop'),
];

/** X moves from the IP header to what follows its headers, whose length is in M[headers]. */
const pastHeaders = (to: string): readonly BpfLine[] => [
  bpf.recallA(word.headers),
  bpf.addX(),
  bpf.copyAToX(),
  bpf.go(to),
];

const laterIpv4Fragment = 0x1fff;
/** The first of several: its ports are there, but nobody asks for those of the others. */
const moreIpv4Fragments = 0x2000;

const ipv4: readonly BpfLine[] = [
  bpf.label('ipv4'),
  bpf.loadByteAtX(at(0)),
  bpf.and(0x0f),
  bpf.shiftLeft(2),
  bpf.storeA(word.headers),
  bpf.loadHalfAtX(at(2)),
  bpf.storeA(word.total),
  bpf.loadByteAtX(at(9)),
  bpf.ifEqual(protocol.tcp, 'ipv4 tcp'),
  bpf.ifEqual(protocol.udp, 'ipv4 udp', 'drop'),
  bpf.label('ipv4 tcp'),
  bpf.loadHalfAtX(at(6)),
  bpf.ifAnySet(laterIpv4Fragment, 'accept'),
  bpf.ifAnySet(moreIpv4Fragments, 'ipv4 tcp in part'),
  ...pastHeaders('tcp whole'),
  bpf.label('ipv4 tcp in part'),
  ...pastHeaders('tcp'),
  bpf.label('ipv4 udp'),
  bpf.loadHalfAtX(at(6)),
  bpf.ifAnySet(laterIpv4Fragment, 'drop'),
  ...pastHeaders('udp'),
];

const laterIpv6Fragment = 0xfff8;

/** A is the kind of the header that X points to: stop at TCP and UDP, else step over it. */
const extension = (step: number): readonly BpfLine[] => [
  bpf.ifEqual(protocol.tcp, 'ipv6 tcp'),
  bpf.ifEqual(protocol.udp, 'udp'),
  bpf.ifEqual(protocol.hopByHop, `usual ${step}`),
  bpf.ifEqual(protocol.routing, `usual ${step}`),
  bpf.ifEqual(protocol.options, `usual ${step}`),
  bpf.ifEqual(protocol.fragment, `fragment ${step}`),
  bpf.ifEqual(protocol.auth, `auth ${step}`, 'drop'),
  bpf.label(`usual ${step}`),
  bpf.loadByteAtX(at(0)),
  bpf.storeA(word.next),
  bpf.loadByteAtX(at(1)),
  bpf.add(1),
  bpf.shiftLeft(3),
  bpf.go(`over ${step}`),
  bpf.label(`auth ${step}`),
  bpf.loadByteAtX(at(0)),
  bpf.storeA(word.next),
  bpf.loadByteAtX(at(1)),
  bpf.add(2),
  bpf.shiftLeft(2),
  bpf.go(`over ${step}`),
  bpf.label(`fragment ${step}`),
  bpf.loadByteAtX(at(0)),
  bpf.storeA(word.next),
  bpf.loadHalfAtX(at(2)),
  bpf.ifAnySet(laterIpv6Fragment, 'later ipv6 fragment'),
  bpf.setA(8),
  bpf.label(`over ${step}`),
  bpf.addX(),
  bpf.copyAToX(),
  bpf.recallA(word.next),
];

/** TCP follows the IPv6 header itself, with nothing in between. */
const plainIpv6: readonly BpfLine[] = [
  bpf.ifEqual(protocol.tcp, 'ipv6 tcp whole', 'ipv6 extended'),
  bpf.label('ipv6 tcp whole'),
  bpf.setA(ipv6HeaderBytes),
  bpf.storeA(word.headers),
  bpf.go('tcp whole'),
  bpf.label('ipv6 extended'),
];

const ipv6 = (isCarried: boolean): readonly BpfLine[] => [
  bpf.label('ipv6'),
  bpf.loadHalfAtX(at(4)),
  bpf.ifEqual(0, 'ipv6 length'),
  bpf.add(ipv6HeaderBytes),
  bpf.label('ipv6 length'),
  bpf.storeA(word.total),
  bpf.loadByteAtX(at(6)),
  bpf.storeA(word.next),
  bpf.copyXToA(),
  bpf.add(ipv6HeaderBytes),
  bpf.copyAToX(),
  bpf.recallA(word.next),
  ...(isCarried ? plainIpv6 : []),
  ...Array.from({ length: extensionHeaders }, (_, step) => extension(step)).flat(),
  bpf.ifEqual(protocol.tcp, 'ipv6 tcp'),
  bpf.ifEqual(protocol.udp, 'udp', 'accept'),
  bpf.label('later ipv6 fragment'),
  bpf.recallA(word.next),
  bpf.ifEqual(protocol.tcp, 'accept', 'drop'),
  bpf.label('ipv6 tcp'),
  bpf.copyXToA(),
  bpf.recallX(word.tags),
  bpf.subtractX(),
  bpf.storeA(word.headers),
  bpf.addX(),
  bpf.copyAToX(),
  bpf.go('tcp'),
];

const udp: readonly BpfLine[] = [
  bpf.label('udp'),
  bpf.loadHalfAtX(at(0)),
  bpf.ifEqual(dnsPort, 'accept'),
  bpf.loadHalfAtX(at(2)),
  bpf.ifEqual(dnsPort, 'accept', 'drop'),
];

/** The total length is more than the headers': there is payload. */
const payloadOnly: readonly BpfLine[] = [
  bpf.loadByteAtX(at(13)),
  bpf.ifAnySet(connectionFlags, 'tcp kept'),
  bpf.loadByteAtX(at(12)),
  bpf.and(0xf0),
  bpf.shiftRight(2),
  bpf.recallX(word.headers),
  bpf.addX(),
  bpf.copyAToX(),
  bpf.recallA(word.total),
  bpf.ifEqual(0, 'tcp kept'),
  bpf.ifGreaterThanX('tcp kept', 'tcp left out'),
];

/** A segment whose port is the pod's own (where it comes to, or goes out from), and whose other port is as callers have it. */
function carriedSegments(ports: readonly number[]): readonly BpfLine[] {
  if (ports.length === 0) return [];
  return [
    bpf.loadByteAtX(at(13)),
    bpf.ifAnySet(connectionFlags, 'tcp'),
    bpf.loadByte(packetTypeOffset),
    bpf.ifEqual(outgoing, 'from the pod'),
    bpf.loadHalfAtX(at(0)),
    bpf.ifAtLeast(firstEphemeralPort, undefined, 'tcp'),
    bpf.loadHalfAtX(at(2)),
    bpf.go('own port'),
    bpf.label('from the pod'),
    bpf.loadHalfAtX(at(2)),
    bpf.ifAtLeast(firstEphemeralPort, undefined, 'tcp'),
    bpf.loadHalfAtX(at(0)),
    bpf.label('own port'),
    ...ports.map((port) => bpf.ifEqual(port, 'tcp left out')),
  ];
}

function tcp({ excludedPorts = [], carried, pureAcks = false }: TapFilterOptions): readonly BpfLine[] {
  const excluded = excludedPorts.map((port) => bpf.ifEqual(port, 'tcp left out'));
  return [
    bpf.label('tcp whole'),
    ...carriedSegments(carried?.ports ?? []),
    bpf.label('tcp'),
    ...(excluded.length === 0
      ? []
      : [bpf.loadHalfAtX(at(0)), ...excluded, bpf.loadHalfAtX(at(2)), ...excluded]),
    ...(pureAcks ? [] : payloadOnly),
  ];
}

const answers = (
  { kept, leftOut }: { readonly kept: string; readonly leftOut: string },
  keptBytes: number,
): readonly BpfLine[] => [bpf.label(kept), bpf.answer(keptBytes), bpf.label(leftOut), bpf.answer(0)];

function refuseTooMany(what: string, ports: readonly number[] | undefined, most: number): void {
  if (ports !== undefined && ports.length > most)
    throw new Error(`${ports.length} ports ${what} are more than ${most}`);
}

/** The program. Throws for more than `mostExcludedPorts` or `mostCarriedPorts`: our own bug. */
export function tapFilter(options: TapFilterOptions): readonly BpfInstruction[] {
  const { snapBytes, excludedPorts, carried } = options;
  refuseTooMany('to exclude', excludedPorts, mostExcludedPorts);
  refuseTooMany('that are carried', carried?.ports, mostCarriedPorts);
  const keptBytes = Math.max(snapBytes, leastSnapBytes);
  return assembleBpf([
    ...link,
    ...ipv4,
    ...ipv6(carried?.ipv6 === true),
    ...udp,
    ...answers({ kept: 'accept', leftOut: 'drop' }, keptBytes),
    // Behind them, where only `go` leads: its length must not come between a condition and where it jumps to.
    ...tcp(options),
    ...answers({ kept: 'tcp kept', leftOut: 'tcp left out' }, keptBytes),
  ]);
}

/** Of a pod whose ring is whole: a body, or a second request, may be at the end of a frame. */
export const podFilter = (carried: CarriedPorts): readonly BpfInstruction[] =>
  tapFilter({ snapBytes: wholeFrameBytes, carried });

/** Lets nothing pass: for a ring that another one replaces. */
export const nothingFilter: readonly BpfInstruction[] = assembleBpf([bpf.answer(0)]);
