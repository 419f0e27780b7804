// What an agent says of its policies when it starts.
import { expect, test } from 'vitest';
import { policiesSentence } from '../../../../src/app/cli/verbs/agent.ts';
import type { EnforcementStatus, NodeStatus } from '../../../../src/core/model/node-status.ts';

test('a folder that was made just now, an empty one, and one with policies are told apart', () => {
  const none = { inForce: 0, rejected: 0 };
  expect(policiesSentence('/nope', true, none)).toBe('created the empty folder /nope; no policy is in force');
  expect(policiesSentence('/p', false, none)).toBe('no policy is in force from /p');
  expect(policiesSentence('/p', false, { inForce: 1, rejected: 2 })).toBe(
    '1 policy is in force from /p, 2 rejected',
  );
  expect(policiesSentence('/p', false, { inForce: 3, rejected: 0 })).toBe('3 policies are in force from /p');
});

const enforcementOf = (state: EnforcementStatus['state']): NodeStatus['policies'][number] => ({
  policy: `shop/${state}`,
  enforcement: { state, gears: [], inPlace: 0, meant: 0, outside: 0, sentence: '' },
});

test('on a node it counts what stands, not what is loaded', () => {
  const loaded = { inForce: 5, rejected: 0 };
  const states = ['idle', 'enforced', 'unenforceable', 'enforced', 'partly', 'pending'] as const;
  expect(policiesSentence('/p', false, { ...loaded, node: { policies: states.map(enforcementOf) } })).toBe(
    '6 policies from /p: 2 stand everywhere, 1 in part, 1 not yet, 1 nowhere here, 1 has nothing to do here; 0 rejected',
  );
  const rejected = { inForce: 1, rejected: 2 };
  expect(policiesSentence('/p', false, { ...rejected, node: { policies: [enforcementOf('shadow')] } })).toBe(
    '1 policy from /p: 1 in shadow; 2 rejected',
  );
  const none = { inForce: 0, rejected: 0 };
  expect(policiesSentence('/p', false, { ...none, node: { policies: [] } })).toBe(
    'no policy is in force from /p',
  );
});
