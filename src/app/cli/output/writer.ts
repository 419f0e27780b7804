// Standard output for verbs: waits when the reader is slow, ends quietly when it has gone (EPIPE). Knows no format.
import type { Writable } from 'node:stream';

export interface LineWriter {
  line(text: string): void;
  /** Resolves when the reader has taken what was written so far. */
  drained(): Promise<void>;
  /** True once the reader is gone: stop producing. */
  readonly closed: () => boolean;
  /** Called once when the reader goes. */
  onClosed(listener: () => void): void;
}

/** Wraps a stream, normally process.stdout. */
export function createLineWriter(stream: Writable): LineWriter {
  let gone = false;
  const listeners: (() => void)[] = [];
  const leave = (): void => {
    if (gone) return;
    gone = true;
    listeners.forEach((listener) => listener());
  };
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    leave();
  });
  stream.on('close', leave);
  return {
    line(text) {
      if (!gone) stream.write(`${text}\n`);
    },
    drained() {
      if (gone || !stream.writableNeedDrain) return Promise.resolve();
      return new Promise((resolve) => {
        const done = (): void => {
          stream.off('drain', done);
          resolve();
        };
        stream.once('drain', done);
        listeners.push(done);
      });
    },
    closed: () => gone,
    onClosed(listener) {
      if (gone) listener();
      else listeners.push(listener);
    },
  };
}
