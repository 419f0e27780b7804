// The terminal's input as ink reads it: the same characters, with the end put in of a paste that has none.
import { Readable } from 'node:stream';
import { createPasteWatch, pasteLimits } from './keys/paste-end.ts';

/** What is needed of the real input. */
export type TerminalInput = Pick<
  NodeJS.ReadStream,
  'setEncoding' | 'setRawMode' | 'resume' | 'ref' | 'unref' | 'isTTY' | 'on' | 'off'
>;

/** A stream for ink in place of the real one. */
export interface InkInput {
  readonly stream: NodeJS.ReadStream;
  /** Reads no more; the real input stays open. */
  close(): void;
}

/** Reads the terminal from now on. `clock` is monotonic milliseconds. */
export function createInkInput(input: TerminalInput, clock: () => number): InkInput {
  const watch = createPasteWatch();
  const readable = new Readable({ read: () => undefined, encoding: 'utf8' });
  let timer: NodeJS.Timeout | undefined;
  const hand = (text: string): void => {
    if (text !== '') readable.push(text);
  };
  const take = (chunk: string): void => {
    clearTimeout(timer);
    hand(watch.pass(chunk, clock()));
    if (watch.isOpen) timer = setTimeout(() => hand(watch.silence()), pasteLimits.silenceMs);
  };
  input.setEncoding('utf8');
  input.on('data', take);
  // A terminal before this one has paused it when it left.
  input.resume();
  const stream = Object.assign(readable, {
    isTTY: input.isTTY,
    setRawMode: (raw: boolean) => input.setRawMode(raw),
    ref: () => input.ref(),
    unref: () => input.unref(),
  });
  return {
    // Ink asks for no more of a ReadStream than this.
    stream: stream as Readable & Partial<NodeJS.ReadStream> as NodeJS.ReadStream,
    close() {
      clearTimeout(timer);
      input.off('data', take);
      readable.destroy();
    },
  };
}
