// One policy that needs requests to be read (match.http, Throttle): its destination ports are taken inline in the pods of this node. There
// is no other place: at the source a request is not read.
import type { LocalPod } from '../model/pod.ts';
import { isCutting } from '../policy/enforced-how.ts';
import type { Policy } from '../policy/schema.ts';
import { nameOf } from '../policy/policy-name.ts';
import { homeOf, reachesAnywhere } from '../policy/tenancy.ts';
import { listenPort } from './node-constants.ts';
import { noteFailure, type Outcome } from './outcome.ts';
import { keyOfWorkload, type Parties, type SelectedParty, type Selection } from './parties.ts';
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
    else if (draft !== undefined) takePorts({ context, policy, outcome }, draft, from);
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
  readonly context: PlanContext;
  readonly policy: Policy;
  readonly outcome: Outcome;
}

function takePorts({ context, policy, outcome }: Task, draft: PodDraft, from: Selection): void {
  const { pod } = draft;
  const ports = portsIn(pod, portsOf(policy), context.parties);
  if (ports.length === 0) noteFailure(outcome, noPortReason(policy), pod.id);
  for (const port of ports) {
    if (port === listenPort) {
      noteFailure(outcome, `port ${listenPort} is the agent’s own`, pod.id);
      continue;
    }
    wishInline(draft, port, wishOf(policy, from));
    draft.cuts.push(...cutsFor(policy, { direction: 'inbound', blocks: from.blocks, ports: [port] }));
    outcome.gears.add('inline');
    outcome.atDestination.add(pod.id);
  }
  if (policy.spec.failure === 'Closed' && outcome.gears.has('inline'))
    outcome.remarks.add('While no agent lives, these ports refuse every caller (failure: Closed).');
}

/**
 * Ports named that the pod serves, all it serves when none is named, and those named when nothing is known of the pod. What it serves: its
 * own ports and the target ports of its Services. Never every port there is: that would take in protocols nobody meant, answer the
 * openings of closed ports, and make scans and probes see servers where there are none.
 */
function portsIn(pod: LocalPod, named: readonly number[], parties: Parties): readonly number[] {
  const services = parties.servicesOf(keyOfWorkload(pod)).flatMap(({ ports }) => ports);
  const served = new Set([...pod.ports, ...services.map(({ targetPort }) => targetPort)]);
  if (named.length === 0) return [...served].sort((a, b) => a - b);
  return served.size === 0 ? named : named.filter((port) => served.has(port));
}

const noPortReason = (policy: Policy): string =>
  portsOf(policy).length === 0
    ? 'it declares no port and has no Service; name the ports under to.ports'
    : 'it serves none of the ports named';

const wishOf = (policy: Policy, from: Selection): InlineWish => ({
  policy: nameOf(policy),
  failure: policy.spec.failure ?? 'Open',
  existing: isCutting(policy) ? 'Cut' : 'Drain',
  sources: from.literalOnly ? from.blocks.map(({ cidr }) => cidr) : undefined,
});
