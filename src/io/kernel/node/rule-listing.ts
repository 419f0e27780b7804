// What tables and chains a namespace has, from nft's JSON: whose they are, and whether a mesh redirects there already. Elements and rules
// are not read, so a ruleset of 10,000 entries is as quick as one of 10. Pure.
import { z } from 'zod';
import { nftTable, readOwnerChain, type TableOwner } from '../../../core/plan/node-constants.ts';
import { markSettings, type EarlierValues } from './sysctl.ts';

/** One chain of the namespace. */
export interface NftChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
}

/** Lines of `list tables` and `list chains` that are looked at; others are passed over. */
const lineSchema = z.object({
  table: z.object({ family: z.string(), name: z.string() }).optional(),
  chain: z.object({ family: z.string(), table: z.string(), name: z.string() }).optional(),
});
const listingSchema = z.object({ nftables: z.array(z.unknown()) });

/** The chains in a listing, and each table as a chain of the empty name, so that empty tables are seen too. */
export function chainsOf(listing: unknown): NftChain[] {
  const parsed = listingSchema.safeParse(listing);
  if (!parsed.success) return [];
  return parsed.data.nftables.flatMap((line): NftChain[] => {
    const { data } = lineSchema.safeParse(line);
    if (data?.chain) return [data.chain];
    return data?.table ? [{ family: data.table.family, table: data.table.name, name: '' }] : [];
  });
}

/** What an agent left in its table about itself. */
export interface TableMark {
  readonly owner: TableOwner;
  /** Settings before the first of its lives changed them. */
  readonly earlier: EarlierValues;
}

/** Name of the empty chain that keeps the settings over a crash: `earlier-00-`. */
export const earlierChain = (earlier: EarlierValues): string => `earlier-${earlier}`;
const earlierPattern = new RegExp(`^earlier-([01-]{${markSettings.length}})$`);

/** Our table: absent, marked by an agent, or made by somebody else under our name. */
export type OwnTable =
  | { readonly type: 'absent' }
  | { readonly type: 'marked'; readonly mark: TableMark }
  | { readonly type: 'foreign' };

/** Reads whose our table is. */
export function ownTable(chains: readonly NftChain[]): OwnTable {
  const ours = chains.filter(({ family, table }) => family === nftTable.family && table === nftTable.name);
  if (ours.length === 0) return { type: 'absent' };
  const owner = ours.map(({ name }) => readOwnerChain(name)).find((found) => found !== undefined);
  if (owner === undefined) return { type: 'foreign' };
  const earlier = ours.map(({ name }) => earlierPattern.exec(name)?.[1]).find((found) => found !== undefined);
  return { type: 'marked', mark: { owner, earlier: earlier ?? '-'.repeat(markSettings.length) } };
}
