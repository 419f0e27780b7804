// Counts flows whose details were over the budget, so that the gap is told: once per second, as one `lost` event.
import type { LostEvent } from '../../core/model/event.ts';

/** The count of the second in hand. */
export interface LostDetails {
  /** So many flows came without their details. */
  count(flows: number): void;
  /** The event for what was counted since the last call; undefined when nothing was. */
  taken(nowMs: number): LostEvent | undefined;
}

/** Begins at zero. */
export function createLostDetails(): LostDetails {
  let light = 0;
  return {
    count: (flows) => {
      light += flows;
    },
    taken: (nowMs) => {
      if (light === 0) return undefined;
      const count = light;
      light = 0;
      return { type: 'lost', time: new Date(nowMs).toISOString(), where: 'details', count };
    },
  };
}
