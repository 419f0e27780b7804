// Throttles: what they tell, whom they count together, what they leave uncharged.
import { expect, test } from 'vitest';
import { millis } from '../../../src/core/model/brand.ts';
import { newDecision } from '../../../src/core/policy/decision.ts';
import {
  allow,
  benchOf,
  block,
  headOf,
  noon,
  policy,
  throttle,
  throttled,
  type RequestParts,
} from './build.ts';

test('throttled requests say who limits, how long to wait and what is left', () => {
  const bench = benchOf([policy({ http: { paths: ['/a'] }, action: throttle('2/s', { burst: 3 }) })]);
  const ask = (ms: number) => bench.decide({ path: '/a' }, millis(noon + ms));
  expect([ask(0), ask(0), ask(0)].map(({ action, limitRemaining }) => [action, limitRemaining])).toEqual([
    [allow, 2],
    [allow, 1],
    [allow, 0],
  ]);
  expect(ask(0)).toMatchObject({
    action: throttled,
    policy: 0,
    retryAfterMs: 500,
    limitBurst: 3,
    limitRemaining: 0,
  });
  expect(ask(499)).toMatchObject({ action: throttled, retryAfterMs: 1 });
  expect(ask(500).action).toBe(allow);
  expect(bench.decide({ path: '/b' }, noon).action).toBe(allow);
  expect(bench.verdict({ path: '/a' }, millis(noon + 500)).verdict).toMatchObject({
    action: 'throttle',
    policy: 'shop/p',
    rule: 'match.http.paths[0]',
    retryAfterSeconds: 1,
  });
});

test('all matching throttles apply, the strictest is named, and a refusal charges none of them', () => {
  const bench = benchOf([
    policy({ name: 'a', action: throttle('1/s', { burst: 2 }) }),
    policy({ name: 'b', action: throttle('1/m', { burst: 1 }) }),
  ]);
  expect(bench.verdict().verdict.action).toBe('allow');
  expect(bench.verdict().verdict).toMatchObject({ action: 'throttle', policy: 'shop/b' });
  expect(bench.verdict().verdict).toMatchObject({ action: 'throttle', policy: 'shop/b' });
  expect(bench.verdict({}, millis(noon + 60_000)).verdict.action).toBe('allow');
});

test.each([
  ['1/s', '1/m'],
  ['1/m', '1/s'],
])('of %s and %s, both used up, the one with the longer wait is named and its wait told', (a, b) => {
  const bench = benchOf([
    policy({ name: 'a', action: throttle(a) }),
    policy({ name: 'b', action: throttle(b) }),
  ]);
  bench.decide();
  expect(bench.verdict().verdict).toMatchObject({
    policy: a === '1/m' ? 'shop/a' : 'shop/b',
    retryAfterSeconds: 60,
  });
});

test.each([
  [2, 5],
  [5, 2],
])('of bursts %i and %i the answer tells the one with the fewest tokens left', (a, b) => {
  const bench = benchOf([
    policy({ name: 'a', action: throttle('1/m', { burst: a }) }),
    policy({ name: 'b', action: throttle('1/m', { burst: b }) }),
  ]);
  expect(bench.decide()).toMatchObject({ action: allow, limitBurst: 2, limitRemaining: 1 });
});

test('a throttle quotes the reading that it matched, also where a shadow Block matched another one', () => {
  const bench = benchOf([
    policy({ name: 't', http: { paths: ['/b'] }, action: throttle('1/m') }),
    policy({ name: 's', mode: 'Shadow', http: { paths: ['/a/*'] } }),
  ]);
  bench.decide({ path: '/a/..%2fb' });
  expect(bench.verdict({ path: '/a/..%2fb' })).toMatchObject({
    verdict: { action: 'throttle', policy: 'shop/t', value: '/b' },
    shadow: { action: 'block', policy: 'shop/s' },
  });
});

test('a refused request does not count against a throttle', () => {
  const bench = benchOf([
    policy({ http: { paths: ['/a'] } }),
    policy({ name: 't', action: throttle('1/h') }),
  ]);
  for (let count = 0; count < 5; count += 1) bench.decide({ path: '/a' });
  expect(bench.decide({ path: '/b' }).action).toBe(allow);
});

const keyRows: readonly (readonly [
  part: string,
  same: readonly RequestParts[],
  other: readonly RequestParts[],
])[] = [
  ['principal', [{ path: '/a' }, { method: 'PUT' }], []],
  ['workload', [{ path: '/a' }], []],
  ['destination', [{ path: '/a' }], []],
  ['route', [{ route: '/a' }], [{ route: '/b' }, { route: '' }]],
  ['method', [{ route: '/z' }], [{ method: 'PUT' }]],
  [
    'header:X-Key',
    [{ headers: [['x-key', '1']] }],
    [{ headers: [['x-key', '2']] }, { headers: [['x-key', '']] }, {}],
  ],
];

test.each(keyRows)('throttle key %s shares a bucket by that and nothing else', (part, same, other) => {
  const bench = benchOf([policy({ action: throttle('1/h', { key: [part] }) })]);
  expect(bench.decide(same[0]).action).toBe(allow);
  for (const request of same) expect(bench.decide(request).action).toBe(throttled);
  for (const request of other) expect(bench.decide(request).action).toBe(allow);
  for (const request of other) expect(bench.decide(request).action).toBe(throttled);
});

test('several lines of a key header share one bucket, whatever they say', () => {
  const bench = benchOf([policy({ action: throttle('1/h', { key: ['header:X-Key'] }) })]);
  const ask = (...values: string[]) =>
    bench.decide({ headers: values.map((value) => ['x-key', value] as const) }).action;
  expect([ask('a'), ask('1', 'a'), ask('2', 'a'), ask('a', '3'), ask('a')]).toEqual([
    allow,
    allow,
    throttled,
    throttled,
    throttled,
  ]);
});

test('a request judged again charges no token, and is refused by a Block only', () => {
  const bench = benchOf([
    policy({ action: throttle('1/h', { burst: 2 }) }),
    policy({ name: 's', mode: 'Shadow', action: throttle('1/h') }),
    policy({ name: 'b', http: { paths: ['/b'] } }),
  ]);
  const out = newDecision();
  const judge = (path: string) => {
    bench.decider.judge(bench.decider.scopeOf(0), headOf({ path }), '', noon, out);
    return out.action;
  };
  for (let count = 0; count < 9; count += 1) expect(judge('/a')).toBe(allow);
  expect(judge('/b')).toBe(block);
  expect([1, 2, 3].map(() => bench.decide({ path: '/a' }).action)).toEqual([allow, allow, throttled]);
  expect(judge('/a')).toBe(allow);
});

test('buckets outlive a snapshot; changed numbers start afresh', () => {
  const limited = policy({ action: throttle('1/h') });
  const first = benchOf([limited]);
  first.decide();
  expect(
    benchOf([limited, policy({ name: 'q', http: { paths: ['/x'] } })], { buckets: first.buckets }).decide()
      .action,
  ).toBe(throttled);
  expect(benchOf([policy({ action: throttle('2/h') })], { buckets: first.buckets }).decide().action).toBe(
    allow,
  );
});
