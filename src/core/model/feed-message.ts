// Frames of the feed (WebSocket text frames, JSON): the events, and the few requests a terminal or a verb may make.
// One schema for both ends; knows neither socket nor store.
import { z } from 'zod';
import { endpointSchema, eventSchema } from './event.ts';
import { policySchema } from '../policy/schema.ts';
import { nodeSummarySchema } from './node-summary.ts';

/** Version of the frames; a client refuses a server with a greater one, in a sentence. */
export const feedVersion = 1;

const count = z.number().int().nonnegative();

/** First frame from the server. */
export const helloSchema = z.object({
  type: z.literal('hello'),
  version: count,
  /** What is being watched, for the header: e.g. `demo`, `web → api`. */
  name: z.string(),
  time: z.string(),
  /** False when the server takes no mutation (no policy folder). */
  writable: z.boolean(),
  listeners: z.array(z.object({ source: endpointSchema, destination: endpointSchema })),
  /** How far back a subscription can reach. */
  windowMs: count,
  /** Default lifetime of an interactive policy. */
  defaultTtlMs: count,
  /** It works in the pods of a node; absent where it stands in front of a service. */
  node: z.boolean().optional(),
  /** Which start of the server this is, of one that numbers its batches: what it counts begins anew with each. */
  epoch: z.string().max(100).optional(),
});

/** One worker of the agent. Numbers that count only grow. */
const workerStatusSchema = z.object({
  name: z.string().max(100),
  /** CPU time, user and system together. */
  cpuUs: count,
  heapBytes: count,
  /** Held outside of the heap. */
  externalBytes: count,
  /** Of connections whose reader is slow. */
  bufferedBytes: count,
  /** Events on their way to the main thread, most so far, and the room for them. */
  queueBytes: count,
  queuePeakBytes: count,
  queueCapacityBytes: count,
  lost: count,
  heartbeatAgeMs: count,
  openConnections: count,
});

/** The process and its main thread. */
const mainStatusSchema = z.object({
  /** CPU time of all threads together, and of the main thread alone; user and system. */
  processCpuUs: count,
  cpuUs: count,
  rssBytes: count,
  heapBytes: count,
  externalBytes: count,
  /** How late timers were: of the last quarter of a minute or longer. Absent where it is not watched. */
  loopDelay: z.object({ p99Us: count, maxUs: count }).optional(),
});

/** Counters of the agent, once a second while subscribed. What is optional is not told by older agents. */
export const statusSchema = z.object({
  type: z.literal('status'),
  time: z.string(),
  uptimeMs: count,
  openConnections: count,
  /** Open connections by source → destination key `ns/Kind/name>ns/Kind/name`. */
  openByPair: z.record(z.string(), count),
  requests: count,
  lost: count,
  /** Age of the worker's last heartbeat. */
  heartbeatAgeMs: count,
  policies: z.object({ active: count, shadow: count, rejected: count }),
  /** Policies of which a last good version stands in for what is rejected now, and why such versions may not survive a restart. */
  lastGood: z.object({ standing: count, unkept: z.string().max(500).optional() }).optional(),
  /** What whoever watches should know and no event says, in a sentence; the newest one. */
  notice: z.string().max(500).optional(),
  /** Of the program. */
  version: z.string().max(100).optional(),
  workers: z.array(workerStatusSchema).optional(),
  main: mainStatusSchema.optional(),
  /** Flows by what was decided. */
  flows: z.object({ allow: count, block: count, throttle: count, redact: count }).optional(),
  /** Attempts to open something in the pods of a node that the kernel refused by rules of policies; among no `flows`. */
  kernelRefused: count.optional(),
  /** What was dropped, by `where` as in `lost` events. */
  lostBy: z.record(z.string().max(100), count).optional(),
  /** Connections that were reset at once: nothing was free, or their caller or their service held its share. */
  refused: z.object({ full: count, share: count }).optional(),
  /** Connections to the feed, those of them that are told events, and the events that slow ones missed. */
  feed: z.object({ connections: count, subscribers: count, dropped: count }).optional(),
  /** Of an agent that works in the pods of a node. */
  summary: nodeSummarySchema.optional(),
});

/** Everything the agent sends over a feed, told apart by `type`. */
export const serverFrameSchema = z.discriminatedUnion('type', [
  helloSchema,
  statusSchema,
  z.object({
    type: z.literal('batch'),
    events: z.array(eventSchema),
    /**
     * Of a server that numbers: flows and losses of the batch have the numbers `first`, `first + 1`, … of this start of it (`epoch`). Other
     * events are the latest word on something and have none.
     */
    epoch: z.string().max(100).optional(),
    first: count.optional(),
  }),
  /**
   * To a hub alone, on a socket that the agent dialled: which content of identities it has (core/identity), at first and after each frame;
   * without a hash it has none that fits and wants the whole.
   */
  z.object({ type: z.literal('identity'), hash: z.string().max(100).optional(), generation: count }),
  /** To a hub alone as well: the mark (core/trust) of the bundle by which the agent would know a hub now, at first and when it is another. */
  z.object({ type: z.literal('trust'), bundle: z.string().max(100) }),
  z.object({ type: z.literal('reply'), id: count, ok: z.literal(true), result: z.unknown() }),
  z.object({
    type: z.literal('refusal'),
    id: count,
    /** `family` as in the table of exit codes. */
    error: z.object({
      code: z.string(),
      message: z.string(),
      hint: z.string(),
      family: z.string().optional(),
    }),
  }),
]);

/** What a client may ask. `object` is validated by the store, strictly, before anything is written. */
export const operationSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('policy.apply'), object: policySchema, dryRun: z.boolean().optional() }),
  z.object({ op: z.literal('policy.remove'), name: z.string() }),
  /**
   * Reverts the newest change that is still standing (its stored inverse). `dryRun` only says which; `change` is the id that it
   * said, and refuses when the newest one is another by now.
   */
  z.object({
    op: z.literal('policy.undo'),
    dryRun: z.boolean().optional(),
    change: z.string().max(100).optional(),
  }),
  z.object({ op: z.literal('policy.list') }),
  z.object({ op: z.literal('status') }),
  /** How the agent's node stands (`nodeStatusSchema`); AppError NOT_A_NODE of an agent that works by explicit listeners. */
  z.object({ op: z.literal('node') }),
  /** How all nodes stand in short (`nodesSchema`), as a hub has heard; AppError NOT_A_HUB of an agent. */
  z.object({ op: z.literal('nodes') }),
]);

/** Everything a client sends over a feed, told apart by `type`. */
export const clientFrameSchema = z.discriminatedUnion('type', [
  /** Start the stream: history at or after `sinceMs` (epoch ms; absent: the whole window), at most the newest `last` events, then live. */
  z.object({
    type: z.literal('subscribe'),
    sinceMs: count.optional(),
    last: count.optional(),
    /** Flows and losses with greater numbers only. Ignored by another start than `epoch`, and by servers that do not number. */
    after: z.object({ epoch: z.string().max(100), sequence: count }).optional(),
  }),
  z.object({ type: z.literal('request'), id: count, operation: operationSchema }),
]);

/** Result of `policy.apply` and `policy.remove`. */
export const appliedSchema = z.object({
  name: z.string(),
  change: z.enum(['created', 'replaced', 'removed', 'unchanged', 'dry-run']),
  /** The object now in force, absent after a removal. */
  object: policySchema.optional(),
});
/** Result of `policy.undo`; of a dry run, what would be. */
export const undoneSchema = z.object({
  name: z.string(),
  /** What undoing does to the policy. */
  change: z.enum(['created', 'replaced', 'removed']),
  /** Only of a dry run. */
  plan: z
    .object({
      /** Id of the change that would be reverted. */
      change: z.string(),
      /** When that was made, RFC 3339. */
      time: z.string(),
      /** File within the policy folder. */
      file: z.string(),
      /** The policy as it is now; absent when the change removed it. */
      before: policySchema.optional(),
      /** As it would be; absent when undoing removes it. */
      after: policySchema.optional(),
    })
    .optional(),
});

/** The agent's first words, checked. */
export type Hello = Readonly<z.infer<typeof helloSchema>>;
/** The agent's figures at one moment, checked. */
export type AgentStatus = Readonly<z.infer<typeof statusSchema>>;
/** One worker in a status, checked. */
export type WorkerStatus = Readonly<z.infer<typeof workerStatusSchema>>;
/** Process and main thread in a status, checked. */
export type MainStatus = Readonly<z.infer<typeof mainStatusSchema>>;
/** A frame from the agent, checked. */
export type ServerFrame = Readonly<z.infer<typeof serverFrameSchema>>;
/** A frame from a client, checked. */
export type ClientFrame = Readonly<z.infer<typeof clientFrameSchema>>;
/** What a client asks of the agent, checked. */
export type Operation = Readonly<z.infer<typeof operationSchema>>;
/** What `policy.apply` and `policy.remove` did, checked. */
export type Applied = Readonly<z.infer<typeof appliedSchema>>;
/** What `policy.undo` did, checked. */
export type Undone = Readonly<z.infer<typeof undoneSchema>>;
