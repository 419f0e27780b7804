// Who is accused of enumeration and who is not: batch jobs among steady users, and attackers among both.
import { describe, expect, test } from 'vitest';
import { exampleStartMs, series, together, tokenOf, type Asked } from '../../../src/core/detect/example.ts';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import { guess, loud, newest, run, steady } from './traffic.ts';

describe('a batch job is no attacker', () => {
  const walk = (fromMs: number, more: (index: number) => Partial<Asked>): readonly FlowEvent[] =>
    series(400, { everyMs: 50, fromMs }, (index) => ({
      from: 'nightly',
      path: `/orders/${index + 1}`,
      token: tokenOf(5000),
      ...more(index),
    }));
  const runs = (more: (index: number) => Partial<Asked>): readonly FlowEvent[] =>
    together(steady(0, 6000), ...[30_000, 210_000, 390_000].map((fromMs) => walk(fromMs, more)));

  test.each<readonly [string, (index: number) => Partial<Asked>]>([
    ['that takes its ids from elsewhere, in order', () => ({})],
    ['that goes through them in any order', (index) => ({ path: `/orders/${((index * 149) % 400) + 1}` })],
    ['for which some objects are gone', (index) => ({ status: index % 20 === 0 ? 404 : 200 })],
    [
      'whose ids are uuids',
      (index) => ({
        path: `/orders/3fa85f64-5717-4562-b3fc-${index.toString(16).padStart(12, '0')}`,
        route: '/orders/{id}',
      }),
    ],
    ['that has its ids in the query', (index) => ({ path: '/orders', query: `orderId=${index}` })],
    ['that has two tokens', (index) => ({ token: tokenOf(5000 + (index % 2)) })],
  ])('one %s', (_name, more) => {
    for (const learningMs of [0, 60_000, 300_000]) expect(loud(run(runs(more), { learningMs }))).toEqual([]);
  });

  test('is mentioned at most once per route, and not again when it is usual', () => {
    const mentioned = newest(
      run(
        runs(() => ({})),
        { learningMs: 60_000 },
      ),
    );
    expect(mentioned.map(({ severity, title }) => [severity, title])).toEqual([
      ['info', 'Bulk read, nothing else against it'],
    ]);
    expect(mentioned[0]?.lastSeen.slice(0, 16)).toBe(
      new Date(exampleStartMs + 50_000).toISOString().slice(0, 16),
    );
  });
});

describe('enumeration among steady users and a batch job', () => {
  /** Signs in with a password, then asks for ids with the token of the answer. */
  const attack = (fromMs: number, path: (index: number) => Partial<Asked>): readonly FlowEvent[] =>
    together(
      series(1, { everyMs: 1, fromMs }, () =>
        guess(0, { status: 200, answer: `{"token":"${tokenOf(77)}"}` }),
      ),
      series(60, { everyMs: 80, fromMs: fromMs + 100 }, (index) => ({
        from: 'thief',
        path: `/orders/${index + 1}`,
        token: tokenOf(77),
        ...path(index),
      })),
    );
  test.each<readonly [string, (index: number) => Partial<Asked>]>([
    ['up', () => ({})],
    ['down', (index) => ({ path: `/orders/${600 - index}` })],
    ['shuffled', (index) => ({ path: `/orders/${((index * 23) % 60) + 300}` })],
    ['in strides', (index) => ({ path: `/orders/${index * 3 + 1}` })],
    ['forbidden', () => ({ status: 403 })],
    ['mostly missing', (index) => ({ status: index % 3 === 0 ? 200 : 404 })],
  ])('is found alone: %s', (_name, path) => {
    const found = loud(run(together(steady(0, 1200), attack(60_000, path)), { learningMs: 0 }));
    expect(found.map(({ source }) => source.workload)).toEqual(found.map(() => 'thief'));
    expect(found.some(({ rule, severity }) => rule === 'bola-enumeration' && severity === 'high')).toBe(true);
    expect(newest(found).at(-1)?.suggestion).toEqual({
      action: 'block',
      methods: ['GET'],
      paths: ['/orders/{id}'],
    });
  });
});
