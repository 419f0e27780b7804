// The objects of an installation, applied by the program's own client, stage by stage.
import type { BuildOptions } from '../../src/core/install/with-labels.ts';
import { defaultInstallOptions } from '../../src/core/install/install-options.ts';
import { installStages } from '../../src/core/install/install-stages.ts';
import type { KubeObject } from '../../src/core/install/kube-object.ts';
import type { StageName } from '../../src/core/install/manifest.ts';
import { policyDefinitions } from '../../src/core/install/policy-definitions.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { kubeResource } from '../../src/io/kube/install/kube-resource.ts';

/** As `install` without options means it, but for what is said. */
export const installOptions = (different: Partial<BuildOptions>): BuildOptions => ({
  ...defaultInstallOptions,
  ...{ image: 'none', version: '0.1.0', definitions: policyDefinitions() },
  ...different,
});

/** Applies these stages, or all of them, in their order; answers what was applied. */
export async function applyStages(
  api: KubeApi,
  options: BuildOptions,
  wanted?: readonly StageName[],
): Promise<readonly KubeObject[]> {
  const stages = installStages(options).filter(({ name }) => wanted?.includes(name) ?? true);
  const objects = stages.flatMap(({ manifests }) => manifests.map(({ object }) => object));
  for (const object of objects) await api.apply(kubeResource(object), object);
  return objects;
}
