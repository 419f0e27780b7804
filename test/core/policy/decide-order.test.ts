// Order of the verdict, its words, expiry, and streams that are not HTTP.
import { expect, test } from 'vitest';
import { millis } from '../../../src/core/model/brand.ts';
import { judgement } from '../../../src/core/policy/decider.ts';
import {
  allow,
  benchOf,
  block,
  noon,
  policy,
  throttle,
  throttled,
  type RequestParts,
  workload,
} from './build.ts';

test('a Block wins over every Throttle, whatever is more specific', () => {
  const broad = policy({ name: 'broad' });
  const narrow = policy({
    name: 'narrow',
    http: { paths: ['/a'], methods: ['GET'] },
    action: throttle('1/s'),
  });
  const bench = benchOf([narrow, broad]);
  expect(bench.verdict({ path: '/a' }).verdict).toMatchObject({ action: 'block', policy: 'shop/broad' });
});

test('of several Blocks the most specific is named', () => {
  const names = benchOf([
    policy({ name: 'any', http: { paths: ['/*'] } }),
    policy({ name: 'exact', http: { paths: ['/a/b'], methods: ['GET'] } }),
    policy({ name: 'template', http: { paths: ['/a/{x}'] } }),
  ]).verdict({ path: '/a/b' });
  expect(names.verdict).toMatchObject({
    policy: 'shop/exact',
    rule: 'match.http.paths[0]',
    field: 'path',
    value: '/a/b',
  });
});

test('every verdict names policy, rule, field and normalised value', () => {
  const rows: readonly (readonly [unknown, RequestParts, object])[] = [
    [
      { paths: ['/x', '/a/{id}'] },
      { path: '/a/%37' },
      { rule: 'match.http.paths[1]', field: 'path', value: '/a/7' },
    ],
    [{ hosts: ['x', 'H'] }, { host: 'h:80' }, { rule: 'match.http.hosts[1]', field: 'host', value: 'h' }],
    [{ methods: ['PUT', 'GET'] }, {}, { rule: 'match.http.methods[1]', field: 'method', value: 'GET' }],
    [
      { headers: [{ name: 'X-T', values: ['a', 'b'] }] },
      { headers: [['x-t', 'b']] },
      { rule: 'match.http.headers[0].values[1]', field: 'header:x-t', value: 'b' },
    ],
    [
      { headers: [{ name: 'X-Api-Key', values: ['s3cret'] }] },
      { headers: [['x-api-key', 's3cret']] },
      { field: 'header:x-api-key', value: '(hidden)' },
    ],
    [undefined, {}, { rule: 'from.scope', field: 'source', value: 'sa:shop/scanner' }],
  ];
  for (const [http, request, expected] of rows)
    expect(benchOf([policy({ http, reason: 'because' })]).verdict(request).verdict).toMatchObject({
      action: 'block',
      policy: 'shop/p',
      reason: 'because',
      ...expected,
    });
});

test('expiry is exact, and the agent needs no new snapshot for it', () => {
  const expiresAt = '2026-11-23T12:00:00.500Z';
  const at = (ms: number) => millis(noon + ms);
  for (const bench of [
    benchOf([policy({ expiresAt })]),
    benchOf([policy({ expiresAt, http: { paths: ['/'] } })]),
  ]) {
    expect(bench.decide({}, at(499.9)).action).toBe(block);
    expect(bench.decide({}, at(500)).action).toBe(allow);
  }
  const l7 = benchOf([policy({ expiresAt, http: { paths: ['/'] } })]).decider;
  expect([l7.judges(l7.scopeOf(0), noon), l7.judges(l7.scopeOf(0), at(500))]).toEqual([
    judgement.l7,
    judgement.none,
  ]);
  expect(benchOf([policy({ expiresAt })], { nowMs: at(500) }).decide({}, noon).action).toBe(allow);
});

test('judges says what enforcing policies of the pair need', () => {
  const judges = (...policies: Parameters<typeof benchOf>[0]): number => {
    const { decider } = benchOf(policies);
    return decider.judges(decider.scopeOf(0), noon);
  };
  expect(judges()).toBe(judgement.none);
  expect(judges(policy({ mode: 'Shadow', http: { paths: ['/'] } }))).toBe(judgement.none);
  expect(judges(policy({ mode: 'Off', http: { paths: ['/'] } }))).toBe(judgement.none);
  expect(judges(policy({ from: workload('other') }))).toBe(judgement.none);
  expect(judges(policy())).toBe(judgement.l4);
  expect(judges(policy(), policy({ name: 'q', http: { paths: ['/'] } }))).toBe(judgement.l7);
  expect(judges(policy({ action: throttle('1/s') }))).toBe(judgement.l7);
});

test('a stream that is not HTTP: HTTP fields are indeterminate and follow failure, never the port', () => {
  const http = { paths: ['/a'] };
  expect(benchOf([policy({ http })]).opaque()).toMatchObject({
    action: allow,
    policy: 0,
    indeterminate: true,
  });
  expect(benchOf([policy({ http, failure: 'Closed' })]).opaque()).toMatchObject({
    action: block,
    policy: 0,
    indeterminate: true,
  });
  expect(benchOf([policy({ action: throttle('1/s'), failure: 'Closed' })]).opaque()).toMatchObject({
    action: block,
    indeterminate: true,
  });
  expect(benchOf([policy({ http, failure: 'Closed', mode: 'Shadow' })]).opaque()).toMatchObject({
    action: allow,
    indeterminate: false,
    shadowAction: block,
  });
  expect(benchOf([policy({ http, failure: 'Closed', mode: 'Off' })]).opaque()).toMatchObject({
    action: allow,
    indeterminate: false,
  });
  expect(benchOf([policy()]).opaque()).toMatchObject({ action: block, indeterminate: false });
});

test('answer Reset reaches the decision', () => {
  expect(benchOf([policy({ action: { type: 'Block', block: { answer: 'Reset' } } })]).decide().answer).toBe(
    1,
  );
  expect(benchOf([policy()]).decide().answer).toBe(0);
});

test('a scope of an older snapshot is a bug that is reported, not a verdict', () => {
  const { decider } = benchOf([]);
  expect(() => decider.judges(3, noon)).toThrow('scope 3 is of another snapshot');
});

test('an expired policy does nothing beside one that still holds, and no longer hides it', () => {
  const at = (ms: number) => millis(noon + ms);
  const expiresAt = '2026-11-23T12:00:01Z';
  const path = '/a';
  const standing = policy({ name: 'standing', http: { paths: ['/other'] } });
  const brief = policy({ name: 'brief', expiresAt, http: { paths: [path] } });
  const limit = policy({ name: 'limit', expiresAt, http: { paths: [path] }, action: throttle('1/h') });
  const shadow = policy({ name: 'shadow', mode: 'Shadow', expiresAt, http: { paths: [path] } });
  const standingShadow = policy({ name: 'standing-shadow', mode: 'Shadow', http: { paths: ['/other'] } });
  const bench = benchOf([brief, standing]);
  expect([bench.decide({ path }, at(999)).action, bench.decide({ path }, at(1_000)).action]).toEqual([
    block,
    allow,
  ]);
  const limited = benchOf([limit, standing]);
  limited.decide({ path });
  expect([limited.decide({ path }, at(999)).action, limited.decide({ path }, at(1_000)).action]).toEqual([
    throttled,
    allow,
  ]);
  const shadowed = benchOf([shadow, standing, standingShadow]);
  expect([
    shadowed.decide({ path }, at(999)).shadowAction,
    shadowed.decide({ path }, at(1_000)).shadowAction,
  ]).toEqual([block, allow]);
  const wider = benchOf([brief, policy({ name: 'wider', http: { paths: ['/*'] } })]);
  expect(wider.verdict({ path }, at(999)).verdict.policy).toBe('shop/brief');
  expect(wider.verdict({ path }, at(1_000)).verdict.policy).toBe('shop/wider');
  const plain = benchOf([policy({ name: 'first', expiresAt }), policy({ name: 'second' })]);
  expect(plain.verdict({}, at(999)).verdict.policy).toBe('shop/first');
  expect(plain.verdict({}, at(1_000)).verdict.policy).toBe('shop/second');
  expect(
    benchOf([
      policy({ name: 'first', expiresAt, http: { paths: [path] }, failure: 'Closed' }),
      standing,
    ]).opaque(at(1_000)).action,
  ).toBe(allow);
});
