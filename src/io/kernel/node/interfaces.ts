// Interfaces and addresses of a namespace, listed (linux/rtnetlink.h, linux/if_addr.h). Changes nothing but a scratch namespace's loopback.
import type { PodInterface } from '../../../core/tap/tapped-interfaces.ts';
import { addressOfBytes } from './address-bytes.ts';
import { netlinkFlag, netlinkMessage, readAttributes } from './netlink-message.ts';
import { listAll, mustSucceed, netlinkProtocol, type Netlink } from './netlink.ts';
import type { Netns } from './netns.ts';

/** RTM_*. */
const message = { newLink: 16, getLink: 18, getAddress: 22 } as const;
/** IFA_*. */
const addressAttribute = { address: 1, local: 2 } as const;
/** IFF_UP, IFF_LOOPBACK. */
const [interfaceUp, interfaceLoopback] = [0x1, 0x8];
/** ARPHRD_ETHER. */
const ethernet = 1;
/** The loopback interface is the first of every namespace. */
const loopbackIndex = 1;

/** One address of an interface. */
export interface InterfaceAddress {
  readonly address: string;
  readonly prefixLength: number;
  readonly interfaceIndex: number;
  /** Reachable from elsewhere: neither loopback nor link-local. */
  readonly global: boolean;
}

/** Scopes of addresses that are of this host or link alone. */
const linkScope = 253;
const addressHeadBytes = 8;

/** Every address of every interface of the namespace. */
export function addressesIn(netlink: Netlink, netns: Pick<Netns, 'fd'>): InterfaceAddress[] {
  return netlink.withSocket(netns, netlinkProtocol.route, (socket) =>
    listAll(socket, 'list addresses', {
      type: message.getAddress,
      head: Buffer.alloc(addressHeadBytes),
    }).flatMap(({ body }): InterfaceAddress[] => {
      const found = readAttributes(body, addressHeadBytes);
      const bytes = found.get(addressAttribute.local) ?? found.get(addressAttribute.address);
      if (bytes === undefined || (bytes.length !== 4 && bytes.length !== 16)) return [];
      return [
        {
          address: addressOfBytes(bytes),
          prefixLength: body[1] ?? 0,
          interfaceIndex: body.readUInt32LE(4),
          global: (body[3] ?? 0) < linkScope,
        },
      ];
    }),
  );
}

/** Bytes of ifinfomsg; IFLA_IFNAME. */
const linkHeadBytes = 16;
const nameAttribute = 3;

/** An interface of a namespace. */
interface Link {
  readonly index: number;
  readonly name: string;
  /** ARPHRD_*. */
  readonly kind: number;
  /** IFF_*. */
  readonly flags: number;
}

const linksIn = (netlink: Netlink, netns: Pick<Netns, 'fd'>): readonly Link[] =>
  netlink.withSocket(netns, netlinkProtocol.route, (socket) =>
    listAll(socket, 'list interfaces', {
      type: message.getLink,
      head: Buffer.alloc(linkHeadBytes),
    }).map(({ body }) => ({
      index: body.readInt32LE(4),
      kind: body.readUInt16LE(2),
      flags: body.readUInt32LE(8),
      name:
        readAttributes(body, linkHeadBytes).get(nameAttribute)?.toString('latin1').replace(/\0.*$/s, '') ??
        '',
    })),
  );

/** Index of the interface of that name in the namespace; undefined when there is none. */
export const interfaceIndex = (
  netlink: Netlink,
  netns: Pick<Netns, 'fd'>,
  name: string,
): number | undefined => linksIn(netlink, netns).find((link) => link.name === name)?.index;

/** All interfaces of the namespace, in the order in which they were made, addresses as the kernel spells them. */
export function interfacesIn(netlink: Netlink, netns: Pick<Netns, 'fd'>): readonly PodInterface[] {
  const byInterface = Map.groupBy(addressesIn(netlink, netns), ({ interfaceIndex: index }) => index);
  return linksIn(netlink, netns)
    .toSorted((a, b) => a.index - b.index)
    .map(({ index, name, kind, flags }) => ({
      name,
      isUp: (flags & interfaceUp) !== 0,
      isLoopback: (flags & interfaceLoopback) !== 0,
      isEthernet: kind === ethernet,
      addresses: (byInterface.get(index) ?? []).flatMap(({ address, global }) => (global ? [address] : [])),
    }));
}

/** Switches the loopback interface on: new namespaces have it off. */
export function raiseLoopback(netlink: Netlink, netns: Pick<Netns, 'fd'>): void {
  const head = Buffer.alloc(linkHeadBytes);
  head.writeInt32LE(loopbackIndex, 4);
  head.writeUInt32LE(interfaceUp, 8);
  head.writeUInt32LE(interfaceUp, 12);
  const request = netlinkMessage({ type: message.newLink, flags: netlinkFlag.acknowledge, head });
  netlink.withSocket(netns, netlinkProtocol.route, (socket) =>
    mustSucceed('switch the loopback interface on', socket.request(request)),
  );
}
