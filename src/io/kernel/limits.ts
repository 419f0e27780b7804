// Every bound of the data plane, named, with the reason for its value. Must not know what enforces it.

/** The bounds; bytes, milliseconds and counts as the names say. */
export interface DataPlaneLimits {
  /** Most bytes of one `recv`, which is also what one side of one connection may read in one pass of the loop. */
  readonly readBytes: number;
  /** Most events taken from one `epoll_wait`. */
  readonly eventsPerPass: number;
  /** Most connections accepted from one listener in one pass. */
  readonly acceptsPerPass: number;
  /** Most open connections re-judged in one pass after a policy change. */
  readonly rejudgedPerPass: number;
  /** Longest sleep in `epoll_wait`, ms. */
  readonly waitMs: number;
  /** Connections the kernel may complete before we accept them. */
  readonly backlog: number;
  /** Most bytes queued towards one side of one connection. */
  readonly pendingConnectionBytes: number;
  /** Most bytes queued on all connections together. */
  readonly pendingTotalBytes: number;
  /** How long the upstream may take to accept, ms. */
  readonly connectMs: number;
  /** How long a peer may keep us waiting for the rest of something that cannot be forwarded yet (a head), ms. */
  readonly headMs: number;
  /** How long a connection may stay open before the first byte in either direction, ms. */
  readonly firstByteMs: number;
  /** How long a connection may stay open without a byte in either direction, ms. */
  readonly idleMs: number;
  /** How long a side may refuse to take a single queued byte, ms. */
  readonly stallMs: number;
  /** How long we wait for the peer's FIN after our own answer, so that it can read it, ms. */
  readonly lingerMs: number;
  /** How long a connection that is to go when it is idle must have been so, ms. */
  readonly quietMs: number;
  /** Most pods that one worker carries. */
  readonly inlinePods: number;
  /** Most connections open at once; descriptors bound them as well, two for each. */
  readonly openConnections: number;
  /** Descriptors left to the rest of the process, at most a quarter of what it may open. */
  readonly reservedDescriptors: number;
  /** Size of the shared event ring, bytes; a power of two. */
  readonly ringBytes: number;
  /** How often main empties the ring while events come, ms. */
  readonly drainEveryMs: number;
  /** Most events main handles before it lets other work run. */
  readonly drainedPerTurn: number;
  /** Exchanges per second told with headers and bodies, and most in one burst; the rest are `light`. */
  readonly detailedPerSecond: number;
  /** The same for those that people look for: refused, throttled, failed, broken. They have this budget to themselves. */
  readonly detailedTroublePerSecond: number;
}

/** The bounds in use unless the caller overrides some, each with its reason. */
export const defaultLimits: DataPlaneLimits = {
  // A whole loopback segment; larger reads bring nothing measurable and let one connection hold the loop longer.
  readBytes: 64 * 1024,
  // 256 x 64 KiB bounds a pass to 16 MiB of copying: about 5 ms.
  eventsPerPass: 256,
  // A connection storm must not starve open connections: 64 accepts cost about 1 ms.
  acceptsPerPass: 64,
  // Keeps a pass of pure re-judging near 0.1 ms, so a policy change is felt by nobody.
  rejudgedPerPass: 256,
  // terminate() and process.exit() wait for the running system call: this is their worst case.
  waitMs: 250,
  // Bursts while a pass runs; the kernel caps it at net.core.somaxconn.
  backlog: 4096,
  // Reading stops while anything is queued, so this only holds one read plus what inspection had kept back.
  pendingConnectionBytes: 1024 * 1024,
  // The plane's share of a small container; beyond it the connection that asks for more is reset and counted.
  pendingTotalBytes: 256 * 1024 * 1024,
  // The kernel would try for two minutes; no caller of an API waits that long.
  connectMs: 5_000,
  // A request head sent slower than this is an attack (slow loris) or a dead peer.
  headMs: 15_000,
  // Each silent caller costs the service a connection too. Pools that connect ahead come back within this; a server that speaks
  // first (its bytes count) is done with it at once.
  firstByteMs: 60_000,
  // As other transparent proxies: long polls and quiet WebSockets live, forgotten sockets do not.
  idleMs: 3_600_000,
  // A reader that takes nothing for this long is gone; until then backpressure keeps it cheap.
  stallMs: 300_000,
  // Closing with unread input sends RST, which destroys our answer in the peer's buffer.
  lingerMs: 2_000,
  // Whoever has just been answered asks again at once: a request that meets our FIN is lost. Pools come back within this or pause for long.
  quietMs: 1_000,
  // Twice what kubelet lets run on a large node; their counters take 64 bytes each.
  inlinePods: 512,
  // More than descriptors ever allow: it is they that decide, unless somebody wants fewer.
  openConnections: 1_000_000,
  // Policies, recordings, feed subscribers and /proc are opened by main: traffic must not take the last descriptor from them.
  reservedDescriptors: 64,
  // About 13,000 records of 600 bytes: half a second of a stalled main thread at 25,000 requests/s.
  ringBytes: 8 * 1024 * 1024,
  // The screen repaints at most 15 times a second; waking main for every record costs more than the record.
  drainEveryMs: 20,
  // About 5 ms of main's time: keys come first.
  drainedPerTurn: 2_000,
  // Nobody reads a thousand heads a second, and a policy's preview needs no more; at 25,000 requests/s the rest would cost main
  // more than forwarding costs the worker.
  detailedPerSecond: 1_000,
  // Of its own, so that ordinary load hides no attack and an attack hides no ordinary traffic.
  detailedTroublePerSecond: 1_000,
};

/** The defaults with what the caller overrides. */
export function resolveLimits(overrides: Partial<DataPlaneLimits> | undefined): DataPlaneLimits {
  return { ...defaultLimits, ...overrides };
}
