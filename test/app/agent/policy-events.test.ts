import { expect, test } from 'vitest';
import { createPolicyEvents } from '../../../src/app/agent/policy-events.ts';
import { createPolicyMask } from '../../../src/core/mask/mask-policy.ts';
import { createMasker } from '../../../src/core/mask/masker.ts';
import { policyName } from '../../../src/core/model/brand.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import type { StoredPolicy } from '../../../src/core/policy/store.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';
import { withNotes } from '../../../src/core/policy/with-notes.ts';

const mask = createPolicyMask(createMasker(new Uint8Array(32).fill(3)));
const policy = (mode: Policy['spec']['mode']): Policy => ({
  apiVersion: 'apidefense.dev/v1alpha1',
  kind: 'FlowPolicy',
  metadata: { name: 'p', namespace: 'shop' },
  spec: { mode, from: { scope: 'All' }, to: { scope: 'All' }, action: { type: 'Block' } },
});
const valid = (mode: Policy['spec']['mode']): StoredPolicy => ({
  type: 'valid',
  name: policyName('shop/p'),
  policy: policy(mode),
  file: 'p.yaml',
});

test('a new policy is told once, with its state, and again only when it changed', () => {
  const events = createPolicyEvents(mask);
  expect(events.update([valid('Enforce')], 0).map(({ name, state }) => [name, state])).toEqual([
    ['shop/p', 'active'],
  ]);
  expect(events.update([valid('Enforce')], 0)).toEqual([]);
  expect(events.update([valid('Shadow')], 0).map(({ state }) => state)).toEqual(['shadow']);
  expect(events.update([], 0).map(({ state }) => state)).toEqual(['removed']);
});

test('of many entries only those that are others, or stand otherwise, are put into words again', () => {
  const events = createPolicyEvents(mask);
  const entryOf = (index: number, file: string): StoredPolicy => ({
    ...{ type: 'valid', policy: policy('Enforce'), file, name: policyName(`shop/p-${index}`) },
  });
  const entries = Array.from({ length: 500 }, (_, index) => entryOf(index, 'p.yaml'));
  const standing = new Map<string, number>();
  const update = (): number =>
    events.update(entries, 0, (name) => ({
      ...{ state: 'enforced', gears: ['kernel'], meant: 1, outside: 0, sentence: 'It stands.' },
      inPlace: standing.get(name) ?? 1,
    })).length;
  expect(update()).toBe(500);
  expect(events.described()).toBe(500);
  entries[7] = entryOf(7, 'q.yaml');
  standing.set('shop/p-9', 0);
  // Nothing told of a policy says which file it is in.
  expect(update()).toBe(1);
  expect(events.described()).toBe(502);
});

test('a rejected file is told with file, line and sentence', () => {
  const rejection = { file: 'bad.yaml', line: 7, code: 'POLICY_FIELD', message: 'bad.yaml:7 …' };
  const [event] = createPolicyEvents(mask).update([{ type: 'rejected', rejection }], 0);
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
  expect(createPolicyEvents(mask).update([entry], 0)[0]).toMatchObject({
    state: 'active',
    error: { code: 'YAML' },
  });
});

test('an object of a cluster that stands as it last was is told once, as standing, with what is wrong and since when', () => {
  const rejection = {
    ...{ file: 'FlowPolicy shop/p', code: 'POLICY_UNKNOWN_FIELD', message: 'It has no budget.' },
    since: '2026-11-23T02:00:00.000Z',
  };
  const object = { name: policyName('shop/p'), uid: 'u', generation: 4 };
  const entries: readonly StoredPolicy[] = [
    { type: 'valid', ...object, policy: policy('Enforce'), file: rejection.file, rejection },
    { type: 'rejected', ...object, rejection },
  ];
  const events = createPolicyEvents(mask);
  expect(events.update(entries, 0)).toMatchObject([{ state: 'active', generation: 4, error: rejection }]);
  expect(events.update(entries, 0)).toEqual([]);
  expect(events.summary()).toEqual({ active: 1, shadow: 0, rejected: 0, lastGood: 1 });
});

test('hits and shadow hits are counted apart and told only when they moved', () => {
  const events = createPolicyEvents(mask);
  events.update([valid('Enforce')], 0);
  expect(events.moved(1)).toEqual([]);
  events.count(sampleFlow({ verdict: { action: 'block', mode: 'enforce', policy: 'shop/p' } }));
  events.count(sampleFlow({ shadow: { action: 'block', mode: 'shadow', policy: 'shop/p' } }));
  events.count(sampleFlow({ verdict: { action: 'block', mode: 'enforce', policy: '(strict-parsing)' } }));
  expect(events.moved(1)).toMatchObject([{ name: 'shop/p', hits: 1, shadowHits: 1 }]);
  expect(events.moved(2)).toEqual([]);
});

test('a policy is told without its secrets, a rejected one without its object', () => {
  const secret = 'hunter2hunter2';
  const secretive: Policy = {
    ...withNotes(policy('Enforce'), { annotations: { 'example.com/token': secret } }),
    spec: {
      ...policy('Enforce').spec,
      match: { http: { headers: [{ name: 'X-Api-Key', values: [secret] }] } },
      reason: `leaked, password=${secret}`,
    },
  };
  const events = createPolicyEvents(mask).update(
    [
      { type: 'valid', name: policyName('shop/p'), policy: secretive, file: 'p.yaml' },
      {
        type: 'rejected',
        rejection: { file: 'q.yaml', code: 'POLICY_FIELD', message: `q.yaml:1 token: ${secret}` },
        object: secretive,
      },
    ],
    0,
  );
  expect(JSON.stringify(events)).not.toContain(secret);
  expect(events[1]).not.toHaveProperty('object');
});

test('a policy that was removed and comes back starts to count at nought', () => {
  const events = createPolicyEvents(mask);
  events.update([valid('Enforce')], 0);
  events.count(sampleFlow({ verdict: { action: 'block', mode: 'enforce', policy: 'shop/p' } }));
  events.update([], 1);
  expect(events.moved(1)).toEqual([]);
  expect(events.update([valid('Enforce')], 2)).toMatchObject([{ state: 'active', hits: 0, shadowHits: 0 }]);
});

test('what a policy and its file are called and who wrote it are told without secrets', () => {
  const secret = 'ghp_16C7e42F292c6912E7710c838347Ae178B4a';
  const rejection = { file: `${secret}.yaml`, code: 'POLICY_FIELD', message: `${secret}.yaml: wrong` };
  const told = createPolicyEvents(mask).update(
    [
      { type: 'rejected', rejection },
      {
        type: 'valid',
        name: policyName('shop/p'),
        policy: policy('Enforce'),
        file: 'p.yaml',
        author: `token=${secret}`,
        rejection,
      },
    ],
    0,
  );
  expect(told).toHaveLength(2);
  expect(JSON.stringify(told)).not.toContain(secret);
});
