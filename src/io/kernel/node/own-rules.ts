// The rules of one namespace with the reading of our own table, opened together. Knows no rule of ours.
import type { Netns } from './netns.ts';
import { createNamespaceRules } from './nftables.ts';
import { requireNft, type NodeKernel } from './node-kernel.ts';
import type { OwnRules } from './table-claim.ts';
import { createTableReader } from './table-reader.ts';

/** @throws AppError when nftables is not there. */
export const openOwnRules = (kernel: NodeKernel, netns: Pick<Netns, 'fd' | 'path'>): OwnRules => ({
  ...createNamespaceRules(requireNft(kernel), kernel.door, netns),
  reader: createTableReader(kernel.netlink, netns),
});
