// What the brain of a connection tells the shell to do: calls on one reused sink, executed in order, allocating nothing.
// Knows no socket; io/kernel implements it for the epoll loop, tests implement it as a log.
import type { Exchange } from './exchange.ts';

/** The two ends of a proxied connection. */
export type Side = 'client' | 'upstream';

/** What a connection asks of whoever owns the sockets; one reused object per connection, called synchronously. */
export interface CommandSink {
  /** Queue `bytes[start, end)` towards `to`. The shell copies what it cannot write at once; the caller may reuse the buffer. */
  send(to: Side, bytes: Uint8Array, start: number, end: number): void;
  /** Half-close towards `to` once all queued bytes are written. */
  shutdown(to: Side): void;
  /** Close both sides once all queued bytes are written (to the client after our own answer). */
  close(): void;
  /** Abort both sides at once (RST). */
  reset(): void;
  /** Stop reading from `from` until `resume`: a later request must wait for an earlier answer. */
  hold(from: Side): void;
  /** Read from `from` again. */
  resume(from: Side): void;
  /** Open the upstream leg if it is not yet open; refused or timed out comes back as an event. */
  connect(): void;
  /** Hand over a finished (or opaque, or cut) exchange. It is reused after the call returns: encode it now. */
  observe(exchange: Exchange): void;
}
