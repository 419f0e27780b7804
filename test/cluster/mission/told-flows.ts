// The flows in what `observe -o ndjson` has written so far. A last line without an end is not whole yet.
import type { ApiEvent, FlowEvent } from '../../../src/core/model/event.ts';

/** In the order in which they were told. */
export const toldFlows = (written: string): readonly FlowEvent[] =>
  written
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      const event = JSON.parse(line) as ApiEvent;
      return event.type === 'flow' ? [event] : [];
    });
