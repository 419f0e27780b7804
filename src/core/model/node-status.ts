// What a node agent says of its pods and of what its policies come to there. One schema for both ends of a feed; knows no kernel.
import { z } from 'zod';

const count = z.number().int().nonnegative();

/** One pod of the node. */
export const nodePodSchema = z.object({
  /** `namespace/name`. */
  pod: z.string(),
  /**
   * `enrolled`: what is planned stands. `waiting`: its namespace is not there yet. `failed`: something of the plan could not be put in
   * place, and is tried again. `host`: it shares the node's network. `left`: a newer start of the agent has it.
   */
  state: z.enum(['enrolled', 'waiting', 'failed', 'host', 'left']),
  tap: z.boolean(),
  /** Interfaces by which something may come that nobody tells of; why is in `sentence`. Absent in answers of older agents. */
  unheard: z.array(z.string()).optional(),
  /** Entries of the kernel gear. */
  entries: count,
  /** Ports that go through the worker. */
  inline: z.array(count),
  /** Connections that the worker carries now. */
  open: count,
  /** Open connections that some policy does not reach yet. */
  outside: count,
  /** Why it is not enrolled, or what else is to be known; '' when nothing. */
  sentence: z.string(),
});

/** What became of one policy on this node; `core/plan/enforcement.ts` makes it. */
export const enforcementSchema = z.object({
  state: z.enum(['enforced', 'partly', 'unenforceable', 'idle', 'shadow', 'off', 'expired', 'pending']),
  gears: z.array(z.enum(['kernel', 'inline'])),
  /** Pods in which its rules stand, of those in which they should. */
  inPlace: count,
  meant: count,
  /** Open connections that it does not reach yet. */
  outside: count,
  sentence: z.string(),
  /** Of several nodes: on how many it stands, of those that have something of it to do; those with nothing to do are not counted. */
  nodes: z.object({ inPlace: count, meant: count }).optional(),
});

/** Connections that an inline port let pass while no agent judged, since this agent began; those of the absence before it included. */
export const unjudgedSchema = z.object({
  /** `namespace/name`, and the port: 0 for the sum of what is not told apart. */
  pod: z.string(),
  port: count,
  count,
  /** That ask for the port, and were not enforced; the first of them. */
  policies: z.array(z.string()),
  /** When the last of them was read from the kernel. */
  lastSeen: z.string(),
});

/** Answer to `{op: 'node'}`. */
export const nodeStatusSchema = z.object({
  /** Name of the agent, and which start of it this is. */
  owner: z.string(),
  generation: count,
  gears: z.array(z.object({ name: z.string(), ok: z.boolean(), sentence: z.string() })),
  pods: z.array(nodePodSchema),
  policies: z.array(z.object({ policy: z.string(), enforcement: enforcementSchema })),
  /** A bounded number of rows; absent in answers of older agents. */
  unjudged: z.array(unjudgedSchema).optional(),
  /** `rings`: a pod has one for each interface by which others reach it. */
  tap: z.object({ budgetBytes: count, ringBytes: count, rings: count, sentence: z.string() }),
});

/** One pod of the node, checked. */
export type NodePodStatus = Readonly<z.infer<typeof nodePodSchema>>;
/** What passed one port unjudged, checked. */
export type UnjudgedStatus = Readonly<z.infer<typeof unjudgedSchema>>;
/** The whole node, checked. */
export type NodeStatus = Readonly<z.infer<typeof nodeStatusSchema>>;
/** What became of one policy, checked. */
export type EnforcementStatus = Readonly<z.infer<typeof enforcementSchema>>;
