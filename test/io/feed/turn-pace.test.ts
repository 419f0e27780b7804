// Reading stops when a turn's time is spent and goes on in the next one.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTurnPace } from '../../../src/io/feed/turn-pace.ts';

function rig() {
  const calls: string[] = [];
  const clock = { ms: 0 };
  const source = {
    isPaused: false,
    pause: () => {
      source.isPaused = true;
      calls.push('pause');
    },
    resume: () => {
      source.isPaused = false;
      calls.push('resume');
    },
  };
  const pace = createTurnPace(source, { turnMs: 4, clock: () => clock.ms });
  return { calls, pace, take: (ms: number) => pace.spend(() => (clock.ms += ms)) };
}

test('a source is paused when its turn is spent, and resumed in the next', async () => {
  const { calls, take } = rig();
  take(3);
  expect(calls).toEqual([]);
  take(1);
  expect(calls).toEqual(['pause']);
  await nextTurn();
  expect(calls).toEqual(['pause', 'resume']);
});

test('time of one turn does not count in the next', async () => {
  const { calls, take } = rig();
  take(3);
  await nextTurn();
  take(3);
  await nextTurn();
  expect(calls).toEqual([]);
});

test('a source that ended during its work is left alone', async () => {
  const { calls, pace } = rig();
  pace.spend(() => pace.end());
  await nextTurn();
  expect(calls).toEqual([]);
});

test('a source is not read while its consumer is not ready, and is afterwards', async () => {
  const gate = Promise.withResolvers<undefined>();
  const states: boolean[] = [];
  let waits: Promise<void> | undefined = gate.promise;
  const source = {
    isPaused: false,
    pause: () => (source.isPaused = true),
    resume: () => (source.isPaused = false),
  };
  const pace = createTurnPace(source, { turnMs: 4, clock: () => 0, ready: () => waits });
  pace.spend(() => undefined);
  await nextTurn();
  states.push(source.isPaused);
  waits = undefined;
  gate.resolve(undefined);
  await nextTurn();
  states.push(source.isPaused);
  expect(states).toEqual([true, false]);
});
