// The one spelling of a workload as a key, from whichever shape names it. Knows no store.
import type { WorkloadId } from './brand.ts';
import { workloadId } from './brand.ts';
import type { Endpoint } from './event.ts';

/** `namespace/Kind/name`; an end whose kind is unknown has the kind `Workload`. */
export function workloadKey(namespace: string, kind: string | undefined, name: string): WorkloadId {
  return workloadId(`${namespace}/${kind ?? 'Workload'}/${name}`);
}

/** The key of one end of a flow. */
export function workloadOf(endpoint: Endpoint): WorkloadId {
  return workloadKey(endpoint.namespace, endpoint.kind, endpoint.workload);
}

/** Key of traffic from one workload to another, as `AgentStatus.openByPair` has it. */
export function pairKey(source: WorkloadId, destination: WorkloadId): string {
  return `${source}>${destination}`;
}
