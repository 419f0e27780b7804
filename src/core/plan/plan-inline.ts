// One policy that needs requests to be read (match.http, Throttle): its destination ports are taken inline in the pods of this node. There
// is no other place: at the source a request is not read.
import { isCutting } from '../policy/enforced-how.ts';
import type { Policy } from '../policy/schema.ts';
import { nameOf } from '../policy/policy-name.ts';
import { homeOf, reachesAnywhere } from '../policy/tenancy.ts';
import { inlinePortLimit, listenPort } from './node-constants.ts';
import { noteFailure, type Outcome } from './outcome.ts';
import type { SelectedParty, Selection } from './parties.ts';
import { destinationsOf, gearMissing, hostReason, portsOf, type PlanContext } from './plan-context.ts';
import { cutsFor } from './kernel-entries.ts';
import { noteElsewhere, noteUnmet } from './plan-kernel.ts';
import { wishInline, type InlineWish, type PodDraft } from './pod-draft.ts';

/** Writes the policy's ports into the drafts and tells the outcome what came of it. */
export function planInline(context: PlanContext, policy: Policy, outcome: Outcome): void {
  const from = context.parties.select(policy.spec.from, homeOf(policy));
  const destinations = destinationsOf(policy, context.parties);
  noteUnmet(context, policy, outcome);
  noteElsewhere({ destinations, outcome });
  noteOutside(context, policy, outcome);
  if (isNobody(policy, from)) return;
  for (const { party } of destinations) {
    const { id } = party.identity;
    const draft = context.drafts.get(id);
    const reason = draft === undefined ? refusalFor(party) : refusalIn(context, draft);
    if (reason !== undefined) noteFailure(outcome, reason, id);
    else if (draft !== undefined) takePorts({ policy, outcome }, draft, from);
  }
}

/** No caller can ever be met: taking a port inline would cost and do nothing. Callers unknown today may come tomorrow. */
const isNobody = ({ spec: { from } }: Policy, { unprovable }: Selection): boolean =>
  unprovable && 'peers' in from && from.peers.every(({ minAssurance }) => (minAssurance ?? 'IP') !== 'IP');

function refusalFor(party: SelectedParty['party']): string | undefined {
  if (party.place === 'host') return hostReason;
  return party.enrolled ? undefined : 'nobody enrols it, and requests are judged at the destination only';
}

function refusalIn(context: PlanContext, draft: PodDraft): string | undefined {
  if (context.meshed.has(draft.pod.id))
    return 'a mesh redirects its traffic already, and two proxies would fight over it';
  return gearMissing(context, 'inline', draft);
}

/** Destinations outside have no agent. */
function noteOutside({ parties }: PlanContext, policy: Policy, outcome: Outcome): void {
  const to = parties.select(policy.spec.to, homeOf(policy));
  if (reachesAnywhere(policy) && (to.everyone || to.literals.length > 0))
    noteFailure(outcome, 'requests are judged at the destination only', 'addresses outside');
}

interface Task {
  readonly policy: Policy;
  readonly outcome: Outcome;
}

function takePorts(task: Task, draft: PodDraft, from: Selection): void {
  const { policy, outcome } = task;
  const { pod } = draft;
  const ports = portsMeant(task, draft);
  if (ports.length === 0) noteFailure(outcome, noPortReason, pod.id);
  for (const port of ports) {
    if (port === listenPort) {
      noteFailure(outcome, `port ${listenPort} is the agent’s own`, pod.id);
      continue;
    }
    wishInline(draft, port, wishOf(task, from));
    draft.cuts.push(...cutsFor(policy, { direction: 'inbound', blocks: from.blocks, ports: [port] }));
    outcome.gears.add('inline');
    outcome.atDestination.add(pod.id);
  }
  if (policy.spec.failure === 'Closed' && outcome.gears.has('inline'))
    outcome.remarks.add('While no agent lives, these ports refuse every caller (failure: Closed).');
}

/**
 * The ports named, whether anybody is known to serve them or not: what a pod declares need not be all, and where nobody listens nothing passes
 * either way. All that the pod is known to serve when none is named, at most as many as a pod may have. Never every port there is: that would
 * take in protocols nobody meant, answer the openings of closed ports, and make scans and probes see servers where there are none.
 */
function portsMeant({ policy, outcome }: Task, { known, beyond }: PodDraft): readonly number[] {
  const named = portsOf(policy);
  if (named.length > 0) return named;
  if (known.length > inlinePortLimit) beyond.set(outcome, known.length - inlinePortLimit);
  return known.slice(0, inlinePortLimit);
}

const noPortReason = 'it declares no port, listens on none and has no Service; name the ports under to.ports';

const wishOf = ({ policy, outcome }: Task, from: Selection): InlineWish => ({
  policy: nameOf(policy),
  failure: policy.spec.failure ?? 'Open',
  existing: isCutting(policy) ? 'Cut' : 'Drain',
  sources: from.literalOnly ? from.blocks.map(({ cidr }) => cidr) : undefined,
  named: portsOf(policy).length > 0,
  outcome,
});
