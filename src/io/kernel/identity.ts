// Who calls, as the data thread asks it: an address' peer as the directory has it now. A port: the worker brings the directory.
import type { Peer } from '../../core/model/identity.ts';
import { createStrangers } from '../../core/model/stranger.ts';

/** The peer behind an address. */
export interface Who {
  readonly peer: Peer;
  /** Its number in the directory; -1 for a stranger. */
  readonly index: number;
}

/** The directory in force, replaced between two events. */
export interface Identity {
  /** Grows with every change: what was asked before may be answered otherwise now. */
  readonly generation: number;
  /** `host`: an address without port. The same object for the same peer. */
  find(host: string): Who;
}

/** A directory without entries: everybody is a stranger. */
export function createEmptyIdentity(): Identity {
  const strangerOf = createStrangers();
  return { generation: 0, find: (host) => ({ peer: strangerOf(host), index: -1 }) };
}
