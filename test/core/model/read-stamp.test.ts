// The stamp reader against Date.parse.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createStampReader } from '../../../src/core/model/read-stamp.ts';

const digits = (most: number, length: number): fc.Arbitrary<string> =>
  fc.nat(most).map((number) => String(number).padStart(length, '0'));

/** Most of them stamps, some just none: day 0 and 32, hour 25, second 61. */
const near = fc
  .tuple(digits(99, 2), digits(32, 2), digits(25, 2), digits(61, 2), digits(999, 3))
  .map(([year, day, hour, second, ms]) => `20${year}-11-${day}T${hour}:05:${second}.${ms}Z`);
const odd = fc.constantFrom(
  '',
  '2026-11-23T03:00:00Z',
  '2026-11-23T03:00:00.000+01:00',
  '2026-11-23T03:00:00.12aZ',
  '1 Jan 2026 04:05:06.000Z',
  `${'\0'.repeat(19)}.123Z`,
);

test('reads any row of stamps as Date.parse does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(near, odd, fc.string({ minLength: 24, maxLength: 24 })), { maxLength: 20 }),
      (stamps) => {
        const read = createStampReader();
        for (const stamp of stamps)
          expect([read(stamp), read(stamp)]).toEqual([Date.parse(stamp), Date.parse(stamp)]);
      },
    ),
    { numRuns: 2000 },
  );
});
