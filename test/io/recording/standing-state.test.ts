// The last word on everything that still holds, in the order a new reader needs it.
import { expect, test } from 'vitest';
import type { ApiEvent } from '../../../src/core/model/event.ts';
import { createStandingState } from '../../../src/io/recording/standing-state.ts';
import { sampleFinding } from '../../core/filter/samples.ts';
import { at, endpoint, flow, policy } from './sample.ts';

const identity = (workload: string, role: 'listener' | 'caller' = 'listener'): ApiEvent => ({
  type: 'identity',
  time: at(0),
  endpoint: endpoint(workload),
  role,
});

function standing(events: readonly (readonly [ApiEvent, string])[], findings = 10): string[] {
  const state = createStandingState<string>(findings);
  for (const [event, word] of events) state.note(event, word);
  return state.values();
}

test('identities come first, then policies, then findings; flows are no state', () => {
  expect(
    standing([
      [sampleFinding({ id: 'a' }), 'finding'],
      [policy('p', 0), 'policy'],
      [flow('f', 0), 'flow'],
      [identity('api'), 'identity'],
    ]),
  ).toEqual(['identity', 'policy', 'finding']);
});

test('a later word takes the place of the earlier, at the end', () => {
  expect(
    standing([
      [policy('p', 0), 'p1'],
      [policy('q', 1), 'q1'],
      [policy('p', 2), 'p2'],
    ]),
  ).toEqual(['q1', 'p2']);
});

test('a removed policy is forgotten', () => {
  expect(
    standing([
      [policy('p', 0), 'p'],
      [policy('p', 1, 'removed'), 'gone'],
    ]),
  ).toEqual([]);
});

test('one workload in two roles is two identities', () => {
  expect(
    standing([
      [identity('api'), 'listens'],
      [identity('api', 'caller'), 'calls'],
    ]),
  ).toEqual(['listens', 'calls']);
});

test('of findings beyond the limit those not seen for longest are forgotten', () => {
  const found = ['a', 'b', 'a', 'c'].map((id): readonly [ApiEvent, string] => [sampleFinding({ id }), id]);
  expect(standing(found, 2)).toEqual(['a', 'c']);
});
