// Options and objects that the tests of the installation share: the defaults, and one set in which everything differs from them.
import { defaultInstallOptions } from '../../../src/core/install/install-options.ts';
import type { KubeObject } from '../../../src/core/install/kube-object.ts';
import type { Stage } from '../../../src/core/install/manifest.ts';
import type { BuildOptions } from '../../../src/core/install/with-labels.ts';

/** As small as a definition can be; the real ones are deploy/crds. */
export const definition: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'flowpolicies.apidefense.dev', annotations: { kept: 'yes' } },
  spec: { group: 'apidefense.dev', description: 'Paths such as /orders/{{id}}.' },
};

export const defaults: BuildOptions = {
  ...defaultInstallOptions,
  image: 'registry.example/api-defense:0.1.0',
  version: '0.1.0',
  definitions: [definition],
};

export const changed: BuildOptions = {
  namespace: 'security',
  createNamespace: false,
  image: 'localhost:5000/defense@sha256:00ff',
  imagePullPolicy: 'Never',
  imagePullSecrets: [{ name: 'registry' }],
  logLevel: 'debug',
  aggregatedApi: false,
  optOutLabel: { key: 'example.com/leave-alone', value: 'yes' },
  agent: {
    tapBudgetMiB: 128,
    tolerations: [{ key: 'gpu', operator: 'Equal', value: 'a100', effect: 'NoSchedule' }],
    snapshotHostPath: '/var/lib/security/peers',
  },
  hub: { replicas: 3, tolerations: [{ key: 'infra', operator: 'Exists' }] },
  version: '0.2.0',
  definitions: [definition],
};

/** All objects in their order. */
export const objectsOf = (stages: readonly Stage[]): readonly KubeObject[] =>
  stages.flatMap(({ manifests }) => manifests.map(({ object }) => object));
