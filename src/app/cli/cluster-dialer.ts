// `--connect cluster:…`: the kubeconfig is read, and the client of the API server loaded, when it is first dialled and not before: what
// connects to a feed on this machine does not pay for it.
import { homedir } from 'node:os';
import { AppError } from '../../core/model/app-error.ts';
import type { ClusterAddress } from '../../io/feed/feed-address.ts';
import type { FeedDialer } from '../../io/feed/feed-dialer.ts';

async function load(address: ClusterAddress, env: NodeJS.ProcessEnv): Promise<FeedDialer> {
  const [{ createHubDialer }, { resolveTarget }] = await Promise.all([
    import('../../io/kube/live/hub-dialer.ts'),
    import('../../io/kube/config/kube-target.ts'),
  ]);
  const { context, namespace } = address;
  const target = resolveTarget(context === undefined ? {} : { context }, { env, homeDirectory: homedir() });
  return createHubDialer({
    ...{ target, env, now: Date.now },
    ...(namespace === undefined ? {} : { namespace }),
  });
}

/** Dials the hub of a cluster as the kubeconfig says. */
export function clusterDialer(address: ClusterAddress, env: NodeJS.ProcessEnv): FeedDialer {
  let dialer: FeedDialer | undefined;
  return {
    async dial() {
      dialer ??= await load(address, env);
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
