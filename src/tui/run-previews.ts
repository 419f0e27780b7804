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

/** A runner that reports through `dispatch`; `clock` is monotonic milliseconds. */
export function createPreviewRunner(dispatch: (message: Msg) => void, clock: () => number): PreviewRunner {
  const running: Running[] = [];
  let scheduled: NodeJS.Immediate | undefined;

  const finish = (entry: Running, message: Msg): void => {
    const at = running.indexOf(entry);
    if (at >= 0) running.splice(at, 1);
    dispatch(message);
  };
  const slice = (entry: Running): void => {
    const untilMs = clock() + limits.sliceMs;
    for (;;) {
      const { done, result, wait } = entry.work.step(limits.step);
      if (result) {
        finish(entry, { type: 'preview.done', job: entry.job, result });
        return;
      }
      if (wait) rest(entry, wait);
      else if (clock() < untilMs) continue;
      if (clock() - entry.reportedMs >= limits.reportMs) {
        entry.reportedMs = clock();
        dispatch({ type: 'preview.progress', job: entry.job, done, total: entry.work.total });
      }
      return;
    }
  };
  /** Wake again once what is awaited has come. */
  const rest = (entry: Running, wait: Promise<void>): void => {
    entry.waiting = true;
    void wait.then(() => {
      entry.waiting = false;
      schedule();
    });
  };
  const turn = (): void => {
    scheduled = undefined;
    const entry = running.find((each) => !each.waiting);
    if (!entry) return;
    try {
      slice(entry);
    } catch (error) {
      entry.work.stop?.();
      if (!(error instanceof AppError)) throw error;
      finish(entry, { type: 'preview.failed', job: entry.job, message: sentenceOf(error) });
    }
    schedule();
  };
  const schedule = (): void => {
    if (running.some((entry) => !entry.waiting)) scheduled ??= setImmediate(turn);
  };

  return {
    start(job, make) {
      try {
        running.push({ job, work: make(), reportedMs: clock(), waiting: false });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        queueMicrotask(() => {
          dispatch({ type: 'preview.failed', job, message: sentenceOf(error) });
        });
      }
      schedule();
    },
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
