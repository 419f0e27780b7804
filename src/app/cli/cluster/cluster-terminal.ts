// The terminal on a cluster: its hub's feed, and where that is in words for the screen.
import { everyNamespace, type ClusterPlace } from '../../../core/model/cluster-place.ts';
import { isProductionContext } from '../../../core/model/production-context.ts';
import type { KubeTarget } from '../../../io/kube/config/kube-target.ts';

/** Where a terminal is. */
export function placeOfTarget(
  { context, cluster, namespace, impersonation }: KubeTarget,
  isAll: boolean,
): ClusterPlace {
  return {
    context,
    server: cluster.server,
    namespace: isAll ? everyNamespace : namespace,
    isProduction: isProductionContext(context),
    ...(impersonation === undefined ? {} : { as: impersonation.user }),
  };
}
