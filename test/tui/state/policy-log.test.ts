// Since when policies have been in force: what the terminal was told, in the order of its times, within bounds.
import { expect, test } from 'vitest';
import type { PolicyEvent } from '../../../src/core/model/event.ts';
import { createPolicyLog } from '../../../src/tui/state/policy-log.ts';
import type { PolicyLog } from '../../../src/tui/state/policy-log.ts';
import { activePolicy, sceneStart } from '../panes/scene.ts';

const word = (name: string, seconds: number, different: Partial<PolicyEvent> = {}): PolicyEvent => ({
  ...activePolicy,
  name,
  hits: 0,
  time: new Date(sceneStart + seconds * 1000).toISOString(),
  ...different,
});

/** `name@seconds`, with a minus for what went. */
const told = (events: readonly PolicyEvent[]): string[] =>
  events.map(({ name, time, state }) => {
    const seconds = (Date.parse(time) - sceneStart) / 1000;
    return `${state === 'active' ? '' : '-'}${name}@${seconds}`;
  });

function past(log: PolicyLog, fromSeconds: number, firstHitSeconds = 0): readonly [string[], string[]] {
  const firstHitMs = (): number => (firstHitSeconds === 0 ? 0 : sceneStart + firstHitSeconds * 1000);
  const { standing, changes } = log.since({ fromMs: sceneStart + fromSeconds * 1000, firstHitMs });
  return [told(standing), told(changes)];
}

test('what came before the window stands, what came in it is a change, and what went is gone', () => {
  const log = createPolicyLog();
  for (const event of [word('a', 1), word('b', 2), word('a', 3, { state: 'removed' }), word('c', 8)])
    log.add(event);
  expect(past(log, 0)).toEqual([[], ['a@1', 'b@2', '-a@3', 'c@8']]);
  expect(past(log, 5)).toEqual([['b@2'], ['c@8']]);
});

test('counters that move, and a history that is sent again, change nothing; another object does', () => {
  const log = createPolicyLog();
  log.add(word('a', 1));
  log.add(word('a', 2, { hits: 3 }));
  log.add(word('a', 3, { hits: 4, object: undefined }));
  log.add(word('a', 4, { hits: 4, object: { ...(activePolicy.object as object), kind: 'Other' } }));
  expect(past(log, 0)[1]).toEqual(['a@1', 'a@4']);
});

test('a policy that had decided before its first word is as old as the first request it decided', () => {
  const log = createPolicyLog();
  log.add(word('a', 30, { hits: 12 }));
  expect(past(log, 0, 7)[1]).toEqual(['a@7']);
  expect(past(log, 10, 7)).toEqual([['a@7'], []]);
  expect(past(log, 0, 90)[1]).toEqual(['a@30']);
});

test('beyond the bound the oldest changes count as having held from the beginning', () => {
  const log = createPolicyLog(2);
  for (let at = 1; at <= 4; at++) log.add(word(`p${at}`, at));
  log.add(word('p1', 5, { state: 'expired' }));
  expect(past(log, 0)).toEqual([
    ['p1@1', 'p2@2', 'p3@3'],
    ['p4@4', '-p1@5'],
  ]);
});
