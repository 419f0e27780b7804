// What an agent says of its policies when it starts.
import { expect, test } from 'vitest';
import { policiesSentence } from '../../../../src/app/cli/verbs/agent.ts';

test('a folder that was made just now, an empty one, and one with policies are told apart', () => {
  const none = { inForce: 0, rejected: 0 };
  expect(policiesSentence('/nope', true, none)).toBe('created the empty folder /nope; no policy is in force');
  expect(policiesSentence('/p', false, none)).toBe('no policy is in force from /p');
  expect(policiesSentence('/p', false, { inForce: 1, rejected: 2 })).toBe(
    '1 policy is in force from /p, 2 rejected',
  );
  expect(policiesSentence('/p', false, { inForce: 3, rejected: 0 })).toBe('3 policies are in force from /p');
});
