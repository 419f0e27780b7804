// One policy by itself: what it asks of which pods, and what comes of it. Depends on the node and the policy alone, so that it stands as long as
// both do, whatever other policies come and go.
import type { KnownPolicy } from '../policy/attribution-order.ts';
import { needsHttp } from '../policy/enforced-how.ts';
import type { Policy } from '../policy/schema.ts';
import type { PlanStatement } from './node-plan.ts';
import { newOutcome, statementOf, unplanned, type Outcome } from './outcome.ts';
import type { PlanContext } from './plan-context.ts';
import { planInline } from './plan-inline.ts';
import { planKernel } from './plan-kernel.ts';
import { newPodDraft, type PodBasis, type PodDraft } from './pod-draft.ts';

/** A policy's part of a plan. */
export interface PolicyPart {
  readonly of: KnownPolicy;
  /** Its lifetime had ended: it asks nothing. */
  readonly isExpired: boolean;
  /** By pod id; those of whom it asks something. */
  readonly drafts: ReadonlyMap<string, PodDraft>;
  /** What came of it; a pod may get less than policies ask, which shows only when all have asked. */
  statement(): PlanStatement;
}

/** The node as `PlanContext`, and the pods that can be enrolled, by id. */
export interface PlanNode extends Omit<PlanContext, 'drafts'> {
  readonly pods: ReadonlyMap<string, PodBasis>;
}

/** Whether a policy's lifetime has ended. */
export const hasExpired = ({ expiryMs }: KnownPolicy, nowMs: number): boolean => nowMs >= expiryMs;

/** Plans it on a node where nothing else is asked. */
export function planPolicy(node: PlanNode, of: KnownPolicy, nowMs: number): PolicyPart {
  const { policy, name } = of;
  const isExpired = hasExpired(of, nowMs);
  const inactive = whyInactive(of, isExpired);
  if (inactive !== undefined) return { of, isExpired, drafts: new Map(), statement: () => inactive };
  const outcome = newOutcome();
  const drafts = new Map<string, PodDraft>();
  const plan = needsHttp(policy) ? planInline : planKernel;
  plan({ ...node, drafts: { get: (id) => draftOf(node, drafts, id) } }, policy, outcome);
  for (const [id, draft] of drafts) if (isEmpty(draft)) drafts.delete(id);
  return { of, isExpired, drafts, statement: statementOnce(name, outcome, doingOf(policy)) };
}

function draftOf({ pods }: PlanNode, drafts: Map<string, PodDraft>, id: string): PodDraft | undefined {
  const begun = drafts.get(id);
  const basis = begun === undefined ? pods.get(id) : undefined;
  if (basis === undefined) return begun;
  const draft = newPodDraft(basis);
  drafts.set(id, draft);
  return draft;
}

const isEmpty = ({ inbound, outbound, judgedElsewhere, inline, cuts, beyond }: PodDraft): boolean =>
  inbound.length + outbound.length + cuts.length === 0 &&
  judgedElsewhere.size + inline.size + beyond.size === 0;

/** Said when first asked for: by then all have asked. */
function statementOnce(name: string, outcome: Outcome, doing: string): () => PlanStatement {
  let said: PlanStatement | undefined;
  return () => (said ??= statementOf(name, outcome, doing));
}

const doingOf = (policy: Policy): string =>
  needsHttp(policy) ? 'Judged request by request' : 'Refused by address in the kernel';

function whyInactive({ policy, name }: KnownPolicy, isExpired: boolean): PlanStatement | undefined {
  const { mode, expiresAt } = policy.spec;
  if (mode === 'Off') return unplanned(name, 'off', 'It is Off.');
  if (isExpired) return unplanned(name, 'expired', `It expired at ${expiresAt ?? ''}.`);
  if (mode === 'Enforce') return undefined;
  return unplanned(
    name,
    'shadow',
    'It is in Shadow: nothing is refused, and the tap tells what would have been.',
  );
}
