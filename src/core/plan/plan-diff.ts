// What changes in the pods of a node from one plan to the next, so that the controller touches nothing that stays: a pod without a change
// is not named. Pure.
import type { NodePlan, PairCut, PodPlan } from './node-plan.ts';
import { rulesChange, type RulesChange } from './ruleset-change.ts';

/** One pod's change; at least one part of it is not empty. */
export interface PodChange {
  readonly pod: string;
  /** Absent: to be enrolled. */
  readonly before?: PodPlan;
  /** Absent: to be released. */
  readonly after?: PodPlan;
  /** What becomes of the table: `nftChange(before, after)` makes the text. A pod that comes or goes: `structure` when it has rules. */
  readonly rules: RulesChange;
  /** Ports that the agent carries from now on, and no longer. */
  readonly inlineOn: readonly number[];
  readonly inlineOff: readonly number[];
  /** Whether the tap is switched; absent when it stays as it is. */
  readonly tap?: boolean;
  /** What is newly to be cut, after the rules are in place. */
  readonly cuts: readonly PairCut[];
}

/** Nothing is asked of the pod. */
export const emptyPod = (pod: string): PodPlan => ({
  pod,
  ...{ tap: false, reports: 'destination', inline: [], cuts: [] },
  kernel: { inbound: [], outbound: [], judgedElsewhere: [] },
});

/** Changes in the order of the plan, those of pods that go at the end; `before` undefined: nothing is enrolled yet. */
export function diffPlans(before: NodePlan | undefined, after: NodePlan): readonly PodChange[] {
  const old = new Map((before?.pods ?? []).map((pod) => [pod.pod, pod]));
  const next = new Set(after.pods.map(({ pod }) => pod));
  const gone = [...old.values()].filter(({ pod }) => !next.has(pod));
  return [
    ...after.pods.flatMap((pod) => changeOf(old.get(pod.pod), pod) ?? []),
    ...gone.flatMap((pod) => changeOf(pod, undefined) ?? []),
  ];
}

function changeOf(before: PodPlan | undefined, after: PodPlan | undefined): PodChange | undefined {
  if (before !== undefined && before === after) return undefined;
  const pod = after?.pod ?? before?.pod ?? '';
  const old = before ?? emptyPod(pod);
  const next = after ?? emptyPod(pod);
  const rules = rulesChange(old, next);
  const inlineOn = portsMissing(next, old);
  const inlineOff = portsMissing(old, next);
  const cuts = newCuts(old.cuts, next.cuts);
  const isSame =
    rules === 'none' &&
    inlineOn.length + inlineOff.length + cuts.length === 0 &&
    old.tap === next.tap &&
    old.reports === next.reports;
  if (isSame && before !== undefined && after !== undefined) return undefined;
  return {
    ...{ pod, rules, inlineOn, inlineOff, cuts },
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(old.tap === next.tap ? {} : { tap: next.tap }),
  };
}

/** Ports inline in `plan` and not in `other`. */
function portsMissing(plan: PodPlan, other: PodPlan): readonly number[] {
  const there = new Set(other.inline.map(({ port }) => port));
  return plan.inline.map(({ port }) => port).filter((port) => !there.has(port));
}

/** Of each policy, direction and ports the other sides that were not to be cut before. A cut that is the same object is the same cut. */
function newCuts(before: readonly PairCut[], after: readonly PairCut[]): readonly PairCut[] {
  const same = new Set(before);
  const others = after.filter((cut) => !same.has(cut));
  const policies = new Set(others.map(({ policy }) => policy));
  return others.length === 0
    ? []
    : notYetCut(
        before.filter(({ policy }) => policies.has(policy)),
        others,
      );
}

function notYetCut(before: readonly PairCut[], after: readonly PairCut[]): readonly PairCut[] {
  const keyOf = ({ policy, direction, ports }: PairCut): string => `${policy} ${direction} ${ports.join()}`;
  const done = new Map<string, Set<string>>();
  for (const cut of before) {
    const known = done.get(keyOf(cut)) ?? new Set<string>();
    for (const remote of cut.remotes) known.add(remote);
    done.set(keyOf(cut), known);
  }
  return after.flatMap((cut) => {
    const known = done.get(keyOf(cut));
    const remotes = known === undefined ? cut.remotes : cut.remotes.filter((remote) => !known.has(remote));
    return remotes.length === 0 ? [] : [{ ...cut, remotes }];
  });
}
