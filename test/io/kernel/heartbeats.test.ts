// Signs of life by pod: in rhythm with the passes, errors told once.
import { expect, test } from 'vitest';
import { heartbeatEveryMs } from '../../../src/core/plan/node-constants.ts';
import { createHeartbeats } from '../../../src/io/kernel/heartbeats.ts';

function beating(answers: number[] = []) {
  const heartbeats = createHeartbeats<string>();
  const seen: string[] = [];
  const start = (pod: string, atMs: number): void =>
    heartbeats.start(
      pod,
      () => {
        seen.push(pod);
        return answers.shift() ?? 0;
      },
      atMs,
    );
  const failures: string[] = [];
  const pass = (atMs: number): string[] => {
    heartbeats.pass(atMs, (pod, error) => failures.push(`${pod} ${error}`));
    return seen.splice(0);
  };
  return { heartbeats, start, pass, failures };
}

test('each pod beats in its own rhythm and only while passes happen', () => {
  const { heartbeats, start, pass } = beating();
  start('a', 0);
  start('b', 100);
  expect(pass(heartbeatEveryMs - 1)).toEqual([]);
  expect(pass(heartbeatEveryMs)).toEqual(['a']);
  expect(pass(heartbeatEveryMs + 99)).toEqual([]);
  expect(pass(heartbeatEveryMs + 100)).toEqual(['b']);
  // A loop that hung for ten periods gives one sign, not ten.
  expect(pass(12 * heartbeatEveryMs)).toEqual(['a', 'b']);
  heartbeats.stop('a');
  expect(pass(14 * heartbeatEveryMs)).toEqual(['b']);
});

test('an error is told once until it works again', () => {
  const { start, pass, failures } = beating([2, 2, 0, 2]);
  start('a', 0);
  for (let beat = 1; beat <= 4; beat++) pass(beat * heartbeatEveryMs);
  expect(failures).toEqual(['a 2', 'a 2']);
});
