// What the bench and its process of simulated agents say to each other, a JSON line each. Data only.

/** One agent: its node and the file with its token. */
export interface AgentOrder {
  readonly node: string;
  readonly tokenFile: string;
}

/** What the process is started with. */
export interface AgentsOrder {
  /** Of the hub, on loopback. */
  readonly port: number;
  readonly url: string;
  readonly caFile: string;
  /** For the feeds' sockets. */
  readonly folder: string;
  readonly agents: readonly AgentOrder[];
}

/** Bench → agents, on standard input. */
export type AgentsCommand =
  /** Forget what has arrived; the next frame of identity at each agent is awaited. */
  | { readonly type: 'arm' }
  /** Tell so many flows a second, all agents together, for so many seconds. */
  | { readonly type: 'say'; readonly perSecond: number; readonly seconds: number };

/** Agents → bench, on standard output. */
export type AgentsWord =
  /** Every agent has its snapshot; sizes of what each got, bytes. */
  | { readonly type: 'ready'; readonly snapshotBytes: readonly number[] }
  | { readonly type: 'armed' }
  /** A frame has come to every agent; when, epoch ms with fractions. */
  | { readonly type: 'arrived'; readonly atMs: readonly number[] }
  | { readonly type: 'said'; readonly flows: number; readonly cpuMs: number };
