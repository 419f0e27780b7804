// Takes back what an agent put into a namespace: its own at the end, and what an earlier life of it left. Never what a newer one set, and
// never another's. Rules go first and the note of the settings last, so that a crash in between leaves the note for the next start.
import { AppError } from '../../../core/model/app-error.ts';
import type { TableOwner } from '../../../core/plan/node-constants.ts';
import type { NamedCounter } from '../../../core/plan/read-counters.ts';
import type { Netns } from './netns.ts';
import type { NodeKernel } from './node-kernel.ts';
import { openOwnRules } from './own-rules.ts';
import { addMarkRouting, markRouting, removeMarkRouting } from './rtnetlink.ts';
import { unchangedValues, type EarlierValues } from './sysctl.ts';
import {
  claimTable,
  countersIn,
  deleteTable,
  readClaim,
  replaceTable,
  type OwnRules,
} from './table-claim.ts';

/** Routes and settings as they were before us. */
export function takeBack({ netlink, sysctls }: NodeKernel, netns: Netns, earlier: EarlierValues): void {
  removeMarkRouting(netlink, netns);
  sysctls.restore(netns, earlier);
}

/**
 * Removes what `self` or an earlier life of it left. `earlier`: the settings before us, as far as the caller knows; `onCounted` is told the
 * counters, when nothing can be counted any more.
 * False when a newer generation has the namespace, which is then left alone (and given back its routes, should it have come in between).
 */
export function removeAll(
  kernel: NodeKernel,
  netns: Netns,
  {
    rules,
    self,
    earlier,
    onCounted,
  }: {
    readonly rules: OwnRules;
    readonly self: TableOwner;
    readonly earlier: EarlierValues;
    readonly onCounted?: OnCounted | undefined;
  },
): boolean {
  const claim = readClaim(rules, self);
  if (claim.type === 'free') {
    // Somebody flushed the rules and the note with them.
    takeBack(kernel, netns, earlier);
    return true;
  }
  if (claim.type !== 'ours') return false;
  const { path } = netns;
  const mark = claimTable(rules, { from: claim.mark, self, path });
  if (mark === undefined) return removeAll(kernel, netns, { rules, self, earlier: claim.mark.earlier });
  replaceTable(rules, { held: mark.owner, mark, ruleset: '', path });
  onCounted?.(countersIn(rules));
  takeBack(kernel, netns, mark.earlier);
  try {
    deleteTable(rules, { held: mark.owner, self, path });
    return true;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ENROLMENT_SUPERSEDED') throw error;
    kernel.sysctls.enable(netns);
    addMarkRouting(kernel.netlink, netns);
    return false;
  }
}

/** Routes of ours without a table: somebody flushed the rules of an agent that then died. */
function removeStray({ netlink }: NodeKernel, netns: Netns): Leftovers {
  const stray = markRouting(netlink, netns);
  if (!stray.ipv4 && !stray.ipv6) return 'none';
  removeMarkRouting(netlink, netns);
  return 'removed';
}

/** What a look for leftovers found. */
export type Leftovers = 'none' | 'removed' | 'newer' | 'other' | 'foreign';

/** Told of the counters of a table that is removed. */
export type OnCounted = (counters: readonly NamedCounter[]) => void;

/** Removes what an earlier life of `owner` left in a namespace that this one does not enrol; never what a newer one or another set. */
export function cleanLeftovers(
  kernel: NodeKernel,
  netns: Netns,
  { onCounted, ...owner }: TableOwner & { readonly onCounted?: OnCounted },
): Leftovers {
  const rules = openOwnRules(kernel, netns);
  try {
    const claim = readClaim(rules, owner);
    if (claim.type === 'free') return removeStray(kernel, netns);
    if (claim.type !== 'ours') return claim.type;
    if (claim.mark.owner.generation === owner.generation) return 'none';
    return removeAll(kernel, netns, { rules, self: owner, earlier: unchangedValues, onCounted })
      ? 'removed'
      : 'newer';
  } finally {
    rules.close();
  }
}
