// What passed inline ports while no agent judged, in words for a log, a status and a screen. Pure.
import type { UnjudgedStatus } from './node-status.ts';

/** Policies named in one sentence; the rest is a number. */
const namedPolicies = 3;

function policiesText(policies: readonly string[]): string {
  if (policies.length === 0) return '';
  const rest = policies.length - namedPolicies;
  const named = policies.slice(0, namedPolicies).join(', ');
  return ` (${policies.length === 1 ? 'policy' : 'policies'} ${named}${rest > 0 ? ` and ${rest} more` : ''})`;
}

const connections = (count: number): string =>
  count === 1 ? '1 connection' : `${count.toLocaleString('en-US')} connections`;

const whereText = ({ pod, port }: UnjudgedStatus): string =>
  port === 0 ? 'ports of other pods' : `port ${port} of ${pod}`;

/** One port's, without a stop at the end. */
export const unjudgedSentence = (of: UnjudgedStatus): string =>
  `while no agent judged, ${connections(of.count)} to ${whereText(of)} passed unjudged${policiesText(of.policies)}, last seen ${of.lastSeen}`;

/** All of them as one clause; undefined when there was none. */
export function unjudgedClause(all: readonly UnjudgedStatus[]): string | undefined {
  const count = all.reduce((sum, one) => sum + one.count, 0);
  return count === 0 ? undefined : `${connections(count)} passed unjudged while no agent judged`;
}
