import { expect, test } from 'vitest';
import { createRandom } from '../../../../src/app/demo/seeded-random.ts';
import { drawSession, stepCosts, type Session } from '../../../../src/app/demo/traffic/session-plan.ts';

const visits = (seed: number): Session[] => {
  const random = createRandom(seed);
  return Array.from({ length: 400 }, () => drawSession(random));
};

test('the same seed plans the same visits, another seed others', () => {
  expect(visits(1)).toEqual(visits(1));
  expect(visits(1)).not.toEqual(visits(2));
});

test('every kind of step and of beginning happens', () => {
  const all = visits(1);
  const types = new Set(all.flatMap(({ steps }) => steps.map(({ type }) => type)));
  expect([...types, 'login'].sort()).toEqual(Object.keys(stepCosts).sort());
  expect(new Set(all.map(({ entry }) => entry)).size).toBe(4);
});

test('mistyped passwords and expired sessions are noise, not the rule', () => {
  const odd = visits(1).filter(({ entry }) => entry === 'mistyped' || entry === 'kiosk').length;
  expect(odd).toBeGreaterThan(0);
  expect(odd).toBeLessThan(60);
});
