// The engine around the rules: findings that recur, what is refused anyway, bounds under hostile input, independence, determinism.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDetector, type Detector } from '../../../src/core/detect/engine.ts';
import {
  exampleFlow,
  exampleStartMs,
  series,
  together,
  tokenOf,
  type Asked,
} from '../../../src/core/detect/example.ts';
import { planOf } from '../../../src/core/detect/plan.ts';
import { scanner } from '../../../src/core/detect/rules/scanner.ts';
import type { FindingEvent, FlowEvent } from '../../../src/core/model/event.ts';
import { guess, loud, newest, rank, run, steady } from './traffic.ts';

describe('a finding that recurs', () => {
  test('keeps its id, counts every request, and is sent on doubling or after five seconds, never per request', () => {
    const sent = run(series(1000, { everyMs: 20 }, (index) => guess(index)));
    const own = sent.filter(({ rule }) => rule === 'brute-force');
    expect(new Set(own.map(({ id }) => id)).size).toBe(1);
    expect(own.at(-1)?.count).toBe(991);
    expect(own.length).toBeLessThanOrEqual(16);
    expect(own.map(({ count }) => count)).toEqual([...own.map(({ count }) => count)].sort((a, b) => a - b));
    expect(own.at(-1)?.firstSeen).toBe(own[0]?.firstSeen);
    expect(own.at(-1)?.lastSeen).toBe(new Date(exampleStartMs + 999 * 20).toISOString());
  });

  test('attempts that policy refused prove nothing: they do not count as failed', () => {
    const refused = series(9, { everyMs: 20 }, (index) => guess(index, { status: 403, blocked: true }));
    const failed = (count: number): readonly FlowEvent[] =>
      series(count, { everyMs: 20, fromMs: 1_000 }, (index) => guess(index + 20));
    const rules = (count: number): string[] => run([...refused, ...failed(count)]).map(({ rule }) => rule);
    expect(rules(9)).not.toContain('brute-force');
    expect(rules(10)).toContain('brute-force');
  });

  test('carries the newest flow ids as evidence, bounded', () => {
    const flows = series(200, { everyMs: 20 }, (index) => guess(index));
    const last = run(flows)
      .filter(({ rule }) => rule === 'brute-force')
      .at(-1);
    expect(last?.evidence).toEqual(flows.slice(-10).map(({ id }) => id));
  });

  test('has the same id in every run and another one for another caller, destination or route', () => {
    const idsOf = (more: Partial<Asked>): string[] =>
      newest(run(series(20, { everyMs: 20 }, (index) => guess(index, more)))).map(({ id }) => id);
    const plain = idsOf({});
    expect(plain).toHaveLength(1);
    expect(idsOf({})).toEqual(plain);
    for (const more of [{ from: 'other' }, { to: 'accounts' }, { path: '/sign-in' }]) {
      expect(idsOf(more)).toHaveLength(1);
      expect(idsOf(more)).not.toEqual(plain);
    }
  });

  test('why says both what its window saw and what the count counts', () => {
    const own = run(series(60, { everyMs: 50 }, (index) => guess(index))).filter(
      ({ rule }) => rule === 'brute-force',
    );
    for (const { count, why } of own) if (count > 1) expect(why).toContain(`within a minute`);
    const last = own.at(-1);
    expect(last?.count).toBeGreaterThan(1);
    expect(last?.why).toContain(`The finding counts ${last?.count} requests since it was first noticed.`);
    expect(last?.why.match(/The finding counts/g)).toHaveLength(1);
  });

  test('grows worse when an attempt succeeds, and does not grow better again', () => {
    const own = run(
      series(60, { everyMs: 50 }, (index) => guess(index, { status: index === 30 ? 200 : 401 })),
    ).filter(({ rule }) => rule === 'brute-force');
    expect(own[0]?.severity).toBe('high');
    expect(own.at(-1)?.severity).toBe('critical');
    expect(own.some(({ why }) => why.includes('one succeeded'))).toBe(true);
  });
});

describe('what we refuse', () => {
  test('counts for a finding that is open and opens no other one', () => {
    const detector = createDetector();
    const feed = (flows: readonly FlowEvent[]): readonly FindingEvent[] =>
      flows.flatMap((flow) => detector.observe(flow));
    const before = feed(series(20, { everyMs: 50 }, (index) => guess(index)));
    const ids = new Set(before.map(({ id }) => id));
    const after = [
      ...feed(
        series(300, { everyMs: 50, fromMs: 2000 }, (index) => guess(index, { status: 403, blocked: true })),
      ),
      ...feed(
        series(100, { everyMs: 50, fromMs: 20_000 }, (index) => ({
          from: 'thief',
          path: `/.env.${index}`,
          status: 403,
          blocked: true,
        })),
      ),
      ...detector.flush(),
    ];
    expect(after.every(({ id }) => ids.has(id))).toBe(true);
    expect(Math.max(...after.map(({ count }) => count))).toBeGreaterThan(250);
    expect(Math.max(...after.map(rank))).toBe(Math.max(...before.map(rank)));
  });

  test('a batch job that an operator blocks is not accused of what the block refuses', () => {
    const flows = series(200, { everyMs: 100 }, (index) => ({
      from: 'nightly',
      path: `/orders/${index}`,
      token: tokenOf(1),
      status: 403,
      blocked: true,
    }));
    expect(run(flows)).toEqual([]);
  });
});

describe('hostile cardinality', () => {
  const hostile = (count: number): readonly FlowEvent[] =>
    Array.from({ length: count }, (_, index) =>
      exampleFlow(
        {
          from: 'flood',
          path: `/r${index % 5000}/${index}`,
          route: `/r${index % 5000}/{id}`,
          query: `id=${index}`,
          token: tokenOf(index),
          status: [200, 404, 401, 403][index % 4] ?? 200,
          answer: JSON.stringify({ ids: Array.from({ length: 20 }, (_none, place) => index * 20 + place) }),
        },
        exampleStartMs + index,
        index,
      ),
    );

  test('of one caller stays within every limit and is counted', () => {
    const detector = createDetector();
    let sent = 0;
    for (const flow of hostile(20_000)) sent += detector.observe(flow).length;
    const stats = detector.stats();
    expect(stats.windows).toBeLessThanOrEqual(1 + 128 + 256);
    expect(stats.members).toBeLessThanOrEqual(16_384);
    expect(stats.routes).toBeLessThanOrEqual(4096);
    expect(stats.open).toBeLessThanOrEqual(64);
    expect(stats.evicted).toBeGreaterThan(1000);
    expect(sent).toBeLessThan(1000);
  });

  test.each([
    ['callers', { callers: 50 }],
    ['members', { members: 500 }],
    ['findings', { findings: 20 }],
  ] as const)('of many callers stays within the limit of all %s', (what, limits) => {
    const detector = createDetector({ limits });
    for (let index = 0; index < 8000; index += 1)
      detector.observe(
        exampleFlow(
          { from: `caller-${index % 400}`, path: `/.env/${index}`, status: 404 },
          exampleStartMs + index,
          index,
        ),
      );
    const { callers, members, open, evicted, dropped } = detector.stats();
    expect({ callers, members, findings: open }[what]).toBeLessThanOrEqual(Object.values(limits)[0] ?? 0);
    expect(what === 'findings' ? dropped : evicted).toBeGreaterThan(0);
  });

  test('of one caller hides nothing about another', () => {
    const attack = series(30, { everyMs: 200 }, (index) => guess(index));
    const alone = newest(run(attack));
    const among = newest(run(together(hostile(6000), attack))).filter(
      ({ source }) => source.workload === 'thief',
    );
    expect(among).toEqual(alone);
  });
});

describe('the same flows', () => {
  const mixed = (): readonly FlowEvent[] =>
    together(
      steady(0, 300),
      series(40, { everyMs: 100, fromMs: 5000 }, (index) => guess(index)),
      series(20, { everyMs: 100, fromMs: 8000 }, (index) => ({
        from: 'prober',
        path: `/.git/${index}`,
        status: 404,
      })),
    );

  test('give the same findings', () => {
    expect(run(mixed())).toEqual(run(mixed()));
  });

  test('give the same findings whatever the seed', () => {
    expect(run(mixed(), { seed: 12_345 })).toEqual(run(mixed(), { seed: 0 }));
  });

  test('of one caller give its findings wherever those of unrelated callers come in between', () => {
    const own = together(
      series(40, { everyMs: 100 }, (index) => guess(index)),
      series(20, { everyMs: 150, fromMs: 50 }, (index) => ({
        from: 'thief',
        to: 'users',
        path: `/.git/${index}`,
        status: 404,
      })),
    );
    const others = ['a', 'b', 'c'].flatMap((from) =>
      series(30, { everyMs: 120 }, (index) => ({
        from,
        to: `of-${from}`,
        path: index % 2 === 0 ? `/x/${index}` : `/.env${index}`,
        status: 404,
      })),
    );
    const expected = run(own);
    expect(expected.length).toBeGreaterThan(2);
    fc.assert(
      fc.property(
        fc.array(fc.nat(own.length), { minLength: others.length, maxLength: others.length }),
        (places) => {
          const detector: Detector = createDetector();
          const found: FindingEvent[] = [];
          own.forEach((flow, index) => {
            others.forEach((other, place) => {
              if (places[place] === index) found.push(...detector.observe(other));
            });
            found.push(...detector.observe(flow));
          });
          found.push(...detector.flush());
          expect(found.filter(({ source }) => source.workload === 'thief')).toEqual(expected);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('learning', () => {
  const walked = (): readonly FlowEvent[] =>
    together(
      steady(0, 300),
      series(30, { everyMs: 100, fromMs: 25_000 }, (index) => ({
        from: 'thief',
        path: `/orders/${index + 1}`,
        token: tokenOf(77),
        status: 403,
      })),
    );
  const flags = (learningMs: number): readonly (boolean | undefined)[] =>
    loud(run(walked(), { learningMs })).map(({ learning }) => learning);

  test('is said by findings of rules with a baseline until the route is old enough', () => {
    expect(flags(300_000)).toContain(true);
    expect(flags(300_000)).not.toContain(undefined);
    expect(flags(1000)).not.toContain(true);
  });

  test('is never said by rules without a baseline', () => {
    const found = run(series(20, { everyMs: 50 }, (index) => guess(index)));
    expect(found.map(({ learning }) => learning)).toEqual(found.map(() => undefined));
  });
});

describe('odd flows', () => {
  test('an opaque connection and a flow without answer are taken in silence', () => {
    const { type, time, id, source, destination, verdict, request } = exampleFlow(
      { path: '/' },
      exampleStartMs,
      1,
    );
    const bare: FlowEvent = {
      type,
      time,
      id,
      source,
      destination,
      verdict,
      protocol: 'opaque',
      opaque: 'tls',
    };
    const unanswered: FlowEvent = {
      type,
      time,
      id,
      source,
      destination,
      verdict,
      protocol: 'http/1.1',
      request,
    };
    expect(run([bare, unanswered])).toEqual([]);
  });

  test('an unknown principal is told apart by its address', () => {
    const flows = series(20, { everyMs: 50 }, (index) => guess(index)).map((flow, index) => ({
      ...flow,
      source: { ...flow.source, principal: 'unknown', address: `10.0.0.${index % 4}:${4000 + index}` },
    }));
    expect(run(flows)).toEqual([]);
    expect(
      run(flows.map((flow) => ({ ...flow, source: { ...flow.source, address: '10.0.0.9:1' } }))),
    ).not.toEqual([]);
  });

  test('time that steps back does not bring old windows back', () => {
    const flows = series(20, { everyMs: 50 }, (index) => guess(index));
    expect(newest(run([...flows].reverse()))).toHaveLength(1);
  });
});

test('two different measures of one name are our bug', () => {
  const [first] = scanner.measures;
  const twin = { ...scanner, measures: [{ ...first! }] };
  expect(() => planOf([scanner, twin])).toThrow(/two measures/);
  expect(() => planOf([scanner, scanner])).not.toThrow();
});
