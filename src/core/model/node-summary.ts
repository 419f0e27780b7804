// How a node stands, short enough to go with every status of its agent: what a hub tells of all nodes. One schema for both ends.
import { z } from 'zod';
import type { NodePodStatus, NodeStatus } from './node-status.ts';

const count = z.number().int().nonnegative();

/** Pods with something to be told of that are named; the rest is a number. */
const mostTold = 40;
const longestSentence = 500;

/** One node in short. */
export const nodeSummarySchema = z.object({
  /** Its pods by what became of them, as in `NodePodStatus`. */
  pods: z.object({ enrolled: count, waiting: count, failed: count, host: count, left: count }),
  /** Pods of which traffic is seen, and pods with ports that go through the worker. */
  tapped: count,
  inline: count,
  gears: z.array(z.object({ name: z.string(), ok: z.boolean(), sentence: z.string() })).max(16),
  /** Pods of which something is to be known, a bounded number of them. */
  told: z
    .array(z.object({ pod: z.string(), state: z.string(), sentence: z.string().max(longestSentence) }))
    .max(mostTold),
  /** How many more of these there are. */
  untold: count,
});

/** One node in short, checked. */
export type NodeSummary = Readonly<z.infer<typeof nodeSummarySchema>>;

/** What a hub knows of one node. */
export const nodeWordSchema = z.object({
  node: z.string(),
  /** Its agent is not connected now: what follows is what it said last. */
  silent: z.boolean(),
  /** Of the agent's program. */
  version: z.string().optional(),
  uptimeMs: count,
  /** Absent of an agent that is too old to tell. */
  summary: nodeSummarySchema.optional(),
});

/** Answer to `{op: 'nodes'}`. */
export const nodesSchema = z.object({ nodes: z.array(nodeWordSchema) });

/** What a hub knows of one node, checked. */
export type NodeWord = Readonly<z.infer<typeof nodeWordSchema>>;

const isTold = ({ state, sentence }: NodePodStatus): boolean => sentence !== '' && state !== 'left';

/** Where not all can be named, what somebody has to mend comes first, and what is so by design last. */
const ranks: readonly NodePodStatus['state'][] = ['failed', 'waiting', 'enrolled', 'host'];
const rankOf = ({ state }: NodePodStatus): number => ranks.indexOf(state);

/** Of the node's own answer. */
export function summaryOf({ pods, gears }: Pick<NodeStatus, 'pods' | 'gears'>): NodeSummary {
  const counts = { enrolled: 0, waiting: 0, failed: 0, host: 0, left: 0 };
  for (const { state } of pods) counts[state] += 1;
  const told = pods.filter(isTold).toSorted((one, other) => rankOf(one) - rankOf(other));
  return {
    pods: counts,
    tapped: pods.filter(({ tap }) => tap).length,
    inline: pods.filter(({ inline }) => inline.length > 0).length,
    gears: gears.map(({ name, ok, sentence }) => ({ name, ok, sentence })),
    told: told.slice(0, mostTold).map(({ pod, state, sentence }) => ({
      ...{ pod, state, sentence: sentence.slice(0, longestSentence) },
    })),
    untold: Math.max(0, told.length - mostTold),
  };
}
