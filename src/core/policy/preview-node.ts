// What a change means on a node, where a policy is enforced in the pods: by which gear, and what becomes of connections that are open now.
// Pure; knows no pod.
import { isCutting, needsHttp } from './enforced-how.ts';
import type { PolicyChange } from './preview-worlds.ts';
import type { Policy } from './schema.ts';

/**
 * Of connections that are open when the change comes. `nextRequest`: the agent carries them and judges what comes next on them. `cut`
 * and `drain`: those that it does not carry are cut, or go on until they end. `untouched`: the change concerns new ones only.
 */
export type OpenFate = 'nextRequest' | 'cut' | 'drain' | 'untouched';

/** Who would enforce the changed policy on a node, and what of open connections. */
export interface NodeReach {
  readonly gear: 'kernel' | 'inline';
  readonly open: OpenFate;
  /** The change puts an enforcing policy in force. */
  readonly enforces: boolean;
}

/** Of the policy that would come or go. */
export function nodeReach(type: PolicyChange['type'], policy: Policy): NodeReach {
  const gear = needsHttp(policy) ? 'inline' : 'kernel';
  const enforces = type === 'add' && policy.spec.mode === 'Enforce';
  if (enforces) return { gear, open: isCutting(policy) ? 'cut' : 'drain', enforces };
  // What an enforcing policy on requests has put inline stays with the agent.
  const isCarried = gear === 'inline' && policy.spec.mode === 'Enforce';
  return { gear, open: isCarried ? 'nextRequest' : 'untouched', enforces };
}

const carried = 'those that go through the agent are judged at their next request';

const openTexts: Readonly<Record<NodeReach['gear'], Readonly<Record<OpenFate, string>>>> = {
  kernel: {
    nextRequest: 'judged at their next request',
    cut: 'will be cut',
    drain: 'go on until they end',
    untouched: 'go on',
  },
  inline: {
    nextRequest: 'judged at their next request',
    cut: `${carried}, the others will be cut`,
    drain: `${carried}, the others go on until they end`,
    untouched: 'go on',
  },
};

/** What becomes of open connections, as the end of a sentence; without a node the agent carries all that it knows of. */
export const openText = (reach: NodeReach | undefined): string =>
  reach === undefined ? openTexts.inline.nextRequest : openTexts[reach.gear][reach.open];

/** What an enforcing policy means for everybody on its ports; '' where nothing is to be said. */
export function reachText(reach: NodeReach | undefined): string {
  if (reach?.enforces !== true) return '';
  return reach.gear === 'kernel'
    ? 'refused in the kernel, by address'
    : 'all callers of these ports go through the agent while it is in force';
}
