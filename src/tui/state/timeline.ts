// How much happened when over a whole recording, for the time axis: what the recording's outline says of all of it, and bins
// filled by what has been played so far.
// A seek plays parts again; a bin keeps its fullest pass, so nothing is counted twice.
import type { FindingEvent, FlowEvent } from '../../core/model/event.ts';
import type { ReplayOutline, ReplayPosition } from '../../core/model/feed-port.ts';
import type { Timeline } from './data-view.ts';

const binCount = 400;
const markLimit = 500;

/**
 * The timeline of one recording as it is learned: from the clock's positions, the flows played and the findings met.
 */
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
  /** Newest bin of this pass; what lies between it and the next one was played and is empty. */
  reached: number;
}

function emptyBins({ startMs, endMs }: ReplayPosition): Bins {
  return {
    startMs,
    endMs,
    best: new Float64Array(binCount).fill(-1),
    bestRefused: new Float64Array(binCount),
    pass: new Float64Array(binCount).fill(-1),
    passRefused: new Float64Array(binCount),
    reached: -1,
  };
}

/** The bin of a time; times outside the recording belong to its first or last. */
function binOf({ startMs, endMs }: Bins, timeMs: number): number {
  const share = (timeMs - startMs) / Math.max(1, endMs - startMs);
  return Math.min(binCount - 1, Math.max(0, Math.floor(share * binCount)));
}

/** This pass has played up to `bin`. */
function touch(bins: Bins, bin: number): void {
  const from = bins.reached >= 0 && bins.reached < bin ? bins.reached + 1 : bin;
  for (let each = from; each <= bin; each++) bins.pass[each] = Math.max(0, bins.pass[each] ?? 0);
  bins.reached = Math.max(bins.reached, bin);
}

function countFlow(bins: Bins, flow: FlowEvent, timeMs: number): void {
  const bin = binOf(bins, timeMs);
  touch(bins, bin);
  bins.pass[bin] = (bins.pass[bin] ?? 0) + 1;
  const refused = flow.verdict.action === 'block' || flow.verdict.action === 'throttle';
  if (refused) bins.passRefused[bin] = (bins.passRefused[bin] ?? 0) + 1;
}

/** The fuller of the best pass and this one, bin by bin. */
function played({ best, pass, bestRefused, passRefused }: Bins): Pick<Timeline, 'bins' | 'refused'> {
  return {
    bins: Array.from(best, (value, bin) => {
      const most = Math.max(value, pass[bin] ?? -1);
      return most < 0 ? undefined : most;
    }),
    refused: Array.from(bestRefused, (value, bin) => Math.max(value, passRefused[bin] ?? 0)),
  };
}

/** A jump ends this pass: what it showed is kept, the next one begins. */
function endPass(bins: Bins): void {
  for (let bin = 0; bin < binCount; bin++) {
    bins.best[bin] = Math.max(bins.best[bin] ?? -1, bins.pass[bin] ?? -1);
    bins.bestRefused[bin] = Math.max(bins.bestRefused[bin] ?? 0, bins.passRefused[bin] ?? 0);
  }
  bins.pass.fill(-1);
  bins.passRefused.fill(0);
  bins.reached = -1;
}

type Span = ReplayOutline['spans'][number];

/** Between two stretches lies the pause between two flows: a short one is no dip in the rate. */
function endOf(span: Span, following: Span | undefined): number {
  const pauseMs = (following?.startMs ?? Infinity) - span.endMs;
  return following && pauseMs * 4 <= span.endMs - span.startMs ? following.startMs : span.endMs;
}

/** Flows of each stretch dealt out evenly over the bins it covers. */
function wholeBins({ startMs, endMs }: Bins, outline: ReplayOutline): readonly number[] {
  const whole = new Float64Array(binCount);
  const binMs = Math.max(1, endMs - startMs) / binCount;
  const place = (timeMs: number): number => Math.min(binCount, Math.max(0, (timeMs - startMs) / binMs));
  for (const [index, span] of outline.spans.entries()) {
    const from = place(span.startMs);
    const until = place(endOf(span, outline.spans[index + 1]));
    const last = Math.min(binCount - 1, Math.floor(until));
    for (let bin = Math.min(binCount - 1, Math.floor(from)); bin <= last; bin++) {
      const share =
        until > from ? Math.max(0, Math.min(until, bin + 1) - Math.max(from, bin)) / (until - from) : 1;
      whole[bin] = (whole[bin] ?? 0) + span.flows * share;
    }
  }
  return [...whole];
}

/** Nothing known until the first position arrives. */
export function createTimeline(): TimelineStore {
  let bins: Bins | undefined;
  let outline: ReplayOutline | undefined;
  let whole: readonly number[] | undefined;
  const marks = new Map<string, Timeline['marks'][number]>();
  const note = (id: string, timeMs: number, severity: FindingEvent['severity']): void => {
    if (marks.size < markLimit || marks.has(id)) marks.set(id, { timeMs, severity });
  };
  /** Once per outline and span, not per position. */
  const learn = (into: Bins, told: ReplayOutline): void => {
    outline = told;
    whole = wholeBins(into, told);
    for (const { id, timeMs, severity } of told.findings) note(id, timeMs, severity);
  };
  return {
    get view() {
      if (!bins) return undefined;
      const { startMs, endMs } = bins;
      return { startMs, endMs, ...played(bins), whole, marks: [...marks.values()] };
    },
    position(position, reset) {
      if (bins?.startMs !== position.startMs || bins.endMs !== position.endMs) {
        outline = undefined;
        bins = emptyBins(position);
      } else if (reset) endPass(bins);
      if (position.outline && position.outline !== outline) learn(bins, position.outline);
      // After a seek the window before the clock follows, oldest first: it is not known yet what is in it.
      if (!reset) touch(bins, binOf(bins, position.nowMs));
    },
    add(flow, timeMs) {
      if (bins) countFlow(bins, flow, timeMs);
    },
    mark: (event, timeMs) => note(event.id, timeMs, event.severity),
  };
}
