// The terminal on a cluster: its hub's feed and its policies as one, and where that is in words for the screen.
import { homedir } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../../core/model/app-error.ts';
import { everyNamespace, type ClusterPlace, type OfferedContext } from '../../../core/model/cluster-place.ts';
import type { FeedPort } from '../../../core/model/feed-port.ts';
import { isProductionContext } from '../../../core/model/production-context.ts';
import { createKubeApi } from '../../../io/kube/api/kube-api.ts';
import { listContexts, type KubeChoice, type KubeTarget } from '../../../io/kube/config/kube-target.ts';
import { createClusterFeed } from '../../../io/kube/live/cluster-feed.ts';
import { openKubePolicyStore } from '../../../io/kube/policies/kube-policy-store.ts';
import { openPolicyJournal } from '../../../io/kube/policies/policy-journal.ts';
import { withMissingRights } from '../../../io/kube/policies/write-rights.ts';
import type { ClusterScope } from '../cluster-dialer.ts';
import { openFeed } from '../feed-client.ts';
import { stateDirectory } from '../session-paths.ts';
import { authorOf } from './author-of.ts';

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

/** The contexts of the kubeconfig as the palette offers them; none where it cannot be read. */
export function offeredContexts(
  { kubeconfig }: Pick<KubeChoice, 'kubeconfig'>,
  env: NodeJS.ProcessEnv,
): readonly OfferedContext[] {
  try {
    return listContexts(kubeconfig === undefined ? {} : { kubeconfig }, {
      ...{ env, homeDirectory: homedir() },
    }).map(({ name, namespace }) => ({
      ...{ context: name, namespace, isProduction: isProductionContext(name) },
    }));
  } catch (error) {
    if (error instanceof AppError) return [];
    throw error;
  }
}

/** Flows of the hub, policies of the API server. Asks nothing before it is started. */
export function openClusterFeed(
  { scope, target }: { readonly scope: ClusterScope; readonly target: KubeTarget },
  env: NodeJS.ProcessEnv,
): FeedPort {
  const api = createKubeApi({ target, env, now: Date.now, sleep: (ms) => pause(ms) });
  return createClusterFeed({
    hub: openFeed({ cluster: scope }, env),
    openStore: (onState) =>
      openKubePolicyStore({
        ...{ api, onState, forPeople: true, now: Date.now, random: Math.random },
        ...(scope.isAll ? {} : { namespace: target.namespace }),
        journal: openPolicyJournal(stateDirectory(env), target),
      }),
    author: () => authorOf(api),
    explained: (policy, error) =>
      policy.kind === 'ClusterFlowPolicy'
        ? Promise.resolve(error)
        : withMissingRights(api, policy.metadata.namespace, error),
    onClose: () => api.close(),
    now: Date.now,
  });
}
