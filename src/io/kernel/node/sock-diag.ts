// TCP sockets of a namespace: listed, and cut (linux/inet_diag.h, linux/sock_diag.h). Cutting tells both sides at once, by RST on the
// wire and ECONNABORTED to the application, and leaves nothing behind. Knows no policy.
import { BlockList, isIPv4 } from 'node:net';
import { readdirSync, readlinkSync } from 'node:fs';
import { upstreamAddress } from '../../../core/plan/node-constants.ts';
import { errno, family } from '../linux.ts';
import { addressOfBytes } from './address-bytes.ts';
import { netlinkFlag, netlinkMessage, readAttributes } from './netlink-message.ts';
import { netlinkError, netlinkProtocol, type Netlink, type NetlinkSocket } from './netlink.ts';
import type { Netns } from './netns.ts';

/** SOCK_DIAG_BY_FAMILY, SOCK_DESTROY. */
const message = { list: 20, destroy: 21 } as const;
/** IPPROTO_TCP. */
const tcp = 6;
/** Bytes of inet_diag_req_v2 and of the inet_diag_sockid inside it. */
const requestBytes = 56;
const identityBytes = 48;
/** Bytes of inet_diag_msg. */
const answerBytes = 72;
/** INET_DIAG_SOCKOPT (Linux 5.10 and later), and in its first byte the bit of IP_TRANSPARENT. */
const optionsAttribute = 22;
const transparentBit = 0x20;

/** TCP_* (net/tcp_states.h), those that can be asked for. */
export const tcpState = {
  ...{ established: 1, synSent: 2, synReceived: 3 },
  ...{ finWait1: 4, finWait2: 5, closeWait: 8, lastAck: 9, closing: 11 },
  listen: 10,
} as const;
/** Connections that carry traffic or are about to. */
export const openStates: readonly number[] = [tcpState.established, tcpState.synReceived, tcpState.closeWait];

/** Connections of which one end, or both, has said that nothing new comes. */
export const closingStates: readonly number[] = [
  tcpState.finWait1,
  tcpState.finWait2,
  tcpState.lastAck,
  tcpState.closing,
];

/** A TCP socket as the kernel tells it. */
export interface TcpSocket {
  readonly family: 4 | 6;
  /** One of TCP_*. */
  readonly state: number;
  /** IPv4-mapped addresses as IPv4. */
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
  /** 0 when no process holds it yet (or any more). */
  readonly inode: number;
  /** It, or the listener that it waits at, takes connections that are not its own address's: as ours do. */
  readonly transparent: boolean;
  /** inet_diag_sockid, which names it to the kernel for good: a later socket with the same addresses has another cookie. */
  readonly identity: Buffer;
}

/** Addresses as CIDRs or literals; an IPv4-mapped peer counts as IPv4. */
export interface AddressSet {
  has(address: string): boolean;
}

/** @throws our own bug for a text that is no CIDR: the policy schema has refused those. */
export function addressSet(cidrs: readonly string[]): AddressSet {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [net = '', bits] = cidr.split('/');
    const kind = isIPv4(net) ? 'ipv4' : 'ipv6';
    list.addSubnet(net, bits === undefined ? (kind === 'ipv4' ? 32 : 128) : Number(bits), kind);
  }
  return { has: (address) => list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6') };
}

/** Which sockets are meant; what is left out is any. */
export interface SocketQuery {
  /** Ports of this side. */
  readonly localPorts?: readonly number[];
  /** Addresses of the other side, as CIDRs. */
  readonly remotes?: readonly string[];
  /** Ports of the other side. */
  readonly remotePorts?: readonly number[];
  /** Default: `openStates`. */
  readonly states?: readonly number[];
}

const families = [
  ['tcp', family.inet],
  ['tcp6', family.inet6],
] as const;

function requestHead(of: number, states: number, identity?: Buffer): Buffer {
  const head = Buffer.alloc(requestBytes);
  head[0] = of;
  head[1] = tcp;
  head.writeUInt32LE(states >>> 0, 4);
  identity?.copy(head, 8);
  return head;
}

function readSocket(body: Buffer): TcpSocket | undefined {
  if (body.length < answerBytes) return undefined;
  const four = body[0] === family.inet;
  const bytes = four ? 4 : 16;
  return {
    family: four ? 4 : 6,
    state: body[1] ?? 0,
    localPort: body.readUInt16BE(4),
    remotePort: body.readUInt16BE(6),
    local: addressOfBytes(body.subarray(8, 8 + bytes)),
    remote: addressOfBytes(body.subarray(24, 24 + bytes)),
    inode: body.readUInt32LE(68),
    transparent: ((readAttributes(body, answerBytes).get(optionsAttribute)?.[0] ?? 0) & transparentBit) !== 0,
    identity: body.subarray(4, 4 + identityBytes),
  };
}

/** Whether a socket is meant; states are the kernel's to look at. */
export function socketMatcher({
  localPorts,
  remotes,
  remotePorts,
}: SocketQuery): (socket: Pick<TcpSocket, 'localPort' | 'remote' | 'remotePort'>) => boolean {
  const local = localPorts && new Set(localPorts);
  const remote = remotes && addressSet(remotes);
  const far = remotePorts && new Set(remotePorts);
  return (socket) =>
    (local === undefined || local.has(socket.localPort)) &&
    (far === undefined || far.has(socket.remotePort)) &&
    (remote === undefined || remote.has(socket.remote));
}

function listFamily(socket: NetlinkSocket, of: number, states: number): readonly TcpSocket[] {
  const head = requestHead(of, states);
  const found = socket.list(netlinkMessage({ type: message.list, flags: netlinkFlag.dump, head }));
  // Without IPv6 in the kernel there is no handler for it.
  if ('error' in found) {
    if (of === family.inet6 && found.error === errno.notFound) return [];
    throw netlinkError('list TCP sockets', found.error);
  }
  return found.flatMap(({ body }) => readSocket(body) ?? []);
}

function listWith(socket: NetlinkSocket, query: SocketQuery): TcpSocket[] {
  const states = (query.states ?? openStates).reduce((bits, state) => bits | (1 << state), 0);
  return families.flatMap(([, of]) => listFamily(socket, of, states)).filter(socketMatcher(query));
}

/** The sockets meant, of both families. */
export const listTcp = (netlink: Netlink, netns: Pick<Netns, 'fd'>, query: SocketQuery): TcpSocket[] =>
  netlink.withSocket(netns, netlinkProtocol.socketDiagnosis, (socket) => listWith(socket, query));

/** Inodes of all sockets of this process: the agent's accepted sockets and its upstream legs. */
export function ownSocketInodes(): Set<number> {
  const inodes = new Set<number>();
  for (const name of readdirSync('/proc/self/fd'))
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${name}`))?.[1];
      if (inode !== undefined) inodes.add(Number(inode));
    } catch {
      // Closed since it was listed.
    }
  return inodes;
}

const ends = ({ local, localPort, remote, remotePort }: TcpSocket): string =>
  `${local} ${localPort} ${remote} ${remotePort}`;
const otherEnd = ({ local, localPort, remote, remotePort }: TcpSocket): string =>
  `${remote} ${remotePort} ${local} ${localPort}`;
const behindAgent = new Set<string>(Object.values(upstreamAddress));

/**
 * Sockets that are inline already: the agent's own by inode, those that still wait at its listener, and the application's at the other end of
 * those.
 */
function inlineTest(all: readonly TcpSocket[], own: ReadonlySet<number>): (socket: TcpSocket) => boolean {
  const isOurs = ({ inode, transparent }: TcpSocket): boolean =>
    own.has(inode) || (inode === 0 && transparent);
  const facing = new Set(all.filter(isOurs).map(otherEnd));
  return (socket) => isOurs(socket) || behindAgent.has(socket.local) || facing.has(ends(socket));
}

/** Inodes of the agent's sockets, or how to get them. */
export type OwnInodes = ReadonlySet<number> | (() => ReadonlySet<number>);

/** What came of cutting. */
export interface CutSockets {
  /** With both sides told. */
  readonly cut: readonly TcpSocket[];
  /** Still open, with the kernel's error. */
  readonly failed: readonly { readonly socket: TcpSocket; readonly error: number }[];
}

/**
 * Sockets meant that are not inline: what `cut` cuts and `drain` counts. `own`: inodes of the agent's sockets (`ownSocketInodes`); asked for
 * after the kernel's list was read, because what the worker accepts in between would otherwise count as somebody else's.
 */
export function listOutside(
  netlink: Netlink,
  netns: Pick<Netns, 'fd'>,
  { query, own }: { readonly query: SocketQuery; readonly own: OwnInodes },
): TcpSocket[] {
  const all = listTcp(netlink, netns, query.states === undefined ? {} : { states: query.states });
  const isInline = inlineTest(all, typeof own === 'function' ? own() : own);
  const meant = socketMatcher(query);
  return all.filter((socket) => meant(socket) && !isInline(socket));
}

/** Cuts those of `sockets` that still are. One that has closed by itself meanwhile counts as neither. */
export function destroyTcp(
  netlink: Netlink,
  netns: Pick<Netns, 'fd'>,
  sockets: readonly TcpSocket[],
): CutSockets {
  const cut: TcpSocket[] = [];
  const failed: { readonly socket: TcpSocket; readonly error: number }[] = [];
  netlink.withSocket(netns, netlinkProtocol.socketDiagnosis, (diagnosis) => {
    for (const socket of sockets) {
      const head = requestHead(socket.family === 4 ? family.inet : family.inet6, 0xffffffff, socket.identity);
      const flags = netlinkFlag.acknowledge;
      const error = diagnosis.request(netlinkMessage({ type: message.destroy, flags, head }));
      if (error === 0) cut.push(socket);
      else if (error !== errno.notFound) failed.push({ socket, error });
    }
  });
  return { cut, failed };
}

/** Cuts the connections meant that are not inline, both families. Rules first, then this: else a client is back before the rule is. */
export const cutOutside = (
  netlink: Netlink,
  netns: Pick<Netns, 'fd'>,
  which: { readonly query: SocketQuery; readonly own: OwnInodes },
): CutSockets => destroyTcp(netlink, netns, listOutside(netlink, netns, which));
