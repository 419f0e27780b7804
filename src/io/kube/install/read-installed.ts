// The objects of an installation that tell how it was made. Only reads.
import { AppError } from '../../../core/model/app-error.ts';
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

/** Names of the objects that tell how an installation was made. */
export type TellingName = keyof TellingObjects;

const tellingNames = [
  'daemonSet',
  'deployment',
  'namespace',
  'apiService',
] as const satisfies readonly TellingName[];

const pointers = (namespace: string): Readonly<Record<TellingName, KubeObject>> => ({
  daemonSet: named('DaemonSet', names.agent, namespace),
  deployment: named('Deployment', names.hub, namespace),
  namespace: named('Namespace', namespace),
  apiService: named('APIService', names.apiService),
});

/** Those of the installation in `namespace` that are there, and why others may not be read. */
export async function readWhatMayBe(
  api: KubeApi,
  namespace: string,
): Promise<{ readonly objects: TellingObjects; readonly denied: ReadonlyMap<TellingName, AppError> }> {
  const denied = new Map<TellingName, AppError>();
  const read = async (name: TellingName): Promise<readonly [TellingName, KubeObject | undefined]> => {
    try {
      return [name, await readObject(api, pointers(namespace)[name])];
    } catch (error) {
      if (!(error instanceof AppError) || error.family !== 'denied') throw error;
      denied.set(name, error);
      return [name, undefined];
    }
  };
  return { objects: Object.fromEntries(await Promise.all(tellingNames.map(read))), denied };
}

/** Those that are there. @throws AppError where one may not be read. */
export async function readInstalled(api: KubeApi, namespace: string): Promise<TellingObjects> {
  const { objects, denied } = await readWhatMayBe(api, namespace);
  for (const error of denied.values()) throw error;
  return objects;
}
