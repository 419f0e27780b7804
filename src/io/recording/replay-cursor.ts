// A place in a recording from which events are taken as the clock passes them; holds one block. Knows no wall clock.
// The time of an event here is the greatest event time so far: order of arrival is kept, although a flow is dated by its request.
import type { ApiEvent } from '../../core/model/event.ts';
import type { Damage, RecordingFile } from './recording-file.ts';
import type { RecordingIndex } from './recording-format.ts';

/** What one step took. */
export interface Taken {
  readonly events: readonly ApiEvent[];
  /** Clock of the last event taken so far. */
  readonly atMs: number;
  /** `behind`: more events are due than the budget allowed. `ended`: nothing follows. */
  readonly state: 'waiting' | 'behind' | 'ended';
  readonly damage?: Damage;
}

/** A place in the recording that only moves on. */
export interface ReplayCursor {
  /** Events up to and including `untilMs`, at most `budget`. */
  take(untilMs: number, budget: number): Promise<Taken>;
}

interface TimedBlock {
  readonly events: readonly ApiEvent[];
  readonly times: readonly number[];
  readonly damage?: Damage;
}

/** Begins with the first event of block `firstBlock`. */
export function createCursor(file: RecordingFile, index: RecordingIndex, firstBlock: number): ReplayCursor {
  let nextBlock = firstBlock;
  let current: TimedBlock = { events: [], times: [] };
  let position = 0;
  let atMs = index.blocks[firstBlock]?.startMs ?? index.blocks.at(-1)?.endMs ?? 0;
  let lastTime: string | undefined;
  return {
    async take(untilMs, budget) {
      const events: ApiEvent[] = [];
      for (;;) {
        while (position < current.events.length) {
          const event = current.events[position];
          const time = current.times[position] ?? atMs;
          if (event === undefined || time > untilMs) return { events, atMs, state: 'waiting' };
          if (events.length >= budget) return { events, atMs, state: 'behind' };
          events.push(event);
          atMs = time;
          lastTime = event.time;
          position += 1;
        }
        if (current.damage !== undefined) return { events, atMs, state: 'ended', damage: current.damage };
        if (nextBlock >= index.blocks.length) return { events, atMs, state: 'ended' };
        current = await loadBlock(file, index, { block: nextBlock, lastTime });
        nextBlock += 1;
        position = 0;
      }
    },
  };
}

/** One block with the clock of each of its events. */
export async function loadBlock(
  file: RecordingFile,
  index: RecordingIndex,
  { block, lastTime }: { readonly block: number; readonly lastTime?: string | undefined },
): Promise<TimedBlock> {
  const row = index.blocks[block];
  if (row === undefined) return { events: [], times: [] };
  const read = await file.read(row.offset, lastTime);
  if (read.type === 'end') return { events: [], times: [] };
  if (read.type === 'damage') return { events: [], times: [], damage: read.damage };
  let clockMs = index.blocks[block - 1]?.endMs ?? row.startMs;
  const times = read.events.map((event) => {
    const timeMs = Date.parse(event.time);
    if (timeMs > clockMs) clockMs = timeMs;
    return clockMs;
  });
  return { events: read.events, times, ...(read.damage && { damage: read.damage }) };
}
