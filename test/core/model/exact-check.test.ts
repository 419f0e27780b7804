// The compiled check against the schema it was compiled from: for any JSON value it says yes exactly when the schema accepts the
// value and gives it back as it is.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { eventSchema } from '../../../src/core/model/event.ts';
import { exactCheck } from '../../../src/core/model/exact-check.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

const isEvent = exactCheck(eventSchema);

/** What the check must say, by the schema alone. */
function takenAsItIs(schema: z.ZodType, value: unknown): boolean {
  const read = schema.safeParse(value);
  return read.success && sorted(read.data) === sorted(value);
}

/** Equal for values that are equal as JSON, whatever the order of keys. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );

const endpoint = { workload: 'cart', namespace: 'shop', principal: 'sa:shop/cart', assurance: 'mtls' };
const time = '2026-11-23T03:00:00.000Z';
const finding = {
  ...{ type: 'finding', time, id: 'f', rule: 'bola', title: 't', severity: 'high', confidence: 0.5 },
  ...{ tags: ['a'], source: endpoint, count: 3, firstSeen: time, lastSeen: time, evidence: ['a1-1'] },
  ...{ why: 'w', fix: 'f', suggestion: { action: 'block', paths: ['/a'] } },
};
const samples: readonly object[] = [
  sampleFlow(),
  sampleFlow({ light: true, shadow: { action: 'block', mode: 'shadow', retryAfterSeconds: 3 } }),
  finding,
  { type: 'policy', time, name: 'shop/p', state: 'active', hits: 2 },
  { type: 'lost', time, where: 'feed', count: 1 },
  { type: 'identity', time, endpoint, role: 'caller' },
];

/** Values that stand near a bound of some field, and some that no field takes. */
const replacements: readonly unknown[] = [
  ...[0, 1, -1, 1.5, 2 ** 53, 1e308, true, false, null, '', 'allow', 'flow', 'http/1.1', 'ip'],
  ...[[], {}, [['a', 'b']], [['a']], [['a', 'b', 'c']], ['a', 'b'], { text: 'x' }, { a: 1 }],
];

/** The value with one place changed: a field replaced, removed or added, or an item of an array. */
function changed(value: unknown, picks: readonly number[], replacement: unknown): unknown {
  const [pick = 0, ...rest] = picks;
  if (typeof value !== 'object' || value === null || picks.length === 0) return replacement;
  if (Array.isArray(value)) {
    const items: unknown[] = [...(value as readonly unknown[])];
    const at = pick % (items.length + 1);
    items[at] = changed(items[at], rest, replacement);
    return items;
  }
  const entries = Object.entries(value);
  const chosen = entries[pick % (entries.length + 2)];
  // A name of its own, and the name that an object does not keep when it is assigned.
  if (!chosen)
    return Object.defineProperty({ ...value }, pick % 2 === 0 ? 'surplus' : '__proto__', {
      value: replacement,
      enumerable: true,
    });
  if (pick % 7 === 0) return Object.fromEntries(entries.filter((entry) => entry !== chosen));
  return Object.fromEntries(
    entries.map((entry) => (entry === chosen ? [entry[0], changed(entry[1], rest, replacement)] : entry)),
  );
}

test('events as they are written pass, in any order of their keys', () => {
  for (const sample of samples) {
    expect([isEvent(sample), eventSchema.safeParse(sample).success]).toEqual([true, true]);
    expect(isEvent(Object.fromEntries(Object.entries(sample).reverse()))).toBe(true);
  }
});

test('an event changed anywhere is taken exactly when the schema takes it unchanged', () => {
  // A policy's object may be anything: no compiled yes for it, the schema is asked.
  const strict = samples.filter((sample) => !('state' in sample));
  let taken = 0;
  let refused = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...strict),
      fc.array(fc.nat(60), { minLength: 1, maxLength: 4 }),
      fc.constantFrom(...replacements),
      (sample, picks, replacement) => {
        const value: unknown = JSON.parse(JSON.stringify(changed(sample, picks, replacement)));
        const expected = takenAsItIs(eventSchema, value);
        if (expected) taken++;
        else refused++;
        expect(isEvent(value)).toBe(expected);
      },
    ),
    { numRuns: 5000 },
  );
  expect(Math.min(taken, refused)).toBeGreaterThan(200);
});

test('no JSON value is taken that the schema would change or refuse', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      if (isEvent(value)) expect(takenAsItIs(eventSchema, value)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('what it does not know it leaves to the schema', () => {
  const odd = [z.string().min(3), z.string().transform(Number), z.number().multipleOf(2)];
  for (const schema of odd)
    expect([exactCheck(schema)('abc'), exactCheck(schema)(4)]).toEqual([false, false]);
  expect(exactCheck(z.looseObject({ a: z.string() }))({ a: 'x', b: 1 })).toBe(false);
  expect(exactCheck(z.number().positive())(0)).toBe(false);
});
