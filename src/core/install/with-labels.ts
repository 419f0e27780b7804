// Metadata of our objects: name, namespace and the labels that say what is ours.
import type { KubeObject, ObjectMeta } from './kube-object.ts';
import type { InstallOptions } from './install-options.ts';
import { labelsOf, type Component } from './names.ts';

/** Options with the version of the program that installs. */
export interface BuildOptions extends InstallOptions {
  readonly version: string;
  /** Definitions of the policies, the same as deploy/crds. */
  readonly definitions: readonly KubeObject[];
}

/** For an object of the whole cluster. */
export const clusterMeta = (name: string, component: Component, options: BuildOptions): ObjectMeta => ({
  name,
  labels: labelsOf(component, options),
});

/** For an object of the installation's namespace. */
export const localMeta = (name: string, component: Component, options: BuildOptions): ObjectMeta => ({
  name,
  namespace: options.namespace,
  labels: labelsOf(component, options),
});
