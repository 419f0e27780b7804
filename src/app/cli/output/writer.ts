// Standard output for verbs: waits when the reader is slow, ends quietly when it has gone (EPIPE). Knows no format.
import type { Writable } from 'node:stream';

/** Lines for one reader. */
export interface LineWriter {
  line(text: string): void;
  /** Resolves when the reader has taken what was written so far. */
  drained(): Promise<void>;
  /** As `drained`, but undefined when the reader keeps up: what feeds are paced by. */
  ready(): Promise<void> | undefined;
  /** Nobody waits for the reader any more: `drained` resolves at once, now and later. */
  abandon(): void;
  readonly abandoned: () => boolean;
  /** True once the reader is gone: stop producing. */
  readonly closed: () => boolean;
  /** Called once when the reader goes. */
  onClosed(listener: () => void): void;
}

/** What happens to a failure of the stream other than a reader that has gone, such as a full disk. */
type OnFailure = (error: Error) => void;

/** Calls `leave` when nothing more can be written, because nobody reads any more or because of a failure. */
function watchReader(stream: Writable, leave: () => void, onFailure: OnFailure): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') onFailure(error);
    leave();
  });
  stream.on('close', leave);
}

/** Those who wait for a slow reader. */
interface Waiting {
  /** Resolves at the stream's drain, or with `letGo`. */
  wait(): Promise<void>;
  readonly letGo: () => void;
}

function createWaiting(stream: Writable): Waiting {
  const waiting = new Set<() => void>();
  return {
    wait: () =>
      new Promise((resolve) => {
        const done = (): void => {
          stream.off('drain', done);
          waiting.delete(done);
          resolve();
        };
        stream.once('drain', done);
        waiting.add(done);
      }),
    letGo: () => waiting.forEach((done) => done()),
  };
}

/** Wraps a stream, normally process.stdout; a failure is thrown where nobody takes it. */
export function createLineWriter(
  stream: Writable,
  onFailure: OnFailure = (error) => {
    throw error;
  },
): LineWriter {
  let gone = false;
  let abandoned = false;
  const waiting = createWaiting(stream);
  const listeners: (() => void)[] = [];
  const leave = (): void => {
    if (gone) return;
    gone = true;
    waiting.letGo();
    listeners.forEach((listener) => listener());
  };
  watchReader(stream, leave, onFailure);
  const ready = (): Promise<void> | undefined =>
    gone || abandoned || !stream.writableNeedDrain ? undefined : waiting.wait();
  return {
    line(text) {
      if (!gone) stream.write(`${text}\n`);
    },
    ready,
    drained: () => ready() ?? Promise.resolve(),
    abandon() {
      abandoned = true;
      waiting.letGo();
    },
    abandoned: () => abandoned,
    closed: () => gone,
    onClosed(listener) {
      if (gone) listener();
      else listeners.push(listener);
    },
  };
}
