// Policies and the pods of a node → what is enforced where, by which gear (R2.3). Pure, and linear in policies and in whom they select. A
// policy in shadow reaches no gear: the tap watches it; what is Off or has expired does nothing.
import type { Policy } from '../policy/schema.ts';
import { expiryOf } from '../policy/compile-facts.ts';
import { needsHttp } from '../policy/enforced-how.ts';
import { nameOf } from '../policy/policy-name.ts';
import { byAttribution } from '../policy/specificity.ts';
import { gearOf } from '../model/abilities.ts';
import type { LocalPod } from '../model/pod.ts';
import type { NodePlan, PlanInput, PlanStatement } from './node-plan.ts';
import { boundInline, knownPorts } from './inline-bound.ts';
import { newOutcome, statementOf, unplanned } from './outcome.ts';
import { createParties, keyOfWorkload } from './parties.ts';
import type { PlanContext } from './plan-context.ts';
import { planInline } from './plan-inline.ts';
import { planKernel } from './plan-kernel.ts';
import { finishPod, newPodDraft } from './pod-draft.ts';

/** The plan of one node; the same input gives the same plan. */
export function planNode(input: PlanInput): NodePlan {
  const { inventory, abilities, meshed, listening } = input;
  const parties = createParties(inventory);
  const knownOf = (pod: LocalPod): readonly number[] =>
    knownPorts(pod, {
      targets: parties
        .servicesOf(keyOfWorkload(pod))
        .flatMap(({ ports }) => ports.map(({ targetPort }) => targetPort)),
      listening: listening.get(pod.id) ?? [],
    });
  const enrolled = inventory.pods.filter(({ hostNetwork }) => !hostNetwork);
  const drafts = new Map(enrolled.map((pod) => [pod.id, newPodDraft(pod, knownOf(pod))]));
  const context: PlanContext = { parties, abilities, meshed, drafts };
  const policies = [...new Map(input.policies.map((policy) => [nameOf(policy), policy])).values()];
  const planned = new Map<Policy, () => PlanStatement>();
  for (const policy of policies.toSorted(byAttribution))
    planned.set(policy, planPolicy(context, policy, input.nowMs));
  for (const draft of drafts.values()) boundInline(draft);
  const tap = gearOf(abilities, 'tap').ok;
  return {
    pods: [...drafts.values()].map((draft) => finishPod(draft, tap)),
    statements: policies.flatMap((policy) => planned.get(policy)?.() ?? []),
  };
}

/** Plans it, and tells later what came of it: a pod may get less than policies ask, and it shows only when all have asked. */
function planPolicy(context: PlanContext, policy: Policy, nowMs: number): () => PlanStatement {
  const inactive = whyInactive(policy, nowMs);
  if (inactive !== undefined) return () => inactive;
  const outcome = newOutcome();
  const plan = needsHttp(policy) ? planInline : planKernel;
  plan(context, policy, outcome);
  return () => statementOf(nameOf(policy), outcome, doingOf(policy));
}

const doingOf = (policy: Policy): string =>
  needsHttp(policy) ? 'Judged request by request' : 'Refused by address in the kernel';

function whyInactive(policy: Policy, nowMs: number): PlanStatement | undefined {
  const name = nameOf(policy);
  const { mode, expiresAt } = policy.spec;
  if (mode === 'Off') return unplanned(name, 'off', 'It is Off.');
  if (nowMs >= expiryOf(policy)) return unplanned(name, 'expired', `It expired at ${expiresAt ?? ''}.`);
  if (mode === 'Shadow')
    return unplanned(
      name,
      'shadow',
      'It is in Shadow: nothing is refused, and the tap tells what would have been.',
    );
  return undefined;
}
