// The kernel's named counters, one a policy: elements may come and go, the hits of their policy stay. What passed unjudged is counted by
// port: no single policy of a port has it. Names in nftables are limited to letters, digits and `/ \ _ .` and `-`, and to 255 characters;
// those of Kubernetes fit but for the longest.
import { createHash } from 'node:crypto';

/** What is counted besides what a policy refuses. */
export const guardCounter = 'x/listener-dialled';

const sourcePrefix = 'x/refused-at-source-';
const toldPrefix = 'x/told-of-source-';
/** Everything that the rules of one start refused at the source, whichever policy's: what is logged of it is compared with this. */
export const sourceCounter = (generation: number): string => `${sourcePrefix}${generation}`;
/** How much of that was told, by packets. No rule counts it: it is kept in the kernel because who is killed cannot say it any more. */
export const toldCounter = (generation: number): string => `${toldPrefix}${generation}`;

/** The start that a `sourceCounter` or a `toldCounter` is of; undefined for any other. */
export function startOfSource(name: string): number | undefined {
  const generation = /^x\/(?:refused-at|told-of)-source-(\d{1,15})$/.exec(name)?.[1];
  return generation === undefined ? undefined : Number(generation);
}

/** `p/`: refused by the policy; `c/`: refused by its `failure: Closed` while no agent was there. */
export type CounterKind = 'p' | 'c';

const unjudgedPrefix = 'u/';

/** The counter of openings to an inline port that went on to the application because no agent was there. */
export const unjudgedCounter = (port: number): string => `${unjudgedPrefix}${port}`;

/** The port of such a counter; undefined for any other. */
export function portOfUnjudged(name: string): number | undefined {
  const port = name.startsWith(unjudgedPrefix) ? Number(name.slice(unjudgedPrefix.length)) : Number.NaN;
  return Number.isInteger(port) ? port : undefined;
}

/** Outlives the agent: whoever replaces a table keeps it, and reading it begins it anew, so that each count is told once, whoever reads. */
export const isToldOnce = (name: string): boolean => /^[puc]\//.test(name);

/** NFT_NAME_MAXLEN with its final NUL is 256. */
const limit = 255;

/** The counter of a policy. A name that is too long is told by its SHA-256. */
export function counterName(kind: CounterKind, policy: string): string {
  const name = `${kind}/${policy}`;
  if (name.length <= limit && /^[a-z]\/[A-Za-z0-9/.-]+$/.test(name)) return name;
  return `${kind}/_${createHash('sha256').update(policy).digest('hex')}`;
}

/** The policy of a counter; undefined for those of no policy, and for names that only a hash is left of. */
export const policyOfCounter = (name: string): string | undefined => /^[pc]\/([^_].*)$/.exec(name)?.[1];
