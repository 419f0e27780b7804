// The canary: a valid policy that refuses nothing and ends by itself, and when it counts as answered.
import { expect, test } from 'vitest';
import { canaryAnswer, canaryPolicy } from '../../../src/core/install/canary.ts';
import type { Json, KubeObject } from '../../../src/core/install/kube-object.ts';
import { flowPolicySchema } from '../../../src/core/policy/schema.ts';

const policy = canaryPolicy('a', Date.parse('2026-11-30T12:00:00.5Z'));

test('is a policy in shadow that expires and is ours by its label', () => {
  const { metadata, spec } = flowPolicySchema.parse(policy);
  expect(spec).toMatchObject({ mode: 'Shadow', expiresAt: '2026-11-30T12:00:00Z' });
  expect(metadata.labels).toEqual({ 'apidefense.dev/installation': 'a' });
});

const withStatus = (observedGeneration: number, status: string, message: string): KubeObject => {
  const condition: Json = {
    ...{ type: 'Programmed', status, reason: 'Shadow', message, observedGeneration },
    lastTransitionTime: '2026-11-30T12:00:00Z',
  };
  const metadata = { ...policy.metadata, generation: 2 };
  return { ...policy, metadata, status: { conditions: [condition] } };
};

test.each([
  [policy, { answered: false, sentence: '' }],
  [withStatus(2, 'True', 'On 2/2 nodes.'), { answered: true, sentence: 'On 2/2 nodes' }],
  [withStatus(2, 'Unknown', '1/2 have reported.'), { answered: false, sentence: '1/2 have reported' }],
  // Of a canary that was there before.
  [withStatus(1, 'True', 'On 2/2 nodes.'), { answered: false, sentence: '' }],
])('is answered when the condition of this generation is true', (object, answer) =>
  expect(canaryAnswer(object)).toEqual(answer),
);
