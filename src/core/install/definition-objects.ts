// The second stage: the definitions of the policies, as they were generated from the schema, with our labels. Knows no field of theirs.
import type { KubeObject } from './kube-object.ts';
import type { Manifest } from './manifest.ts';
import { labelsOf } from './names.ts';
import type { BuildOptions } from './with-labels.ts';

/** A definition that goes takes every policy with it, so Helm is told to leave it, as `uninstall` does without --purge. */
const keptByHelm = { 'helm.sh/resource-policy': 'keep' };

function labelled(definition: KubeObject, options: BuildOptions): KubeObject {
  const { labels, annotations, ...rest } = definition.metadata;
  return {
    ...definition,
    metadata: {
      ...rest,
      labels: { ...labels, ...labelsOf('policies', options) },
      annotations: { ...annotations, ...keptByHelm },
    },
  };
}

/** One for each kind of policy, in the order given. */
export const definitionObjects = (options: BuildOptions): readonly Manifest[] =>
  options.definitions.map((definition) => ({ object: labelled(definition, options), notes: [] }));
