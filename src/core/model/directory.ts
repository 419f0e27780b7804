// Who has which address, for the threads that carry or watch traffic: a compact table, looked up by the address's bytes without
// allocating, kept up by small updates. Peers are interned: their index is never reused, and the same object is the same peer.
import type { Peer } from './identity.ts';

/** A change of the directory, as it crosses to a worker. */
export interface DirectoryUpdate {
  /** Grows with every update. */
  readonly generation: number;
  /** Index of the first of `peers`; all before are known. */
  readonly firstPeer: number;
  readonly peers: readonly Peer[];
  /** Four words an address, as `parseAddress` gives them (IPv4 mapped). */
  readonly addresses: Uint32Array;
  /** One an address: what it is now, `entryOf(...)`, or -1: nobody's any more. */
  readonly entries: Int32Array;
}
