// The definitions of the policies as objects to install: generated from the schema, the same as deploy/crds.
import { customResourceDefinitions } from '../crd/definitions.ts';
import { isKubeObject, type KubeObject } from './kube-object.ts';

/** FlowPolicy and ClusterFlowPolicy. */
export function policyDefinitions(): readonly KubeObject[] {
  const definitions: readonly unknown[] = customResourceDefinitions();
  return definitions.filter(isKubeObject);
}
