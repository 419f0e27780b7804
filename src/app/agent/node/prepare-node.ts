// What a node agent needs before it has a worker: the kernel's tools and abilities, the pods, who is who. Cleans up after earlier lives in
// namespaces that are nobody's now. Opens nothing that outlives `close`.
import { join } from 'node:path';
import { gearOf, gearsOf, type NodeAbilities } from '../../../core/model/abilities.ts';
import { AppError } from '../../../core/model/app-error.ts';
import type { NodeInventory } from '../../../core/model/pod.ts';
import { unjudgedSentence } from '../../../core/model/unjudged-words.ts';
import { addressKey } from '../../../core/plan/address-block.ts';
import { createDirectoryBook, type DirectoryBook } from '../../../core/plan/directory.ts';
import type { InventorySource } from '../../../core/plan/inventory-source.ts';
import type { TableOwner } from '../../../core/plan/node-constants.ts';
import { createDnsNames, type DnsNames } from '../../../core/tap/dns-names.ts';
import { globalAddresses, namespaceFiles, sameAsHost } from '../../../io/kernel/node/find-netns.ts';
import { readNftCounters } from '../../../core/plan/read-counters.ts';
import { cleanLeftovers, type OnCounted } from '../../../io/kernel/node/leftovers.ts';
import { closeNetns, openNetns, type Netns } from '../../../io/kernel/node/netns.ts';
import { openNodeKernel, type NodeKernel } from '../../../io/kernel/node/node-kernel.ts';
import { probeAbilities } from '../../../io/kernel/node/probe-abilities.ts';

/** How an agent is told to work on a node. */
export interface NodeOptions {
  /** Opens what the pods are known from; it has been read once when this resolves. */
  readonly openInventory: (
    onNotice: (sentence: string) => void,
  ) => InventorySource | Promise<InventorySource>;
  /** Directory of the pods' network namespaces. */
  readonly netnsDirectory: string;
  /** The node's /proc, for pods of which no file is found. */
  readonly procDirectory?: string;
  /** The node's /proc/sys/net. */
  readonly sysctlRoot: string;
  /** Name of the agent, and which start of it this is: rules are recognised by both. */
  readonly owner: TableOwner;
  /** Memory for tap rings of all pods together, bytes. */
  readonly tapBudgetBytes: number;
}

/** Ready to be started on a worker. */
export interface PreparedNode {
  readonly options: NodeOptions;
  readonly kernel: NodeKernel;
  readonly abilities: NodeAbilities;
  readonly inventory: InventorySource;
  readonly book: DirectoryBook;
  /** What addresses outside are called, as taps hear it. */
  readonly names: DnsNames;
  close(): void;
}

/** @throws AppError when the pods cannot be read, or nothing at all can be done on this node. */
export async function prepareNode(
  options: NodeOptions,
  onNotice: (sentence: string) => void,
): Promise<PreparedNode> {
  const inventory = await options.openInventory(onNotice);
  try {
    const kernel = await openNodeKernel(options.sysctlRoot);
    const { netnsDirectory, sysctlRoot } = options;
    const abilities = probeAbilities(kernel, { netnsDirectory, sysctlRoot });
    refuseUseless(abilities);
    for (const { ok, sentence } of gearsOf(abilities)) if (!ok) onNotice(sentence);
    if (gearOf(abilities, 'kernel').ok && !abilities.log.ok) onNotice(abilities.log.sentence);
    cleanStrangers(kernel, { ...options, onNotice }, inventory.current());
    const book = createDirectoryBook();
    book.update(inventory.current());
    const close = (): void => {
      inventory.close();
      kernel.close();
    };
    return { options, kernel, abilities, inventory, book, names: createDnsNames(), close };
  } catch (error) {
    inventory.close();
    throw error;
  }
}

function refuseUseless(abilities: NodeAbilities): void {
  if (gearsOf(abilities).some(({ ok }) => ok)) return;
  throw new AppError({
    code: 'NODE_UNABLE',
    family: 'denied',
    message: `Nothing can be seen or enforced on this node: ${abilities.namespaces.sentence}`,
    hint: 'Run it as root (NET_ADMIN, NET_RAW, SYS_ADMIN); `doctor --node` tells what is missing.',
  });
}

/** What passed unjudged in a namespace that nobody enrols any more: there is no later word on it. */
function strangersPassed(name: string, counters: Parameters<OnCounted>[0]): readonly string[] {
  const lastSeen = new Date().toISOString();
  return [...readNftCounters(counters, []).unjudged].map(([port, count]) =>
    unjudgedSentence({ pod: `the namespace ${name}`, port, count, policies: [], lastSeen }),
  );
}

/** Namespaces of no pod in the inventory get back what an earlier life left there; those of pods are taken over when their plan is known. */
function cleanStrangers(
  kernel: NodeKernel,
  options: NodeOptions & { readonly onNotice: (sentence: string) => void },
  inventory: NodeInventory,
): void {
  if (kernel.nft instanceof AppError) return;
  const known = new Set(inventory.pods.flatMap(({ addresses }) => addresses.map(addressKey)));
  for (const name of namespaceFiles(options.netnsDirectory)) {
    let netns: Netns | undefined;
    try {
      netns = openNetns(join(options.netnsDirectory, name));
      if (sameAsHost(kernel, netns)) continue;
      if (globalAddresses(kernel, netns).some((address) => known.has(addressKey(address)))) continue;
      const onCounted: OnCounted = (counters) => strangersPassed(name, counters).forEach(options.onNotice);
      cleanLeftovers(kernel, netns, { ...options.owner, onCounted });
    } catch (error) {
      // Gone meanwhile, or not ours to enter: nothing to clean then.
      if (!(error instanceof AppError)) throw error;
    } finally {
      if (netns !== undefined) closeNetns(netns);
    }
  }
}
