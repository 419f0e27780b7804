import { expect, test } from 'vitest';
import { unwellSentence } from '../../../src/core/model/worker-health.ts';

test('a worker is well until its heartbeat is a second old', () => {
  expect(unwellSentence([{ name: 'a', heartbeatAgeMs: 999 }])).toBeUndefined();
  expect(unwellSentence([{ name: 'a', heartbeatAgeMs: 1_000 }])).toBe(
    'The worker a has given no sign of life for 1.0 s: its connections stand still.',
  );
});

test('one that hangs among others is named', () => {
  const workers = [
    { name: 'a', heartbeatAgeMs: 3 },
    { name: 'b', heartbeatAgeMs: 12_340 },
  ];
  expect(unwellSentence(workers)).toMatch(/^The worker b .* 12\.3 s/);
});
