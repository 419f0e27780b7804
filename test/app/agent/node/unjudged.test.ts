// What passed while no agent judged: sums that only grow, and sentences that neither repeat nor forget anything.
import { expect, test } from 'vitest';
import { createUnjudged, type Unjudged } from '../../../../src/app/agent/node/unjudged.ts';
import { emptyPod } from '../../../../src/core/plan/plan-diff.ts';
import type { PodPlan } from '../../../../src/core/plan/node-plan.ts';

const startMs = Date.parse('2026-11-30T03:00:00.000Z');
const plan = (...policies: readonly string[]): PodPlan => ({
  ...emptyPod('shop/orders'),
  inline: policies.length === 0 ? [] : [{ port: 8080, failure: 'Open', existing: 'Drain', policies }],
});
const add = (
  unjudged: Unjudged,
  count: number,
  at: { readonly ms?: number; readonly port?: number; readonly plan?: PodPlan } = {},
): void =>
  unjudged.add('shop/orders', new Map([[at.port ?? 8080, count]]), {
    plan: at.plan ?? plan('shop/a', 'shop/b'),
    nowMs: startMs + (at.ms ?? 0),
  });

test('the sum of a port names all policies that were not enforced, and when the last came', () => {
  const unjudged = createUnjudged();
  expect(unjudged.read()).toEqual([]);
  add(unjudged, 30);
  add(unjudged, 7, { ms: 1_000 });
  expect(unjudged.read()).toEqual([
    {
      ...{ pod: 'shop/orders', port: 8080, count: 37, policies: ['shop/a', 'shop/b'] },
      lastSeen: '2026-11-30T03:00:01.000Z',
    },
  ]);
});

test('policies that asked before are named where nobody asks for the port any more', () => {
  const unjudged = createUnjudged();
  add(unjudged, 1, { plan: plan() });
  expect(unjudged.read()[0]?.policies).toEqual([]);
  add(unjudged, 1, { plan: plan('shop/a') });
  add(unjudged, 1, { plan: plan() });
  expect(unjudged.read()[0]).toMatchObject({ count: 3, policies: ['shop/a'] });
});

test('it is said at once, then at most every ten seconds, and nothing is left out or said twice', () => {
  const unjudged = createUnjudged();
  const counts = (ms: number): readonly number[] =>
    unjudged.due(startMs + ms).map((sentence) => Number(/ (\d+) connections? /.exec(sentence)?.[1]));
  expect(counts(0)).toEqual([]);
  add(unjudged, 37);
  expect(unjudged.due(startMs)).toEqual([
    'while no agent judged, 37 connections to port 8080 of shop/orders passed unjudged (policies shop/a, shop/b), last seen 2026-11-30T03:00:00.000Z',
  ]);
  add(unjudged, 2);
  expect(counts(500)).toEqual([]);
  add(unjudged, 3);
  expect([counts(10_000), counts(10_500), counts(60_000)]).toEqual([[5], [], []]);
});

test('ports beyond the bound are one row, and no sum is lost', () => {
  const unjudged = createUnjudged();
  for (let port = 1; port <= 250; port += 1) add(unjudged, 1, { port });
  const rows = unjudged.read();
  expect(rows).toHaveLength(201);
  expect(rows.at(-1)).toMatchObject({ pod: 'other', port: 0, count: 50, policies: [] });
  expect(unjudged.due(startMs).at(-1)).toContain('50 connections to ports of other pods passed unjudged,');
});
