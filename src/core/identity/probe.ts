// Whether a flow is a probe of the kubelet: it comes from the pod's own node and asks for exactly what the pod's spec says. Pure.
import type { FlowEvent } from '../model/event.ts';
import { addressOf, portOf } from '../policy/ip-address.ts';
import { addressText } from '../plan/address-block.ts';
import type { ClusterIdentity } from './cluster-identity.ts';
import type { ProbeRecord } from './cluster-objects.ts';

const bareAddress = (endpoint: string | undefined): string | undefined => {
  const words = addressOf(endpoint);
  return words === undefined ? undefined : addressText(words);
};

/** Kubelets ask with GET and nothing else; a probe without a path sends nothing at all. */
function isAsked({ request, protocol }: FlowEvent, { path }: ProbeRecord): boolean {
  if (path === undefined) return protocol === 'opaque' && request === undefined;
  if (request?.method !== 'GET') return false;
  const sent = request.query === undefined ? request.path : `${request.path}?${request.query}`;
  return sent === path || (path === '' && sent === '/');
}

/**
 * True for a probe. Whatever else runs in the node's network can send the same bytes: it says what the flow looks like, not who sent it.
 * @param atMs when the flow began, epoch ms.
 */
export function isProbe(flow: FlowEvent, identity: ClusterIdentity, atMs: number): boolean {
  const from = bareAddress(flow.source.address);
  const to = bareAddress(flow.destination.address);
  if (from === undefined || to === undefined) return false;
  const source = identity.holder(from);
  const destination = identity.holderAt(to, atMs);
  if (source.type !== 'host' || destination.type !== 'pod' || destination.pod.node !== source.node)
    return false;
  const port = portOf(flow.destination.address);
  return destination.pod.probes.some((probe) => probe.port === port && isAsked(flow, probe));
}
