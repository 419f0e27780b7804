// The sums of a preview: what counts as success, who counts as others, what is cut off and said to be.
import { expect, test } from 'vitest';
import { workloadOf } from '../../../src/core/model/workload-key.ts';
import { createTally } from '../../../src/core/policy/preview-tally.ts';
import { flowOf, noon, without } from './build.ts';

const scanner = workloadOf(flowOf({ from: 'scanner' }).source);
const web = workloadOf(flowOf({ from: 'web' }).source);

test.each([
  ['200 of the upstream', flowOf({ status: 200 }), 1],
  ['a redirect', flowOf({ status: 302 }), 1],
  ['a refusal of the upstream', flowOf({ status: 403 }), 0],
  ['an informational end', flowOf({ status: 101 }), 0],
  ['an answer of ours', flowOf({ status: 200, local: true }), 0],
  ['no answer', without(flowOf(), 'response'), 0],
])('%s counts as success %#', (_what, flow, success) => {
  const tally = createTally({});
  tally.seen(flow, noon);
  tally.flip(flow, 403);
  expect(tally.result([])).toMatchObject({
    total: 1,
    successTotal: success,
    successFlips: success,
    flips: 1,
  });
});

test('successes of the caller in question are not those of others', () => {
  const tally = createTally({ focusCaller: scanner, knownCallers: [scanner, web] });
  const own = flowOf({ from: 'scanner' });
  tally.seen(own, noon);
  tally.flip(own, 403);
  expect(tally.result([])).toMatchObject({ successFlips: 1, othersSuccessFlips: 0, notSeen: [web] });
  const other = flowOf({ from: 'web' });
  tally.seen(other, noon);
  tally.flip(other, 403);
  expect(tally.result([])).toMatchObject({ successFlips: 2, othersSuccessFlips: 1, notSeen: [] });
});

test('what is let through now counts apart from what is refused now, and is no victim', () => {
  const tally = createTally({});
  tally.flip(flowOf({ status: 403 }), 0);
  tally.flip(flowOf({ status: 200 }), 429);
  const { toAllowed, toRefused, flips, firstVictims, byRoute } = tally.result([]);
  expect([toAllowed, toRefused, flips, firstVictims.length]).toEqual([1, 1, 2, 1]);
  expect(byRoute[0]?.transitions).toEqual([
    { from: 403, to: 0, count: 1 },
    { from: 200, to: 429, count: 1 },
  ]);
});

test('the first five victims are kept, in order', () => {
  const tally = createTally({});
  for (let index = 0; index < 9; index += 1) tally.flip(flowOf({ id: `a-${index}` }), 403);
  expect(tally.result([]).firstVictims.map(({ id }) => id)).toEqual(['a-0', 'a-1', 'a-2', 'a-3', 'a-4']);
});

test('the window is from the earliest to the latest flow, in whatever order they come', () => {
  const tally = createTally({});
  for (const atMs of [noon + 5_000, noon, noon + 9_000, noon + 2_000]) tally.seen(flowOf({ atMs }), atMs);
  expect(tally.result([])).toMatchObject({
    windowStart: new Date(noon).toISOString(),
    windowEnd: new Date(noon + 9_000).toISOString(),
  });
});

test('callers and routes beyond the limits are in the totals only, which is said', () => {
  const callers = createTally({});
  for (let index = 0; index < 5_001; index += 1) callers.flip(flowOf({ from: `c${index}` }), 403);
  const cut = callers.result([]);
  expect([cut.flips, cut.byCaller.length, cut.truncated]).toEqual([5_001, 5_000, true]);
  const routes = createTally({});
  for (let index = 0; index < 5_001; index += 1) routes.flip(flowOf({ path: `/r${index}` }), 403);
  const folded = routes.result([]);
  expect([folded.flips, folded.byRoute.length, folded.truncated]).toEqual([5_001, 5_000, true]);
});

test('reasons why flows cannot be told are counted, a bounded number of different ones', () => {
  const tally = createTally({});
  for (let index = 0; index < 40; index += 1) tally.undecidable(`reason ${index}`);
  tally.undecidable('reason 0');
  const { undecidable, truncated } = tally.result([]);
  expect(undecidable).toHaveLength(32);
  expect(undecidable[0]).toEqual({ why: 'reason 0', count: 2 });
  expect(truncated).toBe(false);
});
