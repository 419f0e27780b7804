// Shadow reports flips and changes nothing.
import { expect, test } from 'vitest';
import { allow, benchOf, block, policy, throttle, throttled } from './build.ts';

test('shadow reports only what would be different', () => {
  const shadow = policy({ name: 's', mode: 'Shadow', http: { paths: ['/a'] } });
  const same = policy({ name: 'e', http: { paths: ['/a'] } });
  expect(benchOf([shadow]).verdict({ path: '/a' })).toMatchObject({
    verdict: { action: 'allow', mode: 'enforce' },
    shadow: { action: 'block', mode: 'shadow', policy: 'shop/s', rule: 'match.http.paths[0]', value: '/a' },
  });
  expect(benchOf([shadow]).verdict({ path: '/b' }).shadow).toBeUndefined();
  expect(benchOf([shadow, same]).verdict({ path: '/a' }).shadow).toBeUndefined();
  expect(benchOf([policy({ mode: 'Shadow' })]).verdict().shadow).toMatchObject({
    action: 'block',
    policy: 'shop/p',
  });
});

test('a shadow throttle has buckets of its own and never refuses', () => {
  const bench = benchOf([
    policy({ name: 'e', action: throttle('2/h') }),
    policy({ name: 's', mode: 'Shadow', action: throttle('1/h') }),
  ]);
  const seen = [1, 2, 3].map(() => bench.decide());
  expect(seen.map(({ action }) => action)).toEqual([allow, allow, throttled]);
  expect(seen.map(({ shadowAction }) => shadowAction)).toEqual([allow, throttled, throttled]);
  expect(seen[1]).toMatchObject({ shadowRetryAfterMs: 3_600_000 });
});

test('a shadow Block frees the throttles behind it: the flip from throttled to allowed is reported', () => {
  const bench = benchOf([
    policy({ name: 'e', action: throttle('1/h') }),
    policy({ name: 's', mode: 'Shadow', http: { paths: ['/a'] } }),
  ]);
  expect(bench.decide({ path: '/a' })).toMatchObject({ action: allow, shadowAction: block });
  expect(bench.decide({ path: '/b' })).toMatchObject({
    action: throttled,
    shadowAction: allow,
    shadowPolicy: -1,
  });
  expect(bench.decide({ path: '/b' })).toMatchObject({ action: throttled, shadowAction: throttled });
});
