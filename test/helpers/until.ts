// The one wait of all tests: on a condition, for a bounded number of looks. Knows nothing of what is waited for; a wait that is
// longer than it need be on a busy machine is fine, a pause in its place is not.
import { setTimeout as pause } from 'node:timers/promises';

/** What a look may answer: anything but `undefined` and `false` ends the wait. */
type Look<T> = T | undefined | false;

/** Between two looks, ms; short, because most conditions hold after a few. */
const pauseMs = 10;
/** About 20 s of pauses: less than any test may take, so that the wait says what was missing rather than the runner's clock. */
const mostLooks = 2_000;

/**
 * Looks until `look` answers something, and returns that.
 * @param what the condition in words, for the message of the failure.
 * @param looks at most so many; fewer where one look takes long.
 * @throws Error naming `what` when it never held.
 */
export async function until<T>(
  what: string,
  look: () => Look<T> | Promise<Look<T>>,
  looks = mostLooks,
): Promise<T> {
  for (let tries = 0; tries < looks; tries += 1) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await pause(pauseMs);
  }
  throw new Error(`never happened: ${what}`);
}

/** Looks until the assertions in `check` pass; throws what they say when they never do. */
export async function untilPasses(check: () => void): Promise<void> {
  for (let tries = 1; tries < mostLooks; tries += 1) {
    try {
      check();
      return;
    } catch {
      await pause(pauseMs);
    }
  }
  check();
}
