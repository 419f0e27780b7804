// Interfaces and addresses of a namespace, listed (linux/rtnetlink.h, linux/if_addr.h). Changes nothing but a scratch namespace's loopback.
import { addressOfBytes } from './address-bytes.ts';
import { netlinkFlag, netlinkMessage, readAttributes } from './netlink-message.ts';
import { listAll, mustSucceed, netlinkProtocol, type Netlink } from './netlink.ts';
import type { Netns } from './netns.ts';

/** RTM_*. */
const message = { newLink: 16, getLink: 18, getAddress: 22 } as const;
/** IFA_*. */
const addressAttribute = { address: 1, local: 2 } as const;
/** IFF_UP. */
const interfaceUp = 1;
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
}

const linksIn = (netlink: Netlink, netns: Pick<Netns, 'fd'>): readonly Link[] =>
  netlink.withSocket(netns, netlinkProtocol.route, (socket) =>
    listAll(socket, 'list interfaces', {
      type: message.getLink,
      head: Buffer.alloc(linkHeadBytes),
    }).map(({ body }) => ({
      index: body.readInt32LE(4),
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

/** Name of the interface that has one of the addresses, as the kernel spells them; undefined when none has. */
export function interfaceWith(
  netlink: Netlink,
  netns: Pick<Netns, 'fd'>,
  addresses: readonly string[],
): string | undefined {
  const found = addressesIn(netlink, netns).find(({ address }) => addresses.includes(address));
  return found && linksIn(netlink, netns).find(({ index }) => index === found.interfaceIndex)?.name;
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
