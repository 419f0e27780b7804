// Who is at the two ends of a connection, as configured (demo, `agent --listen`) or later resolved in a cluster. Pure words.
import type { Endpoint } from './event.ts';

/** A workload as an operator names it. */
export interface Workload {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

/** The identity of one end without its address: what is fixed per listener. */
export interface Peer {
  readonly workload: Workload;
  readonly principal: string;
  readonly assurance: 'ip' | 'mtls' | 'token';
  /** Of the pod; absent when not known: then policies that select by label cannot be evaluated. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** One explicit listener: accept on `listen`, forward to `upstream`, with the identity of both ends given. */
export interface ListenerConfig {
  readonly listen: { readonly host: string; readonly port: number };
  readonly upstream: { readonly host: string; readonly port: number };
  readonly source: Peer;
  readonly destination: Peer;
}

/** Both ends of a connection that came by no explicit listener. Peers are the directory's own objects: the same object is the same peer. */
export interface ConnectionEnds {
  readonly source: Peer;
  readonly destination: Peer;
  /** Index in the directory; -1: not in it. */
  readonly sourcePeer: number;
  readonly destinationPeer: number;
  /** What the client connected to, `10.0.0.3:8080` or `[fd77::3]:8080`. */
  readonly destinationAddress: string;
  readonly destinationPort: number;
  /** One of `exchangeGear`. */
  readonly gear: number;
}

/** A peer and its address as an event shows them. */
export function toEndpoint(peer: Peer, address: string | undefined): Endpoint {
  return {
    workload: peer.workload.name,
    kind: peer.workload.kind,
    namespace: peer.workload.namespace,
    ...(address === undefined ? {} : { address }),
    principal: peer.principal,
    assurance: peer.assurance,
  };
}

/** The peer of a workload known by name only: a Deployment with its ServiceAccount of the same name, identity by address. */
export function peerFromName(name: string, namespace: string): Peer {
  return {
    workload: { kind: 'Deployment', name, namespace },
    principal: `sa:${namespace}/${name}`,
    assurance: 'ip',
  };
}

/** A node, by its name or else its address: the kubelet, and every pod in the node's network. Never one pod (semantics.md). */
export const peerOfNode = (node: string): Peer => ({
  workload: { kind: 'Node', name: node, namespace: '' },
  principal: `host:${node}`,
  assurance: 'ip',
  labels: {},
});
