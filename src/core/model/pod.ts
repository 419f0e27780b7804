// The pods of a node, the peers elsewhere and the Services before them, as the plan and the directory know them. Pure words: whether they
// come from a file or from the API server is the shell's business.
import type { Workload } from './identity.ts';

/** What pods here and elsewhere have in common. */
export interface PodIdentity {
  /** `namespace/name`. */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly workload: Workload;
  /** Name of the ServiceAccount, of the pod's own namespace. */
  readonly serviceAccount: string;
  /** Literals without port, IPv4 and IPv6. */
  readonly addresses: readonly string[];
  /** TCP ports declared. They need not be all that it serves, nor need all of them be served. */
  readonly ports: readonly number[];
  /** Absent: it has none. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A pod of this node: to be enrolled, unless it shares the node's own network. */
export interface LocalPod extends PodIdentity {
  /** The UID that Kubernetes gave it: finds it through /proc where there is no file of its namespace. */
  readonly uid?: string;
  readonly hostNetwork: boolean;
}

/** A pod of another node, or a virtual peer: known by identity and address only. */
export interface RemotePeer extends PodIdentity {
  /** An agent on its own node enrols it: what arrives there is enforced and reported there, not at the source. */
  readonly enrolled: boolean;
}

/** The virtual addresses of a workload; rules at the source need them, because there the pod's packets carry them. */
export interface ServiceAddress {
  readonly namespace: string;
  readonly name: string;
  readonly workload: Workload;
  readonly addresses: readonly string[];
  readonly ports: readonly { readonly port: number; readonly targetPort: number }[];
}

/** A node of the cluster: what comes from its addresses is the node, whichever process there sent it. */
export interface NodeAddress {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** All that is known of who is where. */
export interface NodeInventory {
  readonly pods: readonly LocalPod[];
  readonly peers: readonly RemotePeer[];
  readonly services: readonly ServiceAddress[];
  /** Nodes by their names; absent where they are not known: then a node is called by its address. */
  readonly hosts?: readonly NodeAddress[];
}
