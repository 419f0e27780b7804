// Somebody else's eyes: the administrator's connection with the API server told to take him for another user.
import { KubeConfig } from '@kubernetes/client-node';

/** The same cluster as that user, who is in no group but that of everybody who is known. */
export function as(config: KubeConfig, user: string): KubeConfig {
  const other = new KubeConfig();
  other.loadFromOptions({
    clusters: config.clusters,
    contexts: config.contexts,
    currentContext: config.currentContext,
    users: config.users.map((each) => ({ ...each, impersonateUser: user })),
  });
  return other;
}
