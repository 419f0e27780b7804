// The greeting: whoever connects learns from it whether a policy is enforced in pods.
import { expect, test } from 'vitest';
import { helloOf } from '../../../src/app/agent/agent-words.ts';
import { helloSchema } from '../../../src/core/model/feed-message.ts';

const options = { name: 'node one', listeners: [], policiesDirectory: undefined };

test('the greeting of an agent of a node says so, and only its', () => {
  expect(helloOf({ ...options, node: {} })).toMatchObject({ node: true, writable: false });
  expect(helloOf({ ...options, policiesDirectory: '/p' })).not.toHaveProperty('node');
  expect(helloOf({ ...options, policiesDirectory: '/p' }).writable).toBe(true);
});

test('a greeting of an older agent is still one', () => {
  const older = helloOf(options);
  expect(helloSchema.parse(older)).toEqual(older);
});
