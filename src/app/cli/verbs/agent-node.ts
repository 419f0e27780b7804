// The options of `agent --node`, and what it says when it has begun. Loads no FFI.
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { AppError } from '../../../core/model/app-error.ts';
import type { NodeStatus } from '../../../core/model/node-status.ts';
import { defaultTapBudgetBytes } from '../../../core/tap/ring-budget.ts';
import type { NodeOptions } from '../../agent/node/prepare-node.ts';
import { openFileInventory } from '../../../io/inventory/file-inventory.ts';
import { numberOption, textOption } from '../option-values.ts';
import type { OptionValues } from '../verbs.ts';

/** MiB that make sense: one ring of 256 KiB at least, and no more than a small machine has. */
const tapBudgetMiB = { min: 1, max: 4_096 } as const;
const mebibyte = 1024 * 1024;
/** Names that can stand in a chain of nftables (node-constants.ts). */
const ownerPattern = /^[a-z][a-z0-9.-]{0,62}$/i;
/** Fifteen digits are as many as a chain's name takes. */
const generationRange = { min: 1, max: 999_999_999_999_999 } as const;

function ownerName(options: OptionValues): string {
  const given = textOption(options, 'name');
  // A host name may begin with a digit, or hold what nftables does not take.
  const name =
    given ??
    `node-${hostname()
      .toLowerCase()
      .replace(/[^a-z0-9.-]/g, '-')}`.slice(0, 63);
  if (ownerPattern.test(name)) return name;
  throw new AppError({
    code: 'AGENT_NAME',
    family: 'usage',
    message: `--name "${name}" is not a name for an agent.`,
    hint: 'Write a letter, then letters, digits, "-" and ".", 63 characters at most; the same at each start on this node.',
  });
}

function podsFile(options: OptionValues): NodeOptions['openInventory'] {
  const path = textOption(options, 'pods');
  if (path === undefined)
    throw new AppError({
      code: 'PODS_FILE_MISSING',
      family: 'usage',
      message: 'agent --node was not told which pods are on this node.',
      hint: 'Write --kube in a cluster, or --pods FILE; docs/pods-file.md shows what is in it.',
    });
  return (onRejected) => openFileInventory({ path, onRejected });
}

/** What `agent --node` was told; `openInventory`: of a cluster, else it is a file. @throws AppError naming the option at fault. */
export function nodeOptions(
  options: OptionValues,
  openInventory: NodeOptions['openInventory'] = podsFile(options),
): NodeOptions {
  const budget = numberOption(options, 'tapBudget', { ...tapBudgetMiB, whole: false });
  const proc = textOption(options, 'proc');
  return {
    openInventory,
    netnsDirectory: textOption(options, 'netns') ?? '/run/netns',
    sysctlRoot: textOption(options, 'sysctl') ?? '/proc/sys/net',
    ...(proc === undefined ? {} : { procDirectory: proc }),
    owner: {
      owner: ownerName(options),
      generation: numberOption(options, 'generation', generationRange) ?? Date.now(),
    },
    tapBudgetBytes: budget === undefined ? defaultTapBudgetBytes : Math.floor(budget * mebibyte),
  };
}

/** @throws AppError naming the directory of namespaces where there is none: rights would not help. */
export function requireNamespaces({ netnsDirectory }: Pick<NodeOptions, 'netnsDirectory'>): void {
  if (existsSync(netnsDirectory)) return;
  throw new AppError({
    code: 'NETNS_DIRECTORY_MISSING',
    family: 'notFound',
    message: `There is no directory ${netnsDirectory}, in which the network namespaces of the pods should be.`,
    hint: 'Name the one of the container runtime with --netns DIR, as it is mounted here.',
  });
}

const pods = (count: number): string => (count === 1 ? '1 pod' : `${count} pods`);

/** What stands, for whoever started it. */
export function nodeSentences({ owner, generation, gears, pods: all, tap }: NodeStatus): readonly string[] {
  const enrolled = all.filter(({ state }) => state === 'enrolled').length;
  const others = all.filter(({ state }) => state !== 'enrolled');
  return [
    `agent ${owner}, start ${generation}: ${pods(enrolled)} of ${all.length} enrolled, ${all.filter((pod) => pod.tap).length} tapped with ${Math.round(tap.ringBytes / mebibyte)} MiB`,
    ...gears.map(({ sentence }) => sentence),
    ...others.map(({ pod, sentence }) => `${pod}: ${sentence}`),
    ...(tap.sentence === '' ? [] : [tap.sentence]),
  ];
}
