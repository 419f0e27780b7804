// Blocks of addresses in one spelling: parsed once, masked, IPv4 as IPv4 however it was written. Pure.
import { parseAddress, parseCidr, type AddressWords } from '../policy/ip-address.ts';

/** A block of addresses of one family. */
export interface Block {
  readonly family: 4 | 6;
  /** In normal form: masked, shortest spelling (RFC 5952), with prefix length. */
  readonly cidr: string;
  /** IPv4 mapped into IPv6, masked. */
  readonly words: AddressWords;
  /** Leading bits that count, of 128. */
  readonly bits: number;
}

/** Bits of `::ffff:0:0/96`, where IPv4 addresses lie. */
const mappedBits = 96;
const mappedWords: AddressWords = [0, 0, 0xffff, 0];

/** The blocks of a CIDR: one, or two where an IPv6 block holds all of IPv4 as well; none when the text is no CIDR. */
export function blocksOf(cidr: string): readonly Block[] {
  const parsed = parseCidr(cidr);
  if (parsed === undefined) return [];
  const words = masked(parsed.words, parsed.bits);
  if (isMapped(words) && parsed.bits >= mappedBits) return [blockOf(4, words, parsed.bits)];
  const six = blockOf(6, words, parsed.bits);
  return sameWords(masked(mappedWords, parsed.bits), words)
    ? [blockOf(4, mappedWords, mappedBits), six]
    : [six];
}

/** The block of one address; undefined when the text is none. */
export function hostBlock(address: string): Block | undefined {
  const words = parseAddress(address);
  if (words === undefined) return undefined;
  return blockOf(isMapped(words) ? 4 : 6, words, 128);
}

/** One spelling for an address however it was written; a text that is none is its own. */
export const addressKey = (address: string): string => hostBlock(address)?.cidr ?? address;

/** The block of `bits` leading bits (of 128) that an address lies in. */
export function maskedBlock(address: AddressWords, bits: number): Block {
  const words = masked(address, bits);
  return blockOf(isMapped(words) && bits >= mappedBits ? 4 : 6, words, bits);
}

/** `10.0.0.7`, or RFC 5952 for IPv6. */
export function addressText(words: AddressWords): string {
  return isMapped(words) ? v4Text(words[3]) : v6Text(words);
}

/** 32 hexadecimal digits: sorts as the addresses do. */
export const sortKey = (words: AddressWords): string =>
  words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');

/** The last address of a block. */
export function lastOf({ words, bits }: Pick<Block, 'words' | 'bits'>): AddressWords {
  const at = (index: number): number => {
    const left = bits - index * 32;
    const free = left >= 32 ? 0 : left <= 0 ? 0xffffffff : 0xffffffff >>> left;
    return ((words[index] ?? 0) | free) >>> 0;
  };
  return [at(0), at(1), at(2), at(3)];
}

function blockOf(family: 4 | 6, words: AddressWords, bits: number): Block {
  const length = family === 4 ? bits - mappedBits : bits;
  return { family, cidr: `${addressText(words)}/${length}`, words, bits };
}

function masked(words: AddressWords, bits: number): AddressWords {
  const at = (index: number): number => {
    const left = bits - index * 32;
    const mask = left >= 32 ? 0xffffffff : left <= 0 ? 0 : ~(0xffffffff >>> left);
    return ((words[index] ?? 0) & mask) >>> 0;
  };
  return [at(0), at(1), at(2), at(3)];
}

const isMapped = (words: AddressWords): boolean => words[0] === 0 && words[1] === 0 && words[2] === 0xffff;

const sameWords = (a: AddressWords, b: AddressWords): boolean => a.every((word, index) => word === b[index]);

const v4Text = (word: number): string =>
  [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255].join('.');

/** The longest run of zero groups, at least two, is `::` (RFC 5952, section 4.2). */
function v6Text(words: AddressWords): string {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  let best = { at: 0, count: 1 };
  for (let at = 0; at < groups.length; at += 1) {
    let count = 0;
    while (at + count < groups.length && groups[at + count] === 0) count += 1;
    if (count > best.count) best = { at, count };
  }
  const spell = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (best.count < 2) return spell(groups);
  return `${spell(groups.slice(0, best.at))}::${spell(groups.slice(best.at + best.count))}`;
}

/** All addresses of either family. */
export const everywhere: readonly Block[] = blocksOf('::/0');
