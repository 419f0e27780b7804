// What every verb gets from the program: streams, environment, and a way to say how it ended. Keeps verbs testable.
import type { Supervised } from '../agent/supervisor/marker.ts';
import type { LineWriter } from './output/writer.ts';

/** The outside of one run of the program, as verbs may use it. */
export interface CommandContext {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /** Lines for the reader of standard output. */
  readonly out: LineWriter;
  /** A sentence for the person, on standard error. */
  readonly say: (text: string) => void;
  /** Resolves at SIGINT, SIGTERM or SIGHUP, or when the reader of standard output is gone. */
  readonly interrupted: Promise<void>;
  /** Of a verb that a supervisor has started. */
  readonly supervised?: Supervised;
}
