// The policies that the bench measures with, as objects. Pure.
import type { Policy } from '../../src/core/policy/schema.ts';
import { refusedPrefix, times, unreachedRate } from '../peers/peer.ts';

/** Of the Deployment `web` to that of the first pod. */
const between = (name: string, spec: Partial<Policy['spec']>): Policy => ({
  apiVersion: 'apidefense.dev/v1alpha1',
  kind: 'FlowPolicy',
  metadata: { name, namespace: 'shop' },
  spec: {
    mode: 'Enforce',
    from: { peers: [{ workload: { name: 'web', namespace: 'shop' } }] },
    to: { peers: [{ workload: { name: 'api-0', namespace: 'shop' } }] },
    action: { type: 'Block' },
    reason: 'a rule of the bench',
    ...spec,
  },
});

/** Refuses requests below a path that the load does not ask for. */
export const byPath = (name: string, prefix: string): Policy =>
  between(name, { match: { http: { paths: [`${prefix}*`] } } });

/** `count` of `byPath`. */
export const pathPolicies = (count: number): readonly Policy[] =>
  times(count, (index) => byPath(`refuse-${index}`, refusedPrefix(index)));

/** Refuses one address in the kernel. */
export const byAddress = (name: string, cidr: string): Policy =>
  between(name, { from: { peers: [{ cidr }] } });

/** `count` of `byAddress`, each with an address of its own that nobody here has; up to 65,536. */
export const addressPolicies = (count: number): readonly Policy[] =>
  times(count, (index) => byAddress(`refuse-${index}`, `172.20.${index >> 8}.${index & 255}/32`));

/** A throttle by caller that no load here reaches. */
export const throttlePolicy: Policy = between('throttle', {
  action: { type: 'Throttle', throttle: { rate: `${unreachedRate}/s`, burst: unreachedRate } },
});
