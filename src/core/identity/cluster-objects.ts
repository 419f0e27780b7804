// The few fields of cluster objects that say who is who, as the watches trim them. Pure words: knows no client and no wire form.
// A Service's selector is not among them: EndpointSlices already say whom it found, ready or not.
import type { Workload } from '../model/identity.ts';

/** One probe of a container, as the kubelet sends it; without a path it opens a connection and no more. */
export interface ProbeRecord {
  readonly port: number;
  /** Of an HTTP probe, with its query if the spec has one. */
  readonly path?: string;
}

/** One pod. Named ports are resolved, the chain of owners is walked (ReplicaSet → Deployment, Job → CronJob). */
export interface PodRecord {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** '' while it is not scheduled. */
  readonly node: string;
  /** Literals without port. */
  readonly addresses: readonly string[];
  /** `status.startTime`, epoch ms; 0 while there is none. */
  readonly startMs: number;
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';
  readonly hostNetwork: boolean;
  readonly serviceAccount: string;
  /** Bounded by whoever trims. */
  readonly labels: Readonly<Record<string, string>>;
  /** TCP ports that it declares. */
  readonly ports: readonly number[];
  readonly probes: readonly ProbeRecord[];
  /** Of the pod's own namespace; a bare pod is its own workload of kind Pod. */
  readonly workload: Workload;
  /** The pod or its namespace has opted out: no agent enrols it. */
  readonly optedOut?: boolean;
}

/** One Service. Headless ones and ExternalName have no addresses. */
export interface ServiceRecord {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** ClusterIPs, without `None`. */
  readonly addresses: readonly string[];
  /** TCP ports; `name` is '' where the only port has none. */
  readonly ports: readonly { readonly name: string; readonly port: number }[];
}

/** One endpoint: the pod that its `targetRef` names, if any. */
export interface EndpointRecord {
  readonly addresses: readonly string[];
  readonly podUid?: string;
}

/** One EndpointSlice of a Service of its own namespace. */
export interface SliceRecord {
  readonly uid: string;
  readonly namespace: string;
  readonly service: string;
  /** What the Service's ports of these names come to at the pods. */
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly endpoints: readonly EndpointRecord[];
}

/** One node, with all addresses that stand for it: its own, and those by which its pods see it (a bridge's gateway). */
export interface NodeRecord {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** What a watch tells. Of one object in order; of different ones in any. */
export type ClusterChange =
  | { readonly type: 'pod'; readonly pod: PodRecord }
  | { readonly type: 'pod-gone'; readonly uid: string }
  | { readonly type: 'service'; readonly service: ServiceRecord }
  | { readonly type: 'service-gone'; readonly namespace: string; readonly name: string }
  | { readonly type: 'slice'; readonly slice: SliceRecord }
  | { readonly type: 'slice-gone'; readonly uid: string }
  | { readonly type: 'node'; readonly node: NodeRecord }
  | { readonly type: 'node-gone'; readonly name: string }
  /** Whether an agent works on the node: then what arrives at its pods is enforced and reported there. */
  | { readonly type: 'agent'; readonly node: string; readonly isThere: boolean };
