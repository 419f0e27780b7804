// A number kept in a counter of our table that no rule counts into: replaced in one transaction, without nft, which would read every element of
// the table first (17 ms for 10,000). Knows not what the number says.
import { nftTable } from '../../../core/plan/node-constants.ts';
import { netlinkFlag, netlinkMessage } from './netlink-message.ts';
import { netlinkProtocol, type Netlink } from './netlink.ts';
import type { Netns } from './netns.ts';

/** NFNL_SUBSYS_NFTABLES, NFPROTO_INET. */
const subsystem = 10;
const inetFamily = 1;
/** NFNL_MSG_BATCH_BEGIN and _END; NFT_MSG_NEWOBJ and _DELOBJ within the subsystem. */
const message = { begin: 16, end: 17, newObject: (subsystem << 8) | 18, deleteObject: (subsystem << 8) | 20 };
/** NFTA_OBJ_*, NFTA_COUNTER_*; NFT_OBJECT_COUNTER. */
const attribute = { table: 1, name: 2, type: 3, data: 4, bytes: 1, packets: 2 } as const;
const counterType = Buffer.from([0, 0, 0, 1]);

const head = (family: number, resource: number): Buffer => Buffer.from([family, 0, 0, resource]);
const marker = (type: number): Buffer => netlinkMessage({ type, flags: 0, head: head(0, subsystem) });

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function replacing(counter: string, packets: number): Buffer {
  const named = [
    [attribute.table, nftTable.name],
    [attribute.name, counter],
    [attribute.type, counterType],
  ] as const;
  return Buffer.concat([
    marker(message.begin),
    netlinkMessage({ type: message.deleteObject, flags: 0, head: head(inetFamily, 0), list: named }),
    netlinkMessage({
      ...{ type: message.newObject, flags: netlinkFlag.create | netlinkFlag.acknowledge },
      head: head(inetFamily, 0),
      list: [
        ...named,
        [
          attribute.data,
          [
            [attribute.bytes, bigEndian(0)],
            [attribute.packets, bigEndian(packets)],
          ],
        ],
      ],
    }),
    marker(message.end),
  ]);
}

/** Puts `packets` into the counter, which must be there: 0, or the kernel's error (2: it is not). @throws AppError when there is no socket. */
export const putCounter = (
  netlink: Netlink,
  netns: Pick<Netns, 'fd'>,
  { counter, packets }: { readonly counter: string; readonly packets: number },
): number =>
  netlink.withSocket(netns, netlinkProtocol.netfilter, (socket) =>
    socket.request(replacing(counter, packets)),
  );
