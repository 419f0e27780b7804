// Collects events into frames that all subscribers share: each event is serialised once and each frame encoded once.
// Knows no socket.
import type { ApiEvent } from '../../core/model/event.ts';
import { batchHead, batchTail, numberedHead, type BatchNumbers } from './batch-lines.ts';
import type { FeedServerLimits } from './feed-limits.ts';

/** One encoded `batch` frame. The bytes are shared: nobody may write into them. */
export interface Frame {
  readonly bytes: Buffer;
  /** Events in it. */
  readonly count: number;
}

/** Where events wait until a frame is worth sending. */
export interface Batcher {
  readonly push: (event: ApiEvent) => void;
  /** Emit what is waiting, now. */
  readonly flush: () => void;
}

/** How a server numbers its flows and losses: which start it is, and the number of the newest one told. */
export interface Numbering {
  /** Letters, digits and `-`, at most 100. */
  readonly epoch: string;
  readonly sequence: () => number;
}

/** Whether an event has a number: those that are the latest word on something have none. */
export const isNumbered = ({ type }: ApiEvent): boolean => type === 'flow' || type === 'lost';

/** Encodes serialised events as one frame. */
export function encodeBatch(serialised: readonly string[], numbers?: BatchNumbers): Frame {
  const head = numbers === undefined ? batchHead : numberedHead(numbers);
  return {
    bytes: Buffer.from(`${head}${serialised.join(',\n')}${batchTail}`),
    count: serialised.length,
  };
}

/** The numbers of one batch: they must follow each other. */
interface Run {
  /** Of the first numbered event; undefined before it. */
  first: number | undefined;
  count: number;
}

/** False when the event, which is the newest told, does not follow the run. */
function follows(run: Run, numbering: Numbering | undefined): boolean {
  if (numbering === undefined) return true;
  const number = numbering.sequence();
  if (run.first !== undefined && number !== run.first + run.count) return false;
  run.first ??= number;
  run.count += 1;
  return true;
}

/**
 * Emits at the latest `flushMs` after the first waiting event, sooner when the frame is full. With a numbering, each event is pushed
 * right after it got its number.
 */
export function createBatcher(
  limits: FeedServerLimits,
  emit: (frame: Frame) => void,
  numbering?: Numbering,
): Batcher {
  let run: Run = { first: undefined, count: 0 };
  let waiting: string[] = [];
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    const { first } = run;
    const numbers = numbering && first !== undefined ? { epoch: numbering.epoch, first } : undefined;
    const frame = encodeBatch(waiting, numbers);
    run = { first: undefined, count: 0 };
    waiting = [];
    length = 0;
    emit(frame);
  };
  return {
    push(event) {
      if (isNumbered(event) && !follows(run, numbering)) {
        flush();
        follows(run, numbering);
      }
      const text = JSON.stringify(event);
      waiting.push(text);
      length += text.length;
      if (waiting.length >= limits.batchEvents || length >= limits.batchBytes) flush();
      else timer ??= setTimeout(flush, limits.flushMs);
    },
    flush,
  };
}
