// Two plans of one pod, without most of what they have in common: enough is left for the change from one table to the next to be the same text.
// Of ten thousand entries the change of one then costs a few. What is common is told by being the same object, as a planner that is kept gives
// it; entries that merely say the same are compared. Pure.
import type { KernelEntry, KernelRules, PodPlan } from './node-plan.ts';

/** Before and after. */
export type PlanPair = readonly [PodPlan, PodPlan];

/** The pair with as few entries as say the same about the change. */
export function changedEntries(before: PodPlan, after: PodPlan): PlanPair {
  const inbound = reduced(before.kernel.inbound, after.kernel.inbound);
  const outbound = reduced(before.kernel.outbound, after.kernel.outbound);
  const judged = judgedOf(before.kernel, after.kernel);
  const side = (plan: PodPlan, at: 0 | 1): PodPlan => ({
    ...plan,
    kernel: { inbound: inbound[at], outbound: outbound[at], judgedElsewhere: judged[at] },
  });
  return [side(before, 0), side(after, 1)];
}

type Entries = readonly KernelEntry[];

function reduced(before: Entries, after: Entries): readonly [Entries, Entries] {
  const old = new Set(before);
  const come = after.filter((entry) => !old.has(entry));
  // Of most changes nothing goes: then what stays is all there was.
  const next = after.length - come.length === before.length ? old : new Set(after);
  const gone = next === old ? [] : before.filter((entry) => !next.has(entry));
  const common = gone.length === 0 ? before : before.filter((entry) => next.has(entry));
  const kept = witnesses(common, [...gone, ...come]);
  const told = new Set([...gone, ...come, ...kept]);
  const isTold = (entry: KernelEntry): boolean => told.has(entry);
  return [before.filter(isTold), after.filter(isTold)];
}

/**
 * Of what stays: one entry of each map, so that the maps there are do not seem to come or go; one of each policy that something changes of,
 * for its counter; and all of a map of ranges in which something changes, because that is filled anew.
 */
function witnesses(common: Entries, changed: Entries): Entries {
  const policies = new Set(changed.map(({ policy }) => policy));
  const ranges = new Set(changed.filter((entry) => widthOf(entry) === 'net').map(mapOf));
  const seen = new Set<string>();
  const kept: KernelEntry[] = [];
  for (const entry of common) {
    const map = mapOf(entry);
    if (!seen.has(map) || policies.has(entry.policy) || ranges.has(map)) kept.push(entry);
    seen.add(map);
    policies.delete(entry.policy);
  }
  return kept;
}

/** Told by the text, which is in normal form: parsing ten thousand would be most of the work. */
function widthOf({ family, cidr }: KernelEntry): 'host' | 'net' | 'any' {
  if (cidr.endsWith('/0')) return 'any';
  return cidr.endsWith(family === 4 ? '/32' : '/128') ? 'host' : 'net';
}

/** At least as fine as the maps of `entryElements`. */
const mapOf = (entry: KernelEntry): string =>
  `${widthOf(entry)}${entry.ports.length === 0 ? '' : '_port'}${entry.family}${entry.answer}`;

/** Equal lists matter only by which families they have, unless the sets come or go. */
function judgedOf(before: KernelRules, after: KernelRules): readonly [readonly string[], readonly string[]] {
  const [old, next] = [before.judgedElsewhere, after.judgedElsewhere];
  const isEqual = old.length === next.length && old.every((address, index) => address === next[index]);
  const stays = before.outbound.length > 0 === after.outbound.length > 0;
  if (!isEqual || !stays) return [old, next];
  const four = old.find((address) => !address.includes(':'));
  const six = old.find((address) => address.includes(':'));
  const few = [four, six].filter((address) => address !== undefined);
  return [few, few];
}
