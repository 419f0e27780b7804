// Why a policy would have changed nothing of what was seen: the reasons a person can act on. Pure.
import type { ApiEvent } from '../../core/model/event.ts';
import { homeOf, reachesAnywhere } from '../../core/policy/tenancy.ts';
import type { Policy } from '../../core/policy/schema.ts';

/** One sentence. Call it for a preview without flips. */
export function whyNoEffect(policy: Policy, history: readonly ApiEvent[]): string {
  const { spec } = policy;
  const home = homeOf(policy);
  if (spec.mode === 'Shadow') return 'Nothing flips because a policy in shadow refuses nothing; it counts.';
  const inReach = (event: ApiEvent): boolean => event.type === 'flow' && event.destination.namespace === home;
  if (!reachesAnywhere(policy) && !history.some(inReach))
    return `Nothing flips because it protects destinations in ${home} only, and no request there was seen: name the destination with to:NAME, the namespace with --namespace, or the whole cluster with --cluster-wide.`;
  const throttled = spec.action.type === 'Throttle' ? ', or stayed below its rate' : '';
  return `Nothing flips: no request that it names was seen${throttled}, or those that were are refused already. Check the names, the path and the method with: observe FILTER --last 5.`;
}
