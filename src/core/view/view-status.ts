// The figures of the whole as one person may see them: pairs of workloads of which they may see either end; sums over everything only with
// the right for the cluster. Pure.
import type { AgentStatus } from '../model/feed-message.ts';
import { seenEnds, type ViewerRights } from './viewer-rights.ts';

/** What a viewer was shown, which stands for the sums that they may not see. */
export interface Shown {
  /** Flows. */
  readonly requests: number;
  /** Policies by state. */
  readonly policies: AgentStatus['policies'];
}

/** `ns` of `ns/Kind/name`. */
const namespaceOf = (workload: string | undefined): string => workload?.split('/')[0] ?? '';

function isPairSeen(rights: ViewerRights, pair: string): boolean {
  const [source, destination] = pair.split('>');
  return seenEnds(rights.flows, namespaceOf(source), namespaceOf(destination)) !== undefined;
}

/** The status as it may be seen. Without the right for the cluster it says nothing of processes, nodes and other namespaces' sums. */
export function viewStatus(rights: ViewerRights, status: AgentStatus, shown: Shown): AgentStatus {
  if (rights.flows('')) return status;
  const { type, time, uptimeMs, lost, heartbeatAgeMs, version } = status;
  const pairs = Object.entries(status.openByPair).filter(([pair]) => isPairSeen(rights, pair));
  return {
    ...{ type, time, uptimeMs, lost, heartbeatAgeMs },
    openByPair: Object.fromEntries(pairs),
    openConnections: pairs.reduce((sum, [, count]) => sum + count, 0),
    ...{ requests: shown.requests, policies: shown.policies },
    ...(version === undefined ? {} : { version }),
  };
}
