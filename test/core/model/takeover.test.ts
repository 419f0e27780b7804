import { expect, test } from 'vitest';
import { createTakeover, takeoverMs } from '../../../src/core/model/takeover.ts';

const pods = (waiting: number, enrolled = 2) => ({ waiting, enrolled, failed: 0, host: 1, left: 0 });

test('an agent has taken its pods over when none of them waits, and pods that come later do not change that', () => {
  const takeover = createTakeover(1_000);
  expect(takeover(pods(1), 1_000)).toBe(
    '1 of 3 pods have not been taken over yet: their namespaces are waited for.',
  );
  expect(takeover(pods(0, 3), 1_500)).toBeUndefined();
  expect(takeover(pods(2, 3), 1_600)).toBeUndefined();
});

test('a node without pods has nothing to take over', () => {
  expect(createTakeover(0)(pods(0, 0), 0)).toBeUndefined();
});

test('a pod that never gets a namespace holds nobody up for ever', () => {
  const takeover = createTakeover(1_000);
  expect(takeover(pods(1), 1_000 + takeoverMs - 1)).toBeDefined();
  expect(takeover(pods(1), 1_000 + takeoverMs)).toBeUndefined();
});
