// The supervised process's end of its lifeline: gives the main thread's signs of life, and hears when the supervisor lets go. An order to stop
// and a supervisor that was killed look the same, on purpose: in both cases the agent drains, cleans up and ends.
import { Socket } from 'node:net';
import { mainSignEveryMs } from './supervisor-limits.ts';

/** A held line. Keeps no process alive. */
export interface Lifeline {
  /** Resolves when the supervisor has let go. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Takes over the descriptor. */
export function holdLifeline(fd: number): Lifeline {
  const socket = new Socket({ fd, readable: true, writable: true });
  const ended = new Promise<void>((resolve) => {
    socket.once('end', resolve).once('close', resolve);
  });
  // It is told as the line's end.
  socket.on('error', () => undefined);
  socket.resume().unref();
  const sign = (): void => {
    // A supervisor that does not read (it is stopped) costs one byte of ours, not one a second.
    if (socket.writable && socket.writableLength === 0) socket.write('.');
  };
  sign();
  const timer = setInterval(sign, mainSignEveryMs).unref();
  return {
    ended,
    close() {
      clearInterval(timer);
      socket.destroy();
    },
  };
}
