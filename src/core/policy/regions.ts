// Which cidr blocks of a snapshot hold an address: addresses in the same ones are judged alike. One lookup per prefix length
// that policies use, however many blocks there are: every new connection asks.
import type { AddressWords } from './ip-address.ts';
import type { ScopeWork } from './scope-index.ts';
import { cidrStride } from './table-layout.ts';
import type { Tables } from './tables.ts';

/** A name for the blocks that hold the address. */
export type RegionOf = (address: AddressWords) => string;

/** Built when first asked, in one pass over the blocks. */
export function createRegions(tables: Tables, work: ScopeWork): RegionOf {
  let byLength: ReadonlyMap<number, ReadonlyMap<string, string>> | undefined;
  return (address) => {
    byLength ??= indexCidrs(tables);
    let region = '';
    for (const [bits, blocks] of byLength) {
      work.prefixes += 1;
      const inside = blocks.get(prefixOf(address, bits));
      if (inside !== undefined) region += `${inside},`;
    }
    return region;
  };
}

/** Per prefix length: a prefix and the first block that has it; blocks of the same prefix hold the same addresses. */
function indexCidrs({ cidrs }: Tables): ReadonlyMap<number, ReadonlyMap<string, string>> {
  const byLength = new Map<number, Map<string, string>>();
  for (let at = 0; at < cidrs.length; at += cidrStride) {
    const bits = cidrs[at] ?? 0;
    const blocks = byLength.get(bits) ?? new Map<string, string>();
    byLength.set(bits, blocks);
    const prefix = prefixOf(cidrs.subarray(at + 1, at + cidrStride), bits);
    if (!blocks.has(prefix)) blocks.set(prefix, String(at / cidrStride));
  }
  return byLength;
}

/** The first `bits` bits of four words. */
function prefixOf(words: ArrayLike<number>, bits: number): string {
  let prefix = '';
  for (let word = 0; word * 32 < bits; word += 1) {
    const left = bits - word * 32;
    const mask = left >= 32 ? -1 : ~(0xffffffff >>> left);
    prefix += `${(words[word] ?? 0) & mask}.`;
  }
  return prefix;
}
