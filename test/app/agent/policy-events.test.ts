import { expect, test } from 'vitest';
import { createPolicyEvents } from '../../../src/app/agent/policy-events.ts';
import { policyName } from '../../../src/core/model/brand.ts';
import type { FlowPolicy } from '../../../src/core/policy/schema.ts';
import type { StoredPolicy } from '../../../src/core/policy/store.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

const policy = (mode: FlowPolicy['spec']['mode']): FlowPolicy => ({
  apiVersion: 'apidefense.dev/v1alpha1',
  kind: 'FlowPolicy',
  metadata: { name: 'p', namespace: 'shop' },
  spec: { mode, from: { scope: 'All' }, to: { scope: 'All' }, action: { type: 'Block' } },
});
const valid = (mode: FlowPolicy['spec']['mode']): StoredPolicy => ({
  type: 'valid',
  name: policyName('shop/p'),
  policy: policy(mode),
  file: 'p.yaml',
});

test('a new policy is told once, with its state, and again only when it changed', () => {
  const events = createPolicyEvents();
  expect(events.update([valid('Enforce')], 0).map(({ name, state }) => [name, state])).toEqual([
    ['shop/p', 'active'],
  ]);
  expect(events.update([valid('Enforce')], 0)).toEqual([]);
  expect(events.update([valid('Shadow')], 0).map(({ state }) => state)).toEqual(['shadow']);
  expect(events.update([], 0).map(({ state }) => state)).toEqual(['removed']);
});

test('a rejected file is told with file, line and sentence', () => {
  const rejection = { file: 'bad.yaml', line: 7, code: 'POLICY_FIELD', message: 'bad.yaml:7 …' };
  const [event] = createPolicyEvents().update([{ type: 'rejected', rejection }], 0);
  expect(event).toMatchObject({ name: '(file)/bad.yaml', state: 'rejected', error: rejection });
});

test('a valid object whose file went bad stays active and carries the error', () => {
  const rejection = { file: 'p.yaml', code: 'YAML', message: 'p.yaml is not YAML.' };
  const entry: StoredPolicy = {
    type: 'valid',
    name: policyName('shop/p'),
    policy: policy('Enforce'),
    file: 'p.yaml',
    rejection,
  };
  expect(createPolicyEvents().update([entry], 0)[0]).toMatchObject({
    state: 'active',
    error: { code: 'YAML' },
  });
});

test('hits and shadow hits are counted apart and told only when they moved', () => {
  const events = createPolicyEvents();
  events.update([valid('Enforce')], 0);
  expect(events.moved(1)).toEqual([]);
  events.count(sampleFlow({ verdict: { action: 'block', mode: 'enforce', policy: 'shop/p' } }));
  events.count(sampleFlow({ shadow: { action: 'block', mode: 'shadow', policy: 'shop/p' } }));
  events.count(sampleFlow({ verdict: { action: 'block', mode: 'enforce', policy: '(strict-parsing)' } }));
  expect(events.moved(1)).toMatchObject([{ name: 'shop/p', hits: 1, shadowHits: 1 }]);
  expect(events.moved(2)).toEqual([]);
});
