// What one batch of readiness brought, until it is handled: whose socket, and which bytes of the shared input buffer (or what else).
// Reused for ever; allocates nothing per event. Knows no epoll and no conversation.
import type { Connection, Leg } from './connection.ts';

/**
 * Bytes of the input buffer, in reads of the largest size: what is read lies packed, so small requests fill it by the hundred and stay in
 * the processor's cache, while large bodies are handled a few at a time.
 */
export const readsPerInput = 4;

/** Reads begin at multiples of a cache line. */
const lineMask = 63;

/** Outcomes of a read besides bytes; a failure is minus its error. */
export const outcome = { ended: 0, nothing: -0x7fffffff } as const;

/** One struct of arrays; the entries are `0 … count-1`. `Whose` is a connection, `Which` its leg. */
export interface ReadBatch<Whose = Connection, Which = Leg> {
  readonly connections: (Whose | undefined)[];
  readonly legs: (Which | undefined)[];
  /** Where in the input buffer the bytes begin. */
  readonly starts: Int32Array;
  /** How many there are, or an `outcome`, or minus the error. */
  readonly lengths: Int32Array;
  count: number;
  /** Offset in the input buffer at which the next read begins. */
  used: number;
}

/** A batch of at most `entries` events. */
export function createReadBatch<Whose = Connection, Which = Leg>(entries: number): ReadBatch<Whose, Which> {
  return {
    connections: new Array<Whose | undefined>(entries).fill(undefined),
    legs: new Array<Which | undefined>(entries).fill(undefined),
    starts: new Int32Array(entries),
    lengths: new Int32Array(entries),
    count: 0,
    used: 0,
  };
}

/** Notes what an event brought; `length` bytes are at `batch.used`, or it is an outcome. */
export function note<Whose, Which>(
  batch: ReadBatch<Whose, Which>,
  connection: Whose,
  leg: Which,
  length: number,
): void {
  const index = batch.count++;
  batch.connections[index] = connection;
  batch.legs[index] = leg;
  batch.starts[index] = batch.used;
  batch.lengths[index] = length;
  if (length > 0) batch.used = (batch.used + length + lineMask) & ~lineMask;
}

/** Everything was handled. */
export function clear<Whose, Which>(batch: ReadBatch<Whose, Which>): void {
  batch.connections.fill(undefined, 0, batch.count);
  batch.legs.fill(undefined, 0, batch.count);
  batch.count = batch.used = 0;
}
