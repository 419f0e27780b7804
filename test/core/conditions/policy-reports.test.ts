// What each node's agent said last of a policy object: by UID, by generation, and what of it is news.
import { expect, test } from 'vitest';
import { createPolicyReports } from '../../../src/core/conditions/policy-reports.ts';
import { nodeCountOf } from '../../../src/core/conditions/policy-status.ts';
import type { PolicyEvent } from '../../../src/core/model/event.ts';

const said = (more: Partial<PolicyEvent> = {}): PolicyEvent => ({
  ...{ type: 'policy', time: '2026-11-30T10:00:00Z', name: 'shop/p', state: 'active' },
  ...{ uid: 'u1', generation: 1, ...more },
});
const enforced = (state: 'enforced' | 'idle' | 'pending'): Pick<PolicyEvent, 'enforcement'> => ({
  enforcement: { state, gears: [], inPlace: 0, meant: 0, outside: 0, sentence: state },
});

test('a count is no news, another generation or another enforcement is', () => {
  const reports = createPolicyReports();
  expect(reports.take('n1', said())).toBe(true);
  expect(reports.take('n1', said({ hits: 7, time: '2026-11-30T10:00:01Z' }))).toBe(false);
  expect(reports.take('n1', said({ generation: 2 }))).toBe(true);
  expect(reports.take('n1', said({ generation: 2, ...enforced('enforced') }))).toBe(true);
});

test('what was said of another object of the same name does not count for this one', () => {
  const reports = createPolicyReports();
  reports.take('n1', said());
  reports.take('n2', said({ uid: 'u2' }));
  expect(reports.reportsOf('shop/p', 'u2').map(({ node }) => node)).toEqual(['n2']);
});

test('a silent node keeps its word, one that started anew has said nothing', () => {
  const reports = createPolicyReports();
  for (const node of ['n1', 'n2']) reports.take(node, said());
  reports.setSilent('n1', true);
  reports.forget('n2');
  expect(reports.reportsOf('shop/p', 'u1')).toMatchObject([{ node: 'n1', isSilent: true }]);
});

test('a policy that was removed, or that has no generation, is reported by nobody', () => {
  const reports = createPolicyReports();
  reports.take('n1', said());
  expect(reports.take('n1', said({ state: 'removed' }))).toBe(true);
  reports.take('n2', { type: 'policy', time: '2026-11-30T10:00:00Z', name: 'shop/p', state: 'active' });
  expect(reports.reportsOf('shop/p', 'u1')).toEqual([]);
});

test('nodes with nothing to do, and words on an older generation, are not counted', () => {
  const reports = createPolicyReports();
  reports.take('n1', said(enforced('enforced')));
  reports.take('n2', said(enforced('idle')));
  reports.take('n3', said(enforced('pending')));
  reports.take('n4', said({ generation: 0, ...enforced('enforced') }));
  expect(nodeCountOf(reports.reportsOf('shop/p', 'u1'), 1)).toEqual({ enforced: 1, meant: 2 });
});
