// Policies kept in order from one set to the next are in the order that sorting all of them gives.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAttributionOrder } from '../../../src/core/policy/attribution-order.ts';
import { nameOf } from '../../../src/core/policy/policy-name.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import { byAttribution } from '../../../src/core/policy/specificity.ts';
import { policy } from './build.ts';

const pool: readonly Policy[] = Array.from({ length: 12 }, (_, index) =>
  policy({
    name: `p${index % 8}`,
    ...(index % 3 === 0 ? { to: { peers: [{ workload: { name: 'a' } }], ports: [80] } } : {}),
    ...(index % 4 === 1 ? { http: { paths: ['/a/b/*'] } } : {}),
  }),
);

test('through any sets, with two of one name the last, at the place of the first', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.constantFrom(...pool), { maxLength: 10 }), { maxLength: 8 }), (sets) => {
      const order = createAttributionOrder();
      for (const set of sets) {
        const unique = [...new Map(set.map((one) => [nameOf(one), one])).values()];
        const known = order.known(set);
        expect(known.map((one) => one.policy)).toEqual(unique);
        expect(order.sorted(known).map((one) => one.policy)).toEqual(unique.toSorted(byAttribution));
      }
    }),
  );
});
