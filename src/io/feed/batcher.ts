// Collects events into frames that all subscribers share: each event is serialised once and each frame encoded once.
// Knows no socket.
import type { ApiEvent } from '../../core/model/event.ts';
import { batchHead, batchTail } from './batch-lines.ts';
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

/** Encodes serialised events as one frame. */
export function encodeBatch(serialised: readonly string[]): Frame {
  return {
    bytes: Buffer.from(`${batchHead}${serialised.join(',\n')}${batchTail}`),
    count: serialised.length,
  };
}

/** Emits at the latest `flushMs` after the first waiting event, sooner when the frame is full. */
export function createBatcher(limits: FeedServerLimits, emit: (frame: Frame) => void): Batcher {
  let waiting: string[] = [];
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    const frame = encodeBatch(waiting);
    waiting = [];
    length = 0;
    emit(frame);
  };
  return {
    push(event) {
      const text = JSON.stringify(event);
      waiting.push(text);
      length += text.length;
      if (waiting.length >= limits.batchEvents || length >= limits.batchBytes) flush();
      else timer ??= setTimeout(flush, limits.flushMs);
    },
    flush,
  };
}
