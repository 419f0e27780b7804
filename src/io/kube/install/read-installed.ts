// The objects of an installation that tell how it was made. Only reads.
import type { KubeObject } from '../../../core/install/kube-object.ts';
import type { TellingObjects } from '../../../core/install/installed-options.ts';
import { names } from '../../../core/install/names.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { readObject } from './look.ts';

/** By its name alone. */
const named = (kind: string, name: string, namespace?: string): KubeObject => ({
  ...{ apiVersion: 'v1', kind },
  metadata: namespace === undefined ? { name } : { name, namespace },
});

/** Those of the installation in `namespace` that are there. @throws AppError where one may not be read. */
export async function readInstalled(api: KubeApi, namespace: string): Promise<TellingObjects> {
  const [daemonSet, deployment, itsNamespace, apiService] = await Promise.all([
    readObject(api, named('DaemonSet', names.agent, namespace)),
    readObject(api, named('Deployment', names.hub, namespace)),
    readObject(api, named('Namespace', namespace)),
    readObject(api, named('APIService', names.apiService)),
  ]);
  return { daemonSet, deployment, namespace: itsNamespace, apiService };
}
