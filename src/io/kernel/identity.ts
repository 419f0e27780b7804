// Who calls, as the data thread asks it: an address' peer as the directory has it now, or a stranger by its address.
import { isEnrolled, type Directory } from '../../core/model/directory.ts';
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
  /** Whether what is at the address is enrolled, and so reported by its own agent. */
  isEnrolled(host: string): boolean;
}

/** Answers as the directory has it at the moment. */
export function createIdentity(
  directory: Pick<Directory, 'generation' | 'entry' | 'peerOf' | 'peer'>,
): Identity {
  const strangerOf = createStrangers();
  return {
    get generation() {
      return directory.generation;
    },
    find(host) {
      const index = directory.peerOf(host);
      const peer = directory.peer(index);
      return peer === undefined ? { peer: strangerOf(host), index: -1 } : { peer, index };
    },
    isEnrolled: (host) => isEnrolled(directory.entry(host)),
  };
}
