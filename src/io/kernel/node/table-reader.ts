// Our table in a namespace, read without nft: its chains and its named counters by netlink (linux/netfilter/nf_tables.h). nft (1.0.6) reads
// every set element before it lists counters or tables; the kernel does not, so a table of 10,000 elements is as quick as one of 10.
import { nftTable } from '../../../core/plan/node-constants.ts';
import type { NamedCounter } from '../../../core/plan/read-counters.ts';
import { netlinkFlag, netlinkMessage, readAttributes, type Attribute } from './netlink-message.ts';
import { netlinkError, netlinkProtocol, type Netlink, type NetlinkSocket } from './netlink.ts';
import { errno } from '../linux.ts';
import type { Netns } from './netns.ts';
import type { NftChain } from './rule-listing.ts';

/** NFNL_SUBSYS_NFTABLES. */
const subsystem = 10;
/** NFT_MSG_GETTABLE, _GETCHAIN, _GETSET, _GETOBJ and _GETOBJ_RESET within the subsystem. */
const message = {
  getTable: (subsystem << 8) | 1,
  getChain: (subsystem << 8) | 4,
  getSet: (subsystem << 8) | 10,
  getObject: (subsystem << 8) | 19,
  takeObject: (subsystem << 8) | 21,
} as const;
/** NFTA_TABLE_NAME; NFTA_CHAIN_TABLE and _NAME; NFTA_SET_TABLE, _NAME and _FLAGS; NFTA_OBJ_TABLE, _NAME, _TYPE and _DATA; NFTA_COUNTER_BYTES and _PACKETS. */
const tableAttribute = { name: 1 } as const;
const chainAttribute = { table: 1, name: 3 } as const;
const setAttribute = { table: 1, name: 2, flags: 3 } as const;
const objectAttribute = { table: 1, name: 2, type: 3, data: 4 } as const;
const counterAttribute = { bytes: 1, packets: 2 } as const;
/** NFT_OBJECT_COUNTER. */
const counterObject = 1;
/** NFT_SET_ANONYMOUS: part of a rule. NFT_SET_MAP and NFT_SET_OBJECT: a map, of data or of counters. */
const setFlag = { anonymous: 0x1, map: 0x8 | 0x40 } as const;
/** nfgenmsg: NFPROTO_INET, version, resource. */
const head = Buffer.from([1, 0, 0, 0]);
/** Bytes of it before the attributes of an answer. */
const headBytes = 4;
/** Bytes of a counter's number. */
const numberBytes = 8;

/** A set or a map of our table. */
export interface NamedSet {
  readonly name: string;
  readonly kind: 'set' | 'map';
}

/** Our table as it is now; elements and rules are not read. */
export interface TableReader {
  /** Its chains; one of the empty name where the table has none, and nothing where there is no table. @throws AppError */
  chains(): readonly NftChain[];
  /** Its sets and maps with a name; none where there is no table. @throws AppError */
  sets(): readonly NamedSet[];
  /** Its named counters; none where there is no table. @throws AppError */
  counters(): readonly NamedCounter[];
  /** Reads each and sets it to 0 in the same step: no packet is counted twice, or in neither. Those that there are. @throws AppError */
  take(names: readonly string[]): readonly NamedCounter[];
}

type Attributes = ReadonlyMap<number, Buffer>;

/** Attributes of each answer to a listing of one kind. */
function dump(
  socket: NetlinkSocket,
  doing: string,
  { type, list = [] }: { readonly type: number; readonly list?: readonly Attribute[] },
): readonly Attributes[] {
  const found = socket.list(netlinkMessage({ type, flags: netlinkFlag.dump, head, list }));
  if ('error' in found) throw netlinkError(doing, found.error);
  return found.map(({ body }) => readAttributes(body, headBytes));
}

/** A name ends in NUL. */
const textOf = (found: Attributes, attribute: number): string =>
  found.get(attribute)?.toString('latin1').replace(/\0.*$/s, '') ?? '';

const bigEndian = (bytes: Buffer | undefined, length: 4 | 8): number =>
  bytes === undefined || bytes.length < length
    ? 0
    : length === numberBytes
      ? Number(bytes.readBigUInt64BE())
      : bytes.readUInt32BE();

// The kernel is asked for our table alone; older ones pass over what they cannot sort by, so answers are sorted here too.

const chainsOfTable = (socket: NetlinkSocket): readonly NftChain[] =>
  dump(socket, 'list the chains', {
    type: message.getChain,
    list: [[chainAttribute.table, nftTable.name]],
  }).flatMap((found) =>
    textOf(found, chainAttribute.table) === nftTable.name
      ? [{ family: nftTable.family, table: nftTable.name, name: textOf(found, chainAttribute.name) }]
      : [],
  );

const hasTable = (socket: NetlinkSocket): boolean =>
  dump(socket, 'list the tables', { type: message.getTable }).some(
    (found) => textOf(found, tableAttribute.name) === nftTable.name,
  );

const setsOfTable = (socket: NetlinkSocket): readonly NamedSet[] =>
  dump(socket, 'list the sets', {
    type: message.getSet,
    list: [[setAttribute.table, nftTable.name]],
  }).flatMap((found) => {
    const flags = bigEndian(found.get(setAttribute.flags), 4);
    const isOurs = textOf(found, setAttribute.table) === nftTable.name;
    if (!isOurs || (flags & setFlag.anonymous) !== 0) return [];
    return [{ name: textOf(found, setAttribute.name), kind: (flags & setFlag.map) === 0 ? 'set' : 'map' }];
  });

const counterType = Buffer.from([0, 0, 0, counterObject]);

function counterOf(found: Attributes): readonly NamedCounter[] {
  const data = found.get(objectAttribute.data);
  const isOurs = textOf(found, objectAttribute.table) === nftTable.name;
  if (data === undefined || !isOurs || bigEndian(found.get(objectAttribute.type), 4) !== counterObject)
    return [];
  const numbers = readAttributes(data, 0);
  return [
    {
      name: textOf(found, objectAttribute.name),
      packets: bigEndian(numbers.get(counterAttribute.packets), numberBytes),
      bytes: bigEndian(numbers.get(counterAttribute.bytes), numberBytes),
    },
  ];
}

function takeCounter(socket: NetlinkSocket, name: string): readonly NamedCounter[] {
  const found = socket.ask(
    netlinkMessage({
      ...{ type: message.takeObject, flags: netlinkFlag.acknowledge, head },
      list: [
        [objectAttribute.table, nftTable.name],
        [objectAttribute.name, name],
        [objectAttribute.type, counterType],
      ],
    }),
  );
  if (!('error' in found)) return found.flatMap(({ body }) => counterOf(readAttributes(body, headBytes)));
  if (found.error === errno.notFound) return [];
  throw netlinkError('take a counter', found.error);
}

/** Opens a socket inside for each reading: 50 µs, and nothing to keep open in a hundred namespaces. */
export function createTableReader(netlink: Netlink, netns: Pick<Netns, 'fd'>): TableReader {
  const within = <T>(work: (socket: NetlinkSocket) => T): T =>
    netlink.withSocket(netns, netlinkProtocol.netfilter, work);
  return {
    chains: () =>
      within((socket) => {
        const chains = chainsOfTable(socket);
        if (chains.length > 0 || !hasTable(socket)) return chains;
        // Asked again: an agent may have made the table just now, with its chains.
        const table = { family: nftTable.family, table: nftTable.name, name: '' };
        return [table, ...chainsOfTable(socket)];
      }),
    sets: () => within(setsOfTable),
    take: (names) => within((socket) => names.flatMap((name) => takeCounter(socket, name))),
    counters: () =>
      within((socket) =>
        dump(socket, 'list the counters', {
          type: message.getObject,
          list: [
            [objectAttribute.table, nftTable.name],
            [objectAttribute.type, counterType],
          ],
        }).flatMap(counterOf),
      ),
  };
}
