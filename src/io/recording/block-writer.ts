// Appends texts to a file as zstd frames, in order, off the main thread; counts what waits. Knows no event and no format.
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import { zstdParams } from './recording-format.ts';

/** A queue of frames on their way to the disk. */
export interface BlockWriter {
  /** Queues one text; `onPlaced` gets the offset of its frame. After a failure it does nothing. */
  append(text: string, onPlaced: (offset: number) => void): void;
  /** Queues bytes made from where the previous frames end. */
  appendRaw(make: (offset: number) => Buffer): void;
  /** Characters queued and not yet written. */
  waitingChars(): number;
  bytes(): number;
  /** Resolves when all of the queue is written; rejects with the first failure of the disk. */
  drained(): Promise<void>;
}

const compress = promisify(zstdCompress);

/** `onFailure` is called once, at once. */
export function createBlockWriter(handle: FileHandle, onFailure: (error: unknown) => void): BlockWriter {
  let offset = 0;
  let waiting = 0;
  const { enqueue, drained } = createDiskQueue(onFailure);
  const put = async (bytes: Buffer): Promise<void> => {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
      done += bytesWritten;
    }
    offset += bytes.length;
  };
  return {
    append(text, onPlaced) {
      waiting += text.length;
      enqueue(async () => {
        const frame = await compress(text, zstdParams);
        const at = offset;
        await put(frame);
        waiting -= text.length;
        onPlaced(at);
      });
    },
    appendRaw: (make) => enqueue(() => put(make(offset))),
    waitingChars: () => waiting,
    bytes: () => offset,
    drained,
  };
}

interface DiskQueue {
  readonly enqueue: (work: () => Promise<void>) => void;
  readonly drained: () => Promise<void>;
}

/** One piece of work after the other; the first that fails is told, and nothing is done after it. */
function createDiskQueue(onFailure: (error: unknown) => void): DiskQueue {
  let failure: { readonly error: unknown } | undefined;
  let queue = Promise.resolve();
  return {
    enqueue: (work) => {
      queue = queue.then(async () => {
        if (failure !== undefined) return;
        try {
          await work();
        } catch (error) {
          failure = { error };
          onFailure(error);
        }
      });
    },
    drained: async () => {
      await queue;
      if (failure !== undefined) throw failure.error;
    },
  };
}
