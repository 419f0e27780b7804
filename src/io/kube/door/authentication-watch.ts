// Follows what the API server says of its front proxy and of the authority of users: both are rotated. Believes nobody until it was read.
import type { KubeApi } from '../api/kube-api.ts';
import { textsOf } from '../api/kube-object.ts';
import { kinds } from '../api/resource-kind.ts';
import { startReflector, type ReflectorState } from '../watch/reflector.ts';
import { believesNobody, readAuthenticationConfig, type AuthenticationConfig } from './front-proxy.ts';

/** What is followed, and who is told. */
export interface AuthenticationWatchOptions {
  readonly api: KubeApi;
  /** Epoch ms. */
  readonly now: () => number;
  readonly random: () => number;
  readonly onChange: () => void;
  readonly onState?: (state: ReflectorState) => void;
}

/** It, as it is now. */
export interface AuthenticationWatch {
  readonly current: () => AuthenticationConfig;
  /** Resolves when it was read once. */
  synced(): Promise<void>;
  close(): void;
}

const where = { namespace: 'kube-system', fieldSelector: 'metadata.name=extension-apiserver-authentication' };

/** Starts at once. An object that is deleted is believed no longer. */
export function watchAuthentication(options: AuthenticationWatchOptions): AuthenticationWatch {
  const { api, now, random, onChange, onState } = options;
  const reflector = startReflector<AuthenticationConfig>({
    ...{ api, resource: kinds.configMaps, selection: where, now, random },
    trim: ({ raw }) => readAuthenticationConfig(textsOf(raw['data'])),
    onBatch: onChange,
    ...(onState === undefined ? {} : { onState }),
  });
  return {
    current: () => [...reflector.items.values()][0] ?? believesNobody,
    synced: () => reflector.synced(),
    close: () => reflector.close(),
  };
}
