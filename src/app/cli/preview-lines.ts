// What a policy would have done to the traffic the agent remembers, as lines for the person who is asked to confirm.
import { millis, type WorkloadId } from '../../core/model/brand.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import { workloadKey, workloadOf } from '../../core/model/workload-key.ts';
import { whyNoEffect } from './no-effect.ts';
import { createPreview } from '../../core/policy/preview.ts';
import { previewSentences } from '../../core/policy/preview-sentences.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { homeOf } from '../../core/policy/tenancy.ts';

/** The one workload the policy is about, with the kind it was seen with; undefined when it is about several or everyone. */
function callerMeant(policy: Policy, history: readonly ApiEvent[]): WorkloadId | undefined {
  const { from } = policy.spec;
  if (!('peers' in from) || from.peers.length !== 1) return undefined;
  const meant = from.peers[0]?.workload;
  if (meant === undefined) return undefined;
  const namespace = meant.namespace ?? homeOf(policy);
  const seen = history.find(
    (event) =>
      event.type === 'flow' && event.source.workload === meant.name && event.source.namespace === namespace,
  );
  return seen?.type === 'flow' ? workloadOf(seen.source) : workloadKey(namespace, meant.kind, meant.name);
}

/** One line each, of all routes or of the first few: totals, callers and routes, open connections, what the window does not contain. */
export function previewLines(
  policy: Policy,
  seen: {
    readonly history: readonly ApiEvent[] | undefined;
    readonly openByPair: Readonly<Record<string, number>>;
    readonly current: readonly Policy[];
    /** The agent works in the pods of a node. */
    readonly node?: boolean | undefined;
    /** Said where there is no history, instead of that nobody answered. */
    readonly unknown?: string;
  },
  allRoutes = false,
): readonly string[] {
  if (seen.history === undefined)
    return [
      seen.unknown ?? 'No agent could be asked what this would have done: nothing is known of its effect.',
    ];
  const focusCaller = callerMeant(policy, seen.history);
  const preview = createPreview({
    current: seen.current,
    change: { type: 'add', policy },
    ...(focusCaller === undefined ? {} : { focusCaller }),
    openByPair: seen.openByPair,
    ...(seen.node === true ? { node: true } : {}),
    nowMs: millis(Date.now()),
  });
  for (const event of seen.history) if (event.type === 'flow') preview.push(event);
  const result = preview.result();
  const lines = previewSentences(
    result,
    focusCaller !== undefined,
    allRoutes ? Number.POSITIVE_INFINITY : undefined,
  );
  return result.flips > 0 || result.total === 0 ? lines : [...lines, whyNoEffect(policy, seen.history)];
}
