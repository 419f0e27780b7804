// The two ends of a connection that the kernel redirected to us, as sockaddrs: who called, and whom (the accepted socket's own address,
// because tproxy keeps it). Read into two reused structs; IPv4-mapped addresses become IPv4. Knows no namespace.
import { family } from './linux.ts';
import type { Libc, NativeBuffer } from './libc.ts';
import { addressText, portOf, socketAddressBytes, type SocketAddress } from './socket-address.ts';

/** A sockaddr whose family changes with what was read. */
export interface MutableAddress extends SocketAddress {
  family: number;
  length: number;
}

/** What was read last; shared by all connections of a thread. */
export interface Redirected {
  readonly client: MutableAddress;
  /** The original destination. */
  readonly target: MutableAddress;
  /** Fills `target`; false when the socket is gone. */
  readTarget(fd: number): boolean;
  /** Fills `client`; false when the peer is gone already. */
  readClient(fd: number): boolean;
  /** `ip:port` and port of `target`. */
  targetText(): string;
  targetPort(): number;
}

/** Bytes of sockaddr_in. */
const ipv4Bytes = 16;
/** Where a sockaddr_in6 has its address, and where a mapped one its last four bytes. */
const ipv6At = 8;
const mappedAt = ipv6At + 12;

/** `::ffff:a.b.c.d` becomes `a.b.c.d`, in place. */
function unmap({ view, bytes }: NativeBuffer): boolean {
  for (let at = ipv6At; at < ipv6At + 10; at++) if (bytes[at] !== 0) return false;
  if (view.getUint16(ipv6At + 10) !== 0xffff) return false;
  const four = view.getUint32(mappedAt);
  view.setUint16(0, family.inet, true);
  view.setUint32(4, four);
  bytes.fill(0, ipv6At, socketAddressBytes);
  return true;
}

function settle(address: MutableAddress): void {
  const { memory } = address;
  const mapped = memory.view.getUint16(0, true) === family.inet6 && unmap(memory);
  address.family = mapped ? family.inet : memory.view.getUint16(0, true);
  address.length = address.family === family.inet ? ipv4Bytes : socketAddressBytes;
}

/** Two structs of its own: for one thread. */
export function createRedirected(libc: Libc): Redirected {
  const length = libc.allocate(4);
  const empty = (): MutableAddress => ({
    family: 0,
    length: 0,
    memory: libc.allocate(socketAddressBytes),
  });
  const client = empty();
  const target = empty();
  const read = (ask: (address: number, lengthAddress: number) => number, into: MutableAddress): boolean => {
    length.view.setInt32(0, socketAddressBytes, true);
    if (ask(into.memory.address, length.address) !== 0) return false;
    settle(into);
    return true;
  };
  return {
    client,
    target,
    readTarget: (fd) => read((at, size) => libc.getsockname(fd, at, size), target),
    readClient: (fd) => read((at, size) => libc.getpeername(fd, at, size), client),
    targetText: () => addressText(target.memory.view),
    targetPort: () => portOf(target.memory.view),
  };
}
