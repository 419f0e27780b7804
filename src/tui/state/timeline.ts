// How much happened when over a whole recording, for the time axis: bins filled by what has been played so far.
// A seek plays parts again; a bin keeps its fullest pass, so nothing is counted twice.
import type { FindingEvent, FlowEvent } from '../../core/model/event.ts';
import type { ReplayPosition } from '../../core/model/feed-port.ts';
import type { Timeline } from './data-view.ts';

const binCount = 400;
const markLimit = 500;

export interface TimelineStore {
  readonly view: Timeline | undefined;
  position(position: ReplayPosition, reset: boolean): void;
  add(flow: FlowEvent, timeMs: number): void;
  mark(event: FindingEvent, timeMs: number): void;
}

interface Bins {
  readonly startMs: number;
  readonly endMs: number;
  readonly best: Float64Array;
  readonly bestRefused: Float64Array;
  readonly pass: Float64Array;
  readonly passRefused: Float64Array;
}

function keepBest(bins: Bins): void {
  for (let bin = 0; bin < binCount; bin++) {
    bins.best[bin] = Math.max(bins.best[bin] ?? -1, bins.pass[bin] ?? -1);
    bins.bestRefused[bin] = Math.max(bins.bestRefused[bin] ?? 0, bins.passRefused[bin] ?? 0);
  }
  bins.pass.fill(-1);
  bins.passRefused.fill(0);
}

/** Nothing known until the first position arrives. */
export function createTimeline(): TimelineStore {
  let bins: Bins | undefined;
  const marks = new Map<string, { timeMs: number; severity: FindingEvent['severity'] }>();
  /** Newest bin of this pass; what lies between it and the next one was played and is empty. */
  let reached = -1;
  const touch = (bins: Bins, bin: number): void => {
    const from = reached >= 0 && reached < bin ? reached + 1 : bin;
    for (let each = from; each <= bin; each++) bins.pass[each] = Math.max(0, bins.pass[each] ?? 0);
    reached = Math.max(reached, bin);
  };
  const binOf = (timeMs: number): number => {
    if (!bins) return -1;
    const share = (timeMs - bins.startMs) / Math.max(1, bins.endMs - bins.startMs);
    return Math.min(binCount - 1, Math.max(0, Math.floor(share * binCount)));
  };
  return {
    get view() {
      if (!bins) return undefined;
      const { best, pass, bestRefused, passRefused } = bins;
      return {
        startMs: bins.startMs,
        endMs: bins.endMs,
        bins: Array.from(best, (value, bin) => {
          const most = Math.max(value, pass[bin] ?? -1);
          return most < 0 ? undefined : most;
        }),
        refused: Array.from(bestRefused, (value, bin) => Math.max(value, passRefused[bin] ?? 0)),
        marks: [...marks.values()],
      };
    },
    position(position, reset) {
      if (bins?.startMs !== position.startMs || bins.endMs !== position.endMs) {
        reached = -1;
        bins = {
          startMs: position.startMs,
          endMs: position.endMs,
          best: new Float64Array(binCount).fill(-1),
          bestRefused: new Float64Array(binCount),
          pass: new Float64Array(binCount).fill(-1),
          passRefused: new Float64Array(binCount),
        };
      } else if (reset) {
        keepBest(bins);
        reached = -1;
      }
      // After a seek the window before the clock follows, oldest first: it is not known yet what is in it.
      if (!reset) touch(bins, binOf(position.nowMs));
    },
    add(flow, timeMs) {
      const bin = binOf(timeMs);
      if (!bins || bin < 0) return;
      touch(bins, bin);
      bins.pass[bin] = (bins.pass[bin] ?? 0) + 1;
      const refused = flow.verdict.action === 'block' || flow.verdict.action === 'throttle';
      if (refused) bins.passRefused[bin] = (bins.passRefused[bin] ?? 0) + 1;
    },
    mark(event, timeMs) {
      if (marks.size < markLimit || marks.has(event.id))
        marks.set(event.id, { timeMs, severity: event.severity });
    },
  };
}
