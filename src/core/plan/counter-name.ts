// The kernel's named counters, one a policy: elements may come and go, the hits of their policy stay. Names in nftables are limited to
// letters, digits and `/ \ _ .` and `-`, and to 255 characters; those of Kubernetes fit but for the longest.
import { createHash } from 'node:crypto';

/** What is counted besides what a policy refuses. */
export const guardCounter = 'x/listener-dialled';

/** `p/`: refused by the policy; `c/`: refused by its `failure: Closed` while no agent was there. */
export type CounterKind = 'p' | 'c';

/** NFT_NAME_MAXLEN with its final NUL is 256. */
const limit = 255;

/** The counter of a policy. A name that is too long is told by its SHA-256. */
export function counterName(kind: CounterKind, policy: string): string {
  const name = `${kind}/${policy}`;
  if (name.length <= limit && /^[a-z]\/[a-z0-9/.-]+$/.test(name)) return name;
  return `${kind}/_${createHash('sha256').update(policy).digest('hex')}`;
}
