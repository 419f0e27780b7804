// What the supervisor says.
import { expect, test } from 'vitest';
import {
  killSentence,
  restartedNotice,
  restartSentence,
} from '../../../../src/app/agent/supervisor/supervisor-words.ts';

test('a kill names its reason, with the time where there is one', () => {
  expect(killSentence('data', 800.4)).toBe(
    "watchdog: the agent's data thread gave no sign of life for 800 ms; killing its process",
  );
  expect(killSentence('impatience', 12)).toBe(
    'watchdog: the agent was told to stop a second time; killing its process',
  );
});

test('a restart says how it ended, when it comes back, and the sums', () => {
  const restarts = { hung: 1, died: 3 };
  expect(restartSentence({ type: 'tellRestart', how: 'was ended by SIGABRT', waitMs: 0, restarts })).toBe(
    'watchdog: the agent was ended by SIGABRT; starting it again at once (so far 1 hung, 3 died)',
  );
  expect(restartSentence({ type: 'tellRestart', how: 'ended with status 70', waitMs: 4_000, restarts })).toBe(
    'watchdog: the agent ended with status 70; starting it again in 4 s (so far 1 hung, 3 died)',
  );
});

test('an agent that was started again says so, the first one does not', () => {
  expect(restartedNotice({ hung: 0, died: 0 })).toBeUndefined();
  expect(restartedNotice({ hung: 1, died: 0 })).toBe(
    'The watchdog has started this agent again once: 1 hung, 0 died.',
  );
  expect(restartedNotice({ hung: 1, died: 4 })).toMatch(/again 5 times: 1 hung, 4 died/);
});
