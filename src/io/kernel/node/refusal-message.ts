// What nfnetlink_log says of refused packets (linux/netfilter/nfnetlink_log.h): who wanted to open what. The packets are a pod's own work and
// hostile: every length is checked. Pure: knows no socket.
import { addressText } from '../../../core/tap/tap-ends.ts';
import { frameKind, newFrameView, readPacket } from '../../../core/tap/frame.ts';
import { netlinkMessage, readAttributes, readMessages, type Attribute } from './netlink-message.ts';

/** NFNL_SUBSYS_ULOG. */
const subsystem = 4;
/** NFULNL_MSG_PACKET and _CONFIG within the subsystem. */
const message = { packet: subsystem << 8, configure: (subsystem << 8) | 1 } as const;
/** NFULA_PAYLOAD. */
const payloadAttribute = 9;
/** NFULA_CFG_CMD, _MODE, _TIMEOUT and _QTHRESH. */
const setting = { command: 1, mode: 2, timeout: 4, threshold: 5 } as const;
/** NFULNL_CFG_CMD_BIND and _UNBIND. */
const command = { bind: 1, unbind: 2 } as const;
/** NFULNL_COPY_PACKET. */
const copyPacket = 2;
/** NLM_F_ACK. */
const acknowledge = 4;
/** struct nfgenmsg: family, version, group in network order. */
const headBytes = 4;
/** Packets in one message at most, and how long the kernel keeps a message that is not full (hundredths of a second). */
const mostInMessage = 64;
const keepHundredths = 5;

/** A packet that would have opened something. */
export interface RefusedPacket {
  readonly protocol: 'tcp' | 'udp';
  /** As the packet says; a pod with NET_RAW may write what it likes. */
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** Of TCP, 32 bits: the same in every repetition of one SYN. 0 of UDP. */
  readonly sequence: number;
}

const head = (group: number): Buffer => Buffer.from([0, 0, group >> 8, group & 0xff]);

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const configuration = (group: number, list: readonly Attribute[]): Buffer =>
  netlinkMessage({ type: message.configure, flags: acknowledge, head: head(group), list });

/** Asks for `copyBytes` of each packet of the group, in one request. */
export const listenMessage = (group: number, copyBytes: number): Buffer =>
  configuration(group, [
    [setting.command, Buffer.from([command.bind])],
    [setting.mode, Buffer.concat([bigEndian(copyBytes), Buffer.from([copyPacket, 0])])],
    [setting.timeout, bigEndian(keepHundredths)],
    [setting.threshold, bigEndian(mostInMessage)],
  ]);

/** Ends that; the kernel sends what it keeps before it answers. */
export const leaveMessage = (group: number): Buffer =>
  configuration(group, [[setting.command, Buffer.from([command.unbind])]]);

function packetOf(payload: Buffer): RefusedPacket | undefined {
  const view = newFrameView();
  const kind = readPacket(view, payload, 0, payload.length);
  if (kind !== frameKind.tcp && kind !== frameKind.udp) return undefined;
  const { family, sourceStart, destinationStart, sourcePort, destinationPort, sequence } = view;
  return {
    protocol: kind === frameKind.tcp ? 'tcp' : 'udp',
    source: addressText(payload, sourceStart, family),
    sourcePort,
    destination: addressText(payload, destinationStart, family),
    destinationPort,
    sequence: kind === frameKind.tcp ? sequence : 0,
  };
}

/**
 * The packets of `group` in the bytes of one read. What is of other kinds or groups is passed over, and so is a packet that is no whole
 * opening of TCP or UDP: the rules have counted it.
 */
export function readRefusals(bytes: Buffer, group: number): readonly RefusedPacket[] {
  const packets: RefusedPacket[] = [];
  for (const { type, body } of readMessages(bytes)) {
    if (type !== message.packet || body.length < headBytes || body.readUInt16BE(2) !== group) continue;
    const payload = readAttributes(body, headBytes).get(payloadAttribute);
    const packet = payload === undefined ? undefined : packetOf(payload);
    if (packet !== undefined) packets.push(packet);
  }
  return packets;
}
