// What a node agent answers when it is asked how it stands: each pod, each policy, the gears, the rings. Only reads.
import { gearsOf, type NodeAbilities } from '../../../core/model/abilities.ts';
import type { EnforcementStatus, NodePodStatus, NodeStatus } from '../../../core/model/node-status.ts';
import { unheardSentence } from '../../../core/tap/tapped-interfaces.ts';
import { summaryOf, type NodeSummary } from '../../../core/model/node-summary.ts';
import type { TableOwner } from '../../../core/plan/node-constants.ts';
import type { NodeController } from './node-controller.ts';
import type { NodeRounds } from './node-rounds.ts';
import type { PodTaps } from './pod-taps.ts';

/** Whom it is read from. */
export interface StatusSources {
  readonly owner: TableOwner;
  readonly abilities: NodeAbilities;
  readonly controller: NodeController;
  readonly taps: PodTaps;
  readonly rounds: NodeRounds;
}

type ToldPod = ReturnType<NodeController['pods']>[number];

function stateOf({ pod, place }: ToldPod): NodePodStatus['state'] {
  if (pod.hostNetwork) return 'host';
  if (place?.left === true) return 'left';
  if (place?.gears === undefined) return 'waiting';
  return place.fault === '' ? 'enrolled' : 'failed';
}

function podStatus(told: ToldPod, { taps, rounds }: Pick<StatusSources, 'taps' | 'rounds'>): NodePodStatus {
  const { pod, place, sentence } = told;
  const gears = place?.gears;
  const kernel = gears?.plan.kernel;
  const unheard = taps.unheard(pod.id);
  return {
    ...{ pod: pod.id, state: stateOf(told), tap: taps.has(pod.id) },
    sentence: [sentence, unheardSentence(unheard)].filter(Boolean).join(' '),
    unheard: unheard.map(({ name }) => name),
    entries: (kernel?.inbound.length ?? 0) + (kernel?.outbound.length ?? 0),
    inline: gears?.plan.inline.map(({ port }) => port) ?? [],
    open: gears?.inlineStats?.open ?? 0,
    outside: rounds.outsideOf(pod.id),
  };
}

/** In short: what goes with every status, so without the policies, which take a look at each pod for each. */
export const nodeSummaryOf = (sources: Omit<StatusSources, 'owner'>): NodeSummary =>
  summaryOf({
    gears: gearsOf(sources.abilities).map((gear) => ({ ...gear })),
    pods: sources.controller.pods().map((told) => podStatus(told, sources)),
  });

/** What became of a policy. */
export const enforcementIn = (
  { controller, rounds }: Pick<StatusSources, 'controller' | 'rounds'>,
  policy: string,
): EnforcementStatus => controller.enforcementOf(policy, (pod, of) => rounds.outside(pod, of));

/** All of it. */
export function nodeStatusOf(sources: StatusSources): NodeStatus {
  const { owner, abilities, controller, taps, rounds } = sources;
  return {
    ...owner,
    gears: gearsOf(abilities).map((gear) => ({ ...gear })),
    pods: controller.pods().map((told) => podStatus(told, sources)),
    policies: controller
      .policies()
      .map((policy) => ({ policy, enforcement: enforcementIn(sources, policy) })),
    unjudged: rounds.unjudged().map((row) => ({ ...row })),
    tap: taps.summary(),
  };
}
