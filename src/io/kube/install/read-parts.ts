// Pods and Lease of an installation, read once. What may not be read is told as a sentence and is no failure of the rest.
import { AppError } from '../../../core/model/app-error.ts';
import { names, selectorOf, type Component } from '../../../core/install/names.ts';
import { nameIn } from '../../../core/lease/holder.ts';
import { podStateOf, type PodState } from '../../../core/install/progress/pod-state.ts';
import type { KubeApi } from '../api/kube-api.ts';
import { fieldOf, textOf } from '../api/kube-object.ts';
import { kinds } from '../api/resource-kind.ts';
import { selectorText } from './follow-pods.ts';
import { coreObject } from './kube-resource.ts';

/** The pods of a component. @throws AppError where they may not be listed. */
export async function listParts(
  api: KubeApi,
  namespace: string,
  component: Extract<Component, 'agent' | 'hub'>,
): Promise<readonly PodState[]> {
  const found: PodState[] = [];
  const labelSelector = selectorText(selectorOf(component));
  await api.list(
    kinds.pods,
    { namespace, labelSelector },
    (page) => void found.push(...page.map((pod) => podStateOf(coreObject(pod, kinds.pods)))),
  );
  return found;
}

/** Name of the replica that leads; '' when none does. @throws AppError where the Lease may not be read. */
export async function readLeader(api: KubeApi, namespace: string): Promise<string> {
  const { raw } = await api.get(kinds.leases, { namespace, name: names.hub });
  return nameIn(textOf(fieldOf(raw['spec'], 'holderIdentity')) ?? '');
}

/** The result, or undefined with the reason added to `unknown`: no right to, or not there. */
export async function orUnknown<Result>(
  work: Promise<Result>,
  unknown: string[],
): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AppError) || (error.family !== 'denied' && error.family !== 'notFound'))
      throw error;
    unknown.push(error.message);
    return undefined;
  }
}
