// Random and mutated bytes: the parsers never throw, and what they say does not depend on how the bytes were cut.
import { expect, test } from 'vitest';
import { logOf, type Feed } from './event-log.ts';
import { mutate, requestSeeds, responseSeeds } from './mutations.ts';
import { createRandom, type Random } from './random.ts';

function someCuts(random: Random, length: number): number[] {
  const cuts = new Set<number>();
  const count = random.below(5);
  for (let index = 0; index < count && length > 1; index += 1) cuts.add(1 + random.below(length - 1));
  return [...cuts].sort((a, b) => a - b);
}

function runs(random: Random, bytes: Uint8Array, feed: Feed): void {
  const whole = logOf(bytes, [], feed);
  const bytewise = Array.from({ length: Math.max(0, bytes.length - 1) }, (_, index) => index + 1);
  const name = (): string => JSON.stringify(Buffer.from(bytes).toString('latin1'));
  expect(logOf(bytes, bytewise, feed), name()).toEqual(whole);
  const cuts = someCuts(random, bytes.length);
  expect(logOf(bytes, cuts, feed), `${name()} cut at ${cuts.join()}`).toEqual(whole);
}

test.each([
  ['request', requestSeeds],
  ['response', responseSeeds],
] as const)('3,000 mutated %ss read the same at every cut', (side, seeds) => {
  const random = createRandom(0x5eed);
  for (let round = 0; round < 3000; round += 1) {
    const bytes = mutate(random, Buffer.from(seeds[round % seeds.length]!, 'latin1'));
    runs(random, bytes, { side, eof: round % 2 === 0, headers: true });
  }
});

test.each(['request', 'response'] as const)('1,000 random byte strings as %ss', (side) => {
  const random = createRandom(0xf00d);
  for (let round = 0; round < 1000; round += 1) {
    const bytes = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
    runs(random, bytes, { side, eof: true });
  }
});

test('the mutations reach both the accepting and the refusing paths', () => {
  const random = createRandom(0x5eed);
  const codes = new Map<string, number>();
  for (let round = 0; round < 3000; round += 1) {
    const bytes = mutate(random, Buffer.from(requestSeeds[round % requestSeeds.length]!, 'latin1'));
    const last = logOf(bytes, [], { side: 'request', eof: true }).at(-1) ?? 'nothing';
    const key = last.startsWith('broken') ? last.split(' ')[1]! : last.split(' ')[0]!;
    codes.set(key, (codes.get(key) ?? 0) + 1);
  }
  expect(codes.get('end')).toBeGreaterThan(100);
  expect(codes.size).toBeGreaterThan(15);
});
