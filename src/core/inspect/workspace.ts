// What all connections of one worker share: scratch for heads being read, slots for exchanges under way, room for an answer.
// Taken and given back, so an idle connection holds none of it and the common request allocates none.
import { createCanonicalPath, type CanonicalPath } from '../policy/canonical-path.ts';
import { answerBytes } from '../protocol/http1/answers.ts';
import { createHeadPool, type HeadPool } from '../protocol/http1/head-pool.ts';
import { newSlot, resetSlot, type Slot } from './slot.ts';

/** Taken from and given back by the conversations of one worker, one at a time. */
export interface Workspace {
  readonly heads: HeadPool;
  /** Where our own answers are written before they are sent. */
  readonly answer: Uint8Array;
  /** Routes go by it. */
  readonly path: CanonicalPath;
  takeSlot(): Slot;
  giveSlot(slot: Slot): void;
}

/** Slots kept for reuse (at most about 24 KiB each, 1.5 KiB as a rule); more concurrent exchanges than that allocate. */
const keptSlots = 256;

/** One per worker. */
export function createWorkspace(): Workspace {
  const free: Slot[] = [];
  return {
    heads: createHeadPool(),
    path: createCanonicalPath(),
    answer: new Uint8Array(answerBytes),
    takeSlot: () => free.pop() ?? newSlot(),
    giveSlot: (slot) => {
      if (free.length >= keptSlots) return;
      resetSlot(slot);
      free.push(slot);
    },
  };
}
