// Whether the agents have taken the pods of their nodes over, by what the hub heard of them. Pure.
import { listed } from '../../plan/outcome.ts';
import type { NodeWord } from '../../model/node-summary.ts';

/** How far it is. */
export interface Enrolment {
  /** Every node was heard, and no pod waits any more. */
  readonly done: boolean;
  /** A line for each node that is done. */
  readonly lines: readonly string[];
  /** What is waited for, without a full stop; '' when nothing. */
  readonly waiting: string;
  /** Pods that are not as planned, a sentence each. */
  readonly failed: readonly string[];
}

/** `nodes`: those with an agent that is ready. Agents that do not tell (older ones) count as heard. */
export function enrolmentOf(words: readonly NodeWord[], nodes: readonly string[]): Enrolment {
  const heard = new Map(words.filter(({ silent }) => !silent).map((word) => [word.node, word]));
  const unheard = nodes.filter((node) => !heard.has(node));
  const summaries = [...heard.values()].flatMap(({ node, summary }) =>
    summary === undefined ? [] : [{ node, ...summary }],
  );
  const late = summaries.filter(({ pods }) => pods.waiting > 0);
  const count = ({ enrolled, waiting, failed, host }: (typeof summaries)[number]['pods']): string =>
    `${enrolled} of ${enrolled + waiting + failed + host} pods are enrolled${host === 0 ? '' : `, ${host} in the node's own network cannot be`}`;
  return {
    done: unheard.length === 0 && late.length === 0,
    lines: summaries.filter((one) => !late.includes(one)).map(({ node, pods }) => `${node}: ${count(pods)}`),
    waiting: [
      ...(unheard.length === 0 ? [] : [`the hub has not heard the agents on ${listed(unheard)}`]),
      ...(late.length === 0 ? [] : [`pods wait to be enrolled on ${listed(late.map(({ node }) => node))}`]),
    ].join('; '),
    failed: summaries.flatMap(({ node, told }) =>
      told
        .filter(({ state }) => state === 'failed')
        .map(({ pod, sentence }) => `${pod} on ${node} is not as planned: ${sentence}`),
    ),
  };
}
