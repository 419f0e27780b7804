// Runs preview jobs between frames in slices of a few milliseconds, so that keys and paints come first.
import { AppError } from '../core/model/app-error.ts';
import type { Msg } from './state/msg.ts';
import type { PreviewJob } from './state/preview-job.ts';

/** The previews under way, by their number. */
export interface PreviewRunner {
  /** Begins a job; `make` may throw AppError, which becomes `preview.failed`. */
  start(job: number, make: () => PreviewJob): void;
  cancel(job: number): void;
  close(): void;
}

/** Milliseconds of one slice, flows per step within it, and between two reports of progress. */
const limits = { sliceMs: 8, step: 100, reportMs: 100 } as const;

interface Running {
  readonly job: number;
  readonly work: PreviewJob;
  reportedMs: number;
  /** Reading is under way: nothing to do until it has come. */
  waiting: boolean;
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The jobs under way, and where they report. */
interface Jobs {
  readonly running: Running[];
  readonly dispatch: (message: Msg) => void;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** Work goes on in a later turn of the event loop. */
  readonly schedule: () => void;
}

function finish({ running, dispatch }: Jobs, entry: Running, message: Msg): void {
  const at = running.indexOf(entry);
  if (at >= 0) running.splice(at, 1);
  dispatch(message);
}

/** Wakes again once what is awaited has come. */
function rest({ schedule }: Jobs, entry: Running, wait: Promise<void>): void {
  entry.waiting = true;
  void wait.then(() => {
    entry.waiting = false;
    schedule();
  });
}

function report({ dispatch, clock }: Jobs, entry: Running, done: number): void {
  if (clock() - entry.reportedMs < limits.reportMs) return;
  entry.reportedMs = clock();
  dispatch({ type: 'preview.progress', job: entry.job, done, total: entry.work.total });
}

function slice(jobs: Jobs, entry: Running): void {
  const untilMs = jobs.clock() + limits.sliceMs;
  for (;;) {
    const { done, result, wait } = entry.work.step(limits.step);
    if (result) {
      finish(jobs, entry, { type: 'preview.done', job: entry.job, result });
      return;
    }
    if (wait) rest(jobs, entry, wait);
    else if (jobs.clock() < untilMs) continue;
    report(jobs, entry, done);
    return;
  }
}

function turn(jobs: Jobs): void {
  const entry = jobs.running.find((each) => !each.waiting);
  if (!entry) return;
  try {
    slice(jobs, entry);
  } catch (error) {
    entry.work.stop?.();
    if (!(error instanceof AppError)) throw error;
    finish(jobs, entry, { type: 'preview.failed', job: entry.job, message: sentenceOf(error) });
  }
  jobs.schedule();
}

function begin({ running, dispatch, clock, schedule }: Jobs, job: number, make: () => PreviewJob): void {
  try {
    running.push({ job, work: make(), reportedMs: clock(), waiting: false });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    queueMicrotask(() => {
      dispatch({ type: 'preview.failed', job, message: sentenceOf(error) });
    });
  }
  schedule();
}

/** A runner that reports through `dispatch`; `clock` is monotonic milliseconds. */
export function createPreviewRunner(dispatch: (message: Msg) => void, clock: () => number): PreviewRunner {
  const running: Running[] = [];
  let scheduled: NodeJS.Immediate | undefined;
  const schedule = (): void => {
    if (!running.some((entry) => !entry.waiting)) return;
    scheduled ??= setImmediate(() => {
      scheduled = undefined;
      turn(jobs);
    });
  };
  const jobs: Jobs = { running, dispatch, clock, schedule };
  return {
    start: (job, make) => begin(jobs, job, make),
    cancel(job) {
      const at = running.findIndex((entry) => entry.job === job);
      if (at < 0) return;
      running[at]?.work.stop?.();
      running.splice(at, 1);
    },
    close() {
      for (const entry of running.splice(0)) entry.work.stop?.();
      if (scheduled) clearImmediate(scheduled);
    },
  };
}
