// Learns route templates from the paths that really succeed: ids, uuids, hashes and dates become `{id}` and `{date}`.
// Works on bytes; knows no HTTP beyond "a path and a status".

/** Bounds of what is remembered; beyond them a template is still computed, only no longer remembered. */
export interface RouteLimits {
  /** Destinations (listeners) with a catalogue of their own. */
  readonly destinations: number;
  /** Literal nodes of one destination's tree. */
  readonly nodesPerDestination: number;
  /** Distinct literal children of one node before further ones become `{id}`. */
  readonly literalsPerNode: number;
  /** Path bytes looked at; longer paths share the template of what was looked at, ending in `{rest}`. */
  readonly pathBytes: number;
}

export interface RouteLearner {
  /** Template of `bytes[pathStart, pathEnd)` (a path without query) by what is known now. Learns nothing. */
  routeOf(destination: number, bytes: Uint8Array, pathStart: number, pathEnd: number): string;
  /** An answer with `status` came for that path: grows the catalogue when it shows that the route exists. */
  learn(destination: number, bytes: Uint8Array, pathStart: number, pathEnd: number, status: number): void;
}

export declare function createRouteLearner(limits?: Partial<RouteLimits>): RouteLearner;
