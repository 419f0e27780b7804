// Something else that the loop reads besides its connections, such as the rings of the tap. A port: the loop knows no more of it.

/** Read and ticked by the loop, on its thread; must return soon, as whatever holds the loop holds all connections. */
export interface LoopSource {
  /** Watched for input, level-triggered; may itself be an epoll. Not closed by the loop. */
  readonly fd: number;
  /** There is input; take a bounded part of it. */
  onReadable(): void;
  /** About ten times a second, whether or not there was input; epoch ms. */
  tick(nowMs: number): void;
  /** The loop has ended: let go of everything. */
  close(): void;
}
