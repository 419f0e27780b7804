// Looks into a namespace for a mesh: chains, routing rules, listeners. Changes nothing.
import { AppError } from '../../../core/model/app-error.ts';
import { legacyChains } from './legacy-chains.ts';
import { findMesh, meshSentence, type FoundMesh } from './mesh.ts';
import type { Netns } from './netns.ts';
import { requireNft, type NodeKernel } from './node-kernel.ts';
import { createNamespaceRules, type NamespaceRules } from './nftables.ts';
import { markRules } from './rtnetlink.ts';
import { listTcp, tcpState } from './sock-diag.ts';
import { listChains } from './table-claim.ts';

/** The mesh that redirects in the namespace; undefined when none does. @throws AppError where it cannot be told. */
export function findMeshIn(
  kernel: Pick<NodeKernel, 'libc' | 'door' | 'netlink'>,
  netns: Netns,
  rules: Pick<NamespaceRules, 'list'>,
): FoundMesh | undefined {
  const listening = listTcp(kernel.netlink, netns, { states: [tcpState.listen] });
  return findMesh({
    chains: listChains(rules),
    rules: markRules(kernel.netlink, netns),
    legacyChains: legacyChains(kernel, netns),
    listeningPorts: new Set(listening.map(({ localPort }) => localPort)),
  });
}

/** Why the pod is refused inline. */
export const meshError = (mesh: FoundMesh, path: string): AppError =>
  new AppError({
    code: 'ENROLMENT_MESH',
    family: 'refused',
    message: `${path}: ${meshSentence(mesh)}`,
    hint: 'Write policies for this pod by address and port, or take the pod out of the mesh.',
  });

/** The mesh in a namespace of which nothing is open yet. @throws AppError where it cannot be told. */
export function meshOf(kernel: NodeKernel, netns: Netns): FoundMesh | undefined {
  const rules = createNamespaceRules(requireNft(kernel), kernel.door, netns);
  try {
    return findMeshIn(kernel, netns, rules);
  } finally {
    rules.close();
  }
}
