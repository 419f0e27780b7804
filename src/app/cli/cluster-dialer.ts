// The way to a cluster's hub: the kubeconfig is read, and the client of the API server loaded, when it is first dialled and not before: what
// connects to a feed on this machine does not pay for it.
import { homedir } from 'node:os';
import { AppError } from '../../core/model/app-error.ts';
import { allNamespaces, type ClusterAddress } from '../../io/feed/feed-address.ts';
import type { FeedDialer } from '../../io/feed/feed-dialer.ts';
import type { KubeChoice } from '../../io/kube/config/kube-target.ts';
import { stateDirectory } from './session-paths.ts';

/** A cluster by kubectl's flags, and whether all of its namespaces are meant. */
export interface ClusterScope {
  readonly choice: KubeChoice;
  readonly isAll: boolean;
  /** By port-forward instead of through the aggregated API. */
  readonly isForwarded?: true;
}

/** What `cluster:[NAMESPACE|*][@CONTEXT]` says. */
export function scopeOf({ context, namespace, isForwarded }: ClusterAddress): ClusterScope {
  const isAll = namespace === allNamespaces;
  return {
    isAll,
    ...(isForwarded === undefined ? {} : { isForwarded }),
    choice: {
      ...(context === undefined ? {} : { context }),
      ...(namespace === undefined || isAll ? {} : { namespace }),
    },
  };
}

/** The other way round, as far as an address can say it: for sentences. */
export function addressOfScope({ choice, isAll, isForwarded }: ClusterScope): ClusterAddress {
  const { context, namespace } = choice;
  const place = isAll ? allNamespaces : namespace;
  return {
    type: 'cluster',
    ...(isForwarded === undefined ? {} : { isForwarded }),
    ...(context === undefined ? {} : { context }),
    ...(place === undefined ? {} : { namespace: place }),
  };
}

async function load(
  { choice, isAll, isForwarded }: ClusterScope,
  env: NodeJS.ProcessEnv,
): Promise<FeedDialer> {
  const { resolveTarget } = await import('../../io/kube/config/kube-target.ts');
  const target = resolveTarget(choice, { env, homeDirectory: homedir() });
  const options = { target, env, now: Date.now, ...(isAll ? { namespace: allNamespaces } : {}) };
  if (isForwarded === undefined) {
    const { createHubDialer } = await import('../../io/kube/live/hub-dialer.ts');
    return createHubDialer(options);
  }
  const { certificateFolder, createForwardDialer } = await import('../../io/kube/forward/forward-dialer.ts');
  return createForwardDialer({
    ...options,
    certificateFolder: certificateFolder(stateDirectory(env), target),
  });
}

/** Dials the hub of a cluster as the kubeconfig says. */
export function clusterDialer(scope: ClusterScope, env: NodeJS.ProcessEnv): FeedDialer {
  let dialer: FeedDialer | undefined;
  return {
    async dial() {
      dialer ??= await load(scope, env);
      return dialer.dial();
    },
    refused: async (response) => (await dialer?.refused(response)) ?? { detail: 'not admitted' },
    failed(error) {
      if (dialer !== undefined) return dialer.failed(error);
      const detail = error instanceof Error ? error.message : String(error);
      return error instanceof AppError ? { detail, error } : { detail };
    },
  };
}
