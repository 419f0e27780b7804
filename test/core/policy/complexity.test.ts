// Deciding among 10,000 policies does the work of deciding among one: counted, not timed.
import { expect, test } from 'vitest';
import type { Policy } from '../../../src/core/policy/schema.ts';
import {
  benchOf,
  objectOf,
  policy,
  throttle,
  workload,
  type PolicyParts,
  type RequestParts,
} from './build.ts';

const sizes = [1, 100, 10_000] as const;

type Counters = Readonly<Record<string, number>>;

interface Shape {
  readonly what: string;
  readonly parts: (index: number) => PolicyParts;
  readonly hit: RequestParts;
  readonly miss: RequestParts;
}

const action = throttle('1000000/s', { key: ['principal'] });

const shapes: readonly Shape[] = [
  {
    what: 'distinct paths',
    parts: (at) => ({ http: { paths: [`/a/p${at}`] } }),
    hit: { path: '/a/p0' },
    miss: { path: '/a/x' },
  },
  {
    what: 'distinct path prefixes',
    parts: (at) => ({ http: { paths: [`/p${String(at).padStart(5, '0')}*`] } }),
    hit: { path: '/p00000x' },
    miss: { path: '/q' },
  },
  {
    what: 'distinct templates',
    parts: (at) => ({ http: { paths: [`/{tenant}/p${at}/{id}`] } }),
    hit: { path: '/t/p0/7' },
    miss: { path: '/t/x/7' },
  },
  {
    what: 'one path, distinct header values',
    parts: (at) => ({ http: { paths: ['/a'], headers: [{ name: 'x-t', values: [`v${at}`] }] } }),
    hit: { path: '/a', headers: [['x-t', 'v0']] },
    miss: { path: '/a', headers: [['x-t', 'none']] },
  },
  {
    what: 'one path, distinct header names',
    parts: (at) => ({ http: { paths: ['/a'], headers: [{ name: `x-${at}`, values: ['v'] }] } }),
    hit: { path: '/a', headers: [['x-0', 'v']] },
    miss: { path: '/a', headers: [['x-none', 'v']] },
  },
  {
    what: 'one path and first header, distinct second headers',
    parts: (at) => ({
      http: {
        paths: ['/a'],
        headers: [
          { name: 'x-same', values: ['s'] },
          { name: 'x-t', values: [`v${at}`] },
        ],
      },
    }),
    hit: {
      path: '/a',
      headers: [
        ['x-same', 's'],
        ['x-t', 'v0'],
      ],
    },
    miss: { path: '/a', headers: [['x-same', 's']] },
  },
  {
    what: 'one path, distinct methods',
    parts: (at) => ({ http: { paths: ['/a'], methods: [`M${at}`] } }),
    hit: { path: '/a', method: 'M0' },
    miss: { path: '/a', method: 'GET' },
  },
  {
    what: 'one path, distinct hosts',
    parts: (at) => ({ http: { paths: ['/a'], hosts: [`h${at}.example`] } }),
    hit: { path: '/a', host: 'h0.example' },
    miss: { path: '/a', host: 'x.example' },
  },
  {
    what: 'no path, distinct host suffixes',
    parts: (at) => ({ http: { hosts: [`*.h${at}.example`] } }),
    hit: { host: 'a.h0.example' },
    miss: { host: 'a.x.example' },
  },
  {
    what: 'one path, distinct sources',
    parts: (at) => ({ http: { paths: ['/a'] }, from: workload(at === 0 ? 'scanner' : `w${at}`) }),
    hit: { path: '/a' },
    miss: { path: '/b' },
  },
  {
    what: 'one path, distinct destinations',
    parts: (at) => ({ http: { paths: ['/a'] }, to: workload(at === 0 ? 'orders' : `w${at}`) }),
    hit: { path: '/a' },
    miss: { path: '/b' },
  },
  {
    what: 'throttles of distinct paths',
    parts: (at) => ({ action, http: { paths: [`/a/p${at}`] } }),
    hit: { path: '/a/p0' },
    miss: { path: '/a/x' },
  },
  {
    what: 'shadow policies of distinct paths',
    parts: (at) => ({ mode: 'Shadow', http: { paths: [`/a/p${at}`] } }),
    hit: { path: '/a/p0' },
    miss: { path: '/a/x' },
  },
  {
    what: 'the very same Block',
    parts: () => ({ http: { paths: ['/a'] } }),
    hit: { path: '/a' },
    miss: { path: '/b' },
  },
  { what: 'Blocks without HTTP', parts: () => ({}), hit: {}, miss: {} },
];

function worksOf(shape: Shape, size: number): { hit: Counters; miss: Counters; matched: number } {
  // Only the first is parsed: parsing 10,000 for each shape would be most of this file's time.
  const rest = Array.from({ length: size - 1 }, (_, at) =>
    objectOf({ name: `p${at + 1}`, ...shape.parts(at + 1) }),
  );
  const policies = [policy({ name: 'p0', ...shape.parts(0) }), ...rest.map((object) => object as Policy)];
  const bench = benchOf(policies);
  const { work } = bench.decider;
  const workOf = (request: RequestParts): { work: Counters; matched: number } => {
    const before = { ...work };
    const out = bench.decide(request);
    const spent = {
      nodes: work.nodes - before.nodes,
      lookups: work.lookups - before.lookups,
      verified: work.verified - before.verified,
      readings: work.readings - before.readings,
    };
    return { work: spent, matched: out.action !== 0 || out.shadowAction !== 0 || out.limitBurst > 0 ? 1 : 0 };
  };
  const hit = workOf(shape.hit);
  return { hit: hit.work, miss: workOf(shape.miss).work, matched: hit.matched };
}

test.each(shapes)('$what: the work is the same with 1, 100 and 10,000 policies', (shape) => {
  const [one, ...more] = sizes.map((size) => worksOf(shape, size));
  expect(one?.matched).toBe(1);
  for (const many of more)
    for (const kind of ['hit', 'miss'] as const)
      for (const [counter, count] of Object.entries(many[kind]))
        expect([counter, count]).toEqual([counter, Math.min(count, one?.[kind][counter] ?? -1)]);
});

test('an odd path costs its readings, not its policies', () => {
  const paths = Array.from({ length: 1_000 }, (_, at) =>
    policy({ name: `p${at}`, http: { paths: [`/a/p${at}`] } }),
  );
  const bench = benchOf(paths);
  bench.decide({ path: '/a//b/../p1;x' });
  expect(bench.decider.work.readings).toBeLessThanOrEqual(32);
  expect(bench.decider.work.nodes).toBeLessThanOrEqual(32 * 6);
});
