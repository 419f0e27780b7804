// Names of the chains in the old iptables' nat and mangle tables (linux/netfilter_ipv4/ip_tables.h), which nft does not list. Asks a table
// only when it is there already: asking would make it.
import { readFileSync } from 'node:fs';
import type { Libc } from '../libc.ts';
import { family } from '../linux.ts';
import type { Netns, NetnsDoor } from './netns.ts';

/** IPPROTO_RAW sockets, and IPT_SO_GET_INFO and _GET_ENTRIES; IPv6 has the same numbers. */
const rawSocket = 3 | 0o2000000;
const rawProtocol = 255;
const option = { information: 64, entries: 65 } as const;
/** Bytes of ipt_getinfo and of the name in it; where it tells the length of the entries. */
const informationBytes = 84;
const nameBytes = 32;
const sizeOffset = 80;
/** Bytes of ipt_get_entries before the entries. */
const entriesOffset = 40;
/** A pod's tables have a few dozen rules of 200 bytes. */
const entriesLimit = 4 * 1024 * 1024;
const tables = ['nat', 'mangle'] as const;
const families = [
  { of: family.inet, level: 0, file: 'ip_tables_names' },
  { of: family.inet6, level: 41, file: 'ip6_tables_names' },
] as const;

/** Names that look like chains in the entries: a user's chain begins with an ERROR target that carries its name. */
function namesIn(entries: Buffer): string[] {
  return [...entries.toString('latin1').matchAll(/[A-Z][A-Z0-9_]{3,28}(?=\0)/g)].map(([name]) => name);
}

function readTable(libc: Libc, { of, level, table }: { of: number; level: number; table: string }): string[] {
  const fd = libc.socket(of, rawSocket, rawProtocol);
  if (fd < 0) return [];
  try {
    const length = libc.allocate(4);
    const information = libc.allocate(informationBytes);
    information.bytes.write(table, 'latin1');
    length.view.setInt32(0, informationBytes, true);
    if (libc.getsockopt(fd, level, option.information, information.address, length.address) !== 0) return [];
    const size = information.view.getUint32(sizeOffset, true);
    if (size > entriesLimit) return [];
    const entries = libc.allocate(entriesOffset + size);
    entries.bytes.write(table, 'latin1');
    entries.view.setUint32(nameBytes, size, true);
    length.view.setInt32(0, entriesOffset + size, true);
    const answer = libc.getsockopt(fd, level, option.entries, entries.address, length.address);
    return answer === 0 ? namesIn(entries.bytes.subarray(entriesOffset)) : [];
  } finally {
    libc.close(fd);
  }
}

function tablesThere(file: string): string[] {
  try {
    return readFileSync(`/proc/thread-self/net/${file}`, 'latin1').split('\n');
  } catch {
    return [];
  }
}

/** Chain names (and a few other words of the rules) of both families. */
export const legacyChains = (
  { libc, door }: { readonly libc: Libc; readonly door: NetnsDoor },
  netns: Pick<Netns, 'fd'>,
): string[] =>
  door.within(netns, () =>
    families.flatMap(({ of, level, file }) => {
      const there = tablesThere(file);
      return tables
        .filter((table) => there.includes(table))
        .flatMap((table) => readTable(libc, { of, level, table }));
    }),
  );
