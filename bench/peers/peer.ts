// What a proxy must be able to do to be measured. Knows no proxy.
import type { LoadPlace } from '../load/place.ts';

export interface PeerSetup {
  readonly upstreamPort: number;
  /** How many rules it must judge each request by: refuse GET-able paths below `/admin-<i>/`, none of which matches the load. */
  readonly rules: number;
  /** A throttle beside them, on each caller, that the load does not reach. */
  readonly throttle?: boolean;
  /** The pod it works in, as `ip netns` knows it, and the address others call; absent: this machine's loopback. */
  readonly pod?: LoadPlace;
  /** For its configuration files; removed after the run. */
  readonly directory: string;
}

export interface RunningPeer {
  readonly port: number;
  /** From where it is called, when not from this machine's own network. */
  readonly place?: LoadPlace;
  /** Its processes; CPU and memory are summed over them. Empty for direct. */
  readonly pids: () => readonly number[];
  /** What it printed; read by the allocation measurement only. */
  readonly output?: () => string;
  /** Ours: events dropped so far, because a figure with lost events is not the whole cost. */
  readonly lost?: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

export interface Peer {
  readonly name: string;
  readonly start: (setup: PeerSetup) => Promise<RunningPeer>;
}

/** The path prefix that rule `index` refuses. */
export const refusedPrefix = (index: number): string => `/admin-${index}/`;

/** `count` results of `of`. */
export const times = <T>(count: number, of: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => of(index));

/** Requests per second that no load here reaches. */
export const unreachedRate = 1_000_000;
