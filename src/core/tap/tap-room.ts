// What all taps of one worker share of its memory: a flood towards many pods must not take as many times what one pod may have. Counts only;
// knows no connection.

/** Bounds over all taps of a worker. */
export interface TapRoomLimits {
  /** Connections followed at once; a tap that has fewer than `floor` may go on nevertheless. */
  readonly connections: number;
  /** Connections that a pod is never denied: others' floods must not blind it. */
  readonly floor: number;
  /** Bytes of segments that wait for what lies before them, each counted with what an object costs. */
  readonly waitingBytes: number;
  /** Bytes kept for exchanges under way: heads not whole yet, requests without their answers, windows of bodies. */
  readonly keptBytes: number;
  /** What one connection may keep when `keptBytes` are exceeded: a request and its answer as they usually are. */
  readonly shareBytes: number;
}

/**
 * Used where nothing else is said. Measured: 0.8 KiB a connection before its first payload, 3 KiB from then on, read or opaque. So 110 pods
 * under a flood take 47,000 connections with 150 MB while they are idle, and 430 MB in the worst case, where each keeps its share and
 * everything else is full. One pod alone: 8,192 connections, 25 MB and at most 100 MB more.
 */
export const tapRoomLimits: TapRoomLimits = {
  connections: 32_768,
  floor: 128,
  waitingBytes: 32 * 1024 * 1024,
  keptBytes: 64 * 1024 * 1024,
  shareBytes: 4 * 1024,
};

/** What is taken now; whoever takes adds, and gives back the same. */
export interface TapRoom {
  readonly limits: TapRoomLimits;
  connections: number;
  waitingBytes: number;
  keptBytes: number;
}

/** One per worker. */
export const createTapRoom = (limits: Partial<TapRoomLimits> = {}): TapRoom => ({
  limits: { ...tapRoomLimits, ...limits },
  connections: 0,
  waitingBytes: 0,
  keptBytes: 0,
});
