// Tests that not every machine can run: skipped with the reason in their name, which the closing count repeats. A skip that
// names no reason cannot be written with these, and `test/skips.test.ts` sees to it that only these are used.
import { describe, test } from 'vitest';

/** `reason`: what this machine lacks, '' when nothing. */
const named = (name: string, reason: string): string =>
  reason === '' ? name : `${name} (skipped: ${reason})`;

/** `test`, skipped when `reason` says something. */
export const testUnless =
  (reason: string) =>
  (name: string, run: () => void | Promise<void>): void => {
    test.skipIf(reason !== '')(named(name, reason), run);
  };

/** `describe`, skipped when `reason` says something. */
export const describeUnless =
  (reason: string) =>
  (name: string, inside: () => void): void => {
    describe.skipIf(reason !== '')(named(name, reason), inside);
  };

/** `holds ? '' : reason`, for conditions that are about presence. */
export const lacking = (holds: boolean, reason: string): string => (holds ? '' : reason);
