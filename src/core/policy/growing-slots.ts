// Open addressing over things that only come: slots that are filled as they come, and made anew when there are twice as many. The same slots as
// filling them all at the end.
import { slotsFor } from './hash.ts';

/** Slots of things numbered from 0; a slot holds a number plus 1, or 0. */
export interface GrowingSlots {
  /** The next number. */
  add(): void;
  /** As they are now; changes with the next `add`. */
  slots(): Int32Array;
}

/** `hashOf` a number that was added, for ever the same. */
export function createGrowingSlots(hashOf: (index: number) => number): GrowingSlots {
  let slots = new Int32Array(slotsFor(0));
  let count = 0;
  const put = (index: number): void => {
    let slot = hashOf(index) & (slots.length - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
    slots[slot] = index + 1;
  };
  return {
    add() {
      count += 1;
      const size = slotsFor(count);
      if (size === slots.length) put(count - 1);
      else {
        slots = new Int32Array(size);
        for (let index = 0; index < count; index += 1) put(index);
      }
    },
    slots: () => slots,
  };
}
