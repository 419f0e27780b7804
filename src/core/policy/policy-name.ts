// The one spelling of a policy's name: in events, recordings, counters, journals, and as people type it.
// `shop/no-scanner` is the FlowPolicy of a namespace, `ClusterFlowPolicy/no-scanner` the cluster's, as kubectl says kind/name. Namespaces are
// DNS labels and have no capitals, so that the two can never be taken for each other; `cluster/` or `*/` could be a namespace, or a glob.
import { policyName, type PolicyName } from '../model/brand.ts';
import type { Policy } from './schema.ts';

const clusterPlace = 'ClusterFlowPolicy';

/** Where a policy of that name is kept, and what it is called there. */
export type PolicyPlace =
  | { readonly kind: 'FlowPolicy'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'ClusterFlowPolicy'; readonly name: string };

/** The name of what is kept at a place. */
export const nameAt = (place: PolicyPlace): PolicyName =>
  policyName(`${place.kind === 'FlowPolicy' ? place.namespace : clusterPlace}/${place.name}`);

/** The name of a policy; between the kinds and between namespaces no two are alike. */
export const nameOf = ({ kind, metadata }: Policy): PolicyName =>
  policyName(`${kind === 'FlowPolicy' ? metadata.namespace : clusterPlace}/${metadata.name}`);

/** Of a policy by its name, as sentences and listings call it: `FlowPolicy shop/no-scanner`, `ClusterFlowPolicy no-scanner`. */
export function titleOf(name: string): string {
  const place = placeOf(name);
  return place.kind === 'FlowPolicy' ? `FlowPolicy ${name}` : `ClusterFlowPolicy ${place.name}`;
}

/** The place that a name says; the inverse of `nameAt`. */
export function placeOf(name: string): PolicyPlace {
  const slash = name.indexOf('/');
  const [place, own] = [name.slice(0, Math.max(0, slash)), name.slice(slash + 1)];
  return place === clusterPlace
    ? { kind: 'ClusterFlowPolicy', name: own }
    : { kind: 'FlowPolicy', namespace: place, name: own };
}
