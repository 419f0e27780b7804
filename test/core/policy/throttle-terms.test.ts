// What a 429 may say of the throttle that refused: its own name, and the time in which its quota comes back.
import { expect, test } from 'vitest';
import { policyName } from '../../../src/core/model/brand.ts';
import { createBuckets } from '../../../src/core/policy/buckets.ts';
import { compilePolicies } from '../../../src/core/policy/compile.ts';
import { createDecider } from '../../../src/core/policy/decide.ts';
import { noon, policy, throttle } from './build.ts';

test.each([
  ['20/s', undefined, 1],
  ['20/s', 100, 5],
  ['20/s', 30, 2],
  ['100/m', undefined, 60],
  ['1/h', 3, 10_800],
  ['1000/s', 1, 1],
])('%s with burst %s has a window of %i s', (rate, burst, windowSeconds) => {
  const action = throttle(rate, burst === undefined ? {} : { burst });
  const { buffer, names } = compilePolicies(
    [policy({ name: 'other', namespace: 'shop' }), policy({ name: 'slow-down', namespace: 'shop', action })],
    { generation: 1, nowMs: noon },
  );
  const terms = createDecider(buffer, [], createBuckets()).throttleTerms(
    names.indexOf(policyName('shop/slow-down')),
  );
  expect(terms).toEqual({ name: 'shop/slow-down', windowSeconds });
});
