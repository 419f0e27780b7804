// Gives the data plane's thread precedence over this one: events can wait for a moment, requests cannot. For programs without a screen;
// where this thread also draws, keys come first and it must not be called.
import { getPriority, setPriority } from 'node:os';
import { setFlagsFromString } from 'node:v8';

/**
 * Nice value of the main thread. 5 is a third of the worker's weight: on one contended core main still gets a quarter, which is what
 * the events of a saturated worker cost (about 4 of 18 µs a request); at 10 it fell behind and events were lost.
 */
const mainNice = 5;

/**
 * Lowers the calling thread only (on Linux a priority belongs to a thread), so it must be called after the worker was started: threads
 * inherit it. Also collects young garbage on one thread: V8's helpers took turns with the worker on its core and cost more than they
 * saved (1.0 → 0.3 µs a request in all other threads).
 */
export function yieldProcessor(): void {
  setFlagsFromString('--no-parallel-scavenge');
  // Whoever started us nicer still has a reason, and going back is not allowed.
  if (getPriority() < mainNice) setPriority(mainNice);
}
