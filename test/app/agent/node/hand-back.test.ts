// Handing pods to an earlier start when an agent stops: who is offered, who is left alone, and that it has an end. Real kernel:
// test/e2e/node-hand-back.test.ts.
import { expect, test } from 'vitest';
import { handBack } from '../../../../src/app/agent/node/hand-back.ts';
import type { Place } from '../../../../src/app/agent/node/places.ts';
import { AppError } from '../../../../src/core/model/app-error.ts';

const refused = (message: string): AppError =>
  new AppError({ code: 'X', family: 'unavailable', message, hint: '' });

/** A pod that is taken at the n-th look; 0: never. `waits`: somebody does. */
function place(id: string, { waits = true, takenAt = 1, reclaim = (): void => undefined } = {}): Place {
  let looks = 0;
  const offering = {
    offer: () => waits,
    isTaken: () => {
      looks += 1;
      return takenAt > 0 && looks >= takenAt;
    },
    reclaim,
  };
  return { pod: { id }, gears: { offering } } as unknown as Place;
}

async function run(places: readonly Place[]) {
  const taken: string[] = [];
  const notices: string[] = [];
  let clockMs = 0;
  await handBack(places, {
    onTaken: ({ pod }) => Promise.resolve(void taken.push(pod.id)),
    onNotice: (sentence) => notices.push(sentence),
    now: () => (clockMs += 500),
  });
  return { taken, notices };
}

test('pods that somebody waits for go over as they are taken; the others are left alone', async () => {
  const alone = place('alone', { waits: false, reclaim: () => expect.unreachable() });
  const gone = { pod: { id: 'gone' }, gears: undefined } as unknown as Place;
  expect(await run([place('late', { takenAt: 3 }), alone, place('soon'), gone])).toEqual({
    taken: ['soon', 'late'],
    notices: [],
  });
});

test('what nobody takes is ours again, after a bounded time', async () => {
  let reclaimed = 0;
  const { taken } = await run([place('kept', { takenAt: 0, reclaim: () => void (reclaimed += 1) })]);
  expect([taken, reclaimed]).toEqual([[], 1]);
});

test('who takes it just before it is ours again has it; what else fails is told', async () => {
  const fails = (): void => {
    throw refused('It is refused.');
  };
  // Seven looks fit into the time.
  expect(await run([place('fast', { takenAt: 8, reclaim: fails })])).toEqual({
    taken: ['fast'],
    notices: [],
  });
  expect(await run([place('stuck', { takenAt: 0, reclaim: fails })])).toEqual({
    taken: [],
    notices: ['stuck: It is refused.'],
  });
});
