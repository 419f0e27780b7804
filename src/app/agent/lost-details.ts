// Counts flows whose details were over the budget, so that the gap is told: once per second, as one `lost` event.
import type { FlowEvent, LostEvent } from '../../core/model/event.ts';

export interface LostDetails {
  count(flow: FlowEvent): void;
  /** The event for what was counted since the last call; undefined when nothing was. */
  taken(nowMs: number): LostEvent | undefined;
}

export function createLostDetails(): LostDetails {
  let light = 0;
  return {
    count: (flow) => {
      if (flow.light === true) light += 1;
    },
    taken: (nowMs) => {
      if (light === 0) return undefined;
      const count = light;
      light = 0;
      return { type: 'lost', time: new Date(nowMs).toISOString(), where: 'details', count };
    },
  };
}
