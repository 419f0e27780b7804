// A look at every namespace of the directory: its addresses, a mesh in it, and rules that an agent left. Changes nothing.
import { join } from 'node:path';
import { AppError } from '../../../core/model/app-error.ts';
import { mayAdminister } from './capabilities.ts';
import { globalAddresses, namespaceFiles, sameAsHost } from './find-netns.ts';
import { findMeshIn } from './mesh-in.ts';
import type { FoundMesh } from './mesh.ts';
import { closeNetns, openNetns, type Netns } from './netns.ts';
import { requireNft, type NodeKernel } from './node-kernel.ts';
import { createNamespaceRules } from './nftables.ts';
import { ownTable, type OwnTable } from './rule-listing.ts';
import { listChains } from './table-claim.ts';

/** What a namespace has. */
export interface SurveyedNetns {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly mesh: FoundMesh | undefined;
  readonly table: OwnTable;
}

function lookInto(kernel: NodeKernel, name: string, netns: Netns): SurveyedNetns | undefined {
  if (sameAsHost(kernel, netns)) return undefined;
  const addresses = globalAddresses(kernel, netns);
  if (kernel.nft instanceof AppError || !mayAdminister())
    return { name, addresses, mesh: undefined, table: { type: 'absent' } };
  const rules = createNamespaceRules(requireNft(kernel), kernel.door, netns);
  try {
    return { name, addresses, mesh: findMeshIn(kernel, netns, rules), table: ownTable(listChains(rules)) };
  } finally {
    rules.close();
  }
}

/** All namespaces of the directory but the node's own; those that are gone meanwhile, or may not be entered, are left out. */
export function surveyNamespaces(kernel: NodeKernel, directory: string): SurveyedNetns[] {
  return namespaceFiles(directory).flatMap((name) => {
    let netns: Netns | undefined;
    try {
      netns = openNetns(join(directory, name));
      return lookInto(kernel, name, netns) ?? [];
    } catch (error) {
      if (error instanceof AppError) return [];
      throw error;
    } finally {
      if (netns !== undefined) closeNetns(netns);
    }
  });
}
