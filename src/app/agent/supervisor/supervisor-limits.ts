// Every time that the supervisor goes by, named, with the reason for its value. Must not know what applies it.

/** Threads of the agent's process that give signs of life: the one that carries traffic, and the one that does the rest. */
export type Watched = 'data' | 'main';

/** Milliseconds all. */
export interface SupervisorLimits {
  /** How often the supervisor looks. */
  readonly tickMs: number;
  /** The most that one look adds to a silence, however late it comes. */
  readonly creditMs: number;
  /** How long each thread may be silent once it has been heard. */
  readonly silentMs: Readonly<Record<Watched, number>>;
  /** How long each may take to be heard at all. */
  readonly startMs: number;
  /** First wait before a process that keeps dying is started again; it doubles. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** A process that ran this long was well: its end counts as the first one. */
  readonly wellMs: number;
  /** How long an ordered stop may take. */
  readonly stopMs: number;
}

/** How often the main thread gives a sign, ms: ten in the time that it may be silent. The data thread's rhythm is its own (`sign-of-life.ts`). */
export const mainSignEveryMs = 1_000;

/** Taking back the rules of thirty pods with ten thousand addresses each took 6 s on a busy machine; kubelet waits 30 s in all. */
const stopGraceMs = 20_000;

/** The times in use for an agent that drains for `drainMs`. */
export const supervisorLimits = (drainMs: number): SupervisorLimits => ({
  // A tenth of the shortest silence; the supervisor takes 0.3 % of a core with it.
  tickMs: 100,
  // A supervisor that was itself suspended or starved has seen nothing in that time, so it may hold against the agent only what two looks
  // would have been.
  creditMs: 200,
  silentMs: {
    // The kernel takes the ports out of a hung agent's hands after 2 s; this is to be well before it. The loop beats at least every 350 ms,
    // so two beats may be lost; the longest it is known to be busy is 4 ms (taking over ten thousand policies), but on two cores at a load of
    // ten it was away for 837 ms, and killing what only waits for its turn cuts connections. At 500 ms pods were down for 572 ms (in-pod.md).
    data: 1_000,
    // Traffic does not depend on it: policies, feed and status do. Ten thousand policies are compiled in 0.3 s.
    main: 10_000,
  },
  // Loading takes 0.3 s on an idle machine. Nothing is inline yet, so there is no hurry.
  startMs: 30_000,
  // As kubelet does it, but sooner, because a node without its agent is not defended.
  firstWaitMs: 1_000,
  longestWaitMs: 30_000,
  wellMs: 60_000,
  stopMs: drainMs + stopGraceMs,
});
