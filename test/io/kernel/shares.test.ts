import { expect, test } from 'vitest';
import {
  connectionCapacity,
  createShares,
  type Refusal,
  type Shares,
} from '../../../src/io/kernel/shares.ts';

/** Opens until refused; answers how many were taken, and why no more. */
function fill(shares: Shares<string>, service: string, caller: string | undefined): [number, Refusal] {
  for (let taken = 0; taken <= 100_000; taken++) {
    const refusal = shares.enter(service, caller);
    if (refusal !== undefined) return [taken, refusal];
  }
  throw new Error('was never refused');
}

const sharesOf = (capacity: number, ...services: readonly string[]): Shares<string> => {
  const shares = createShares<string>(capacity);
  for (const service of services) shares.serve(service);
  return shares;
};

test('one caller gets two thirds of all over all services together, the next one two thirds of the rest', () => {
  const shares = sharesOf(9_000, 'a', 'b', 'c');
  for (let times = 0; times < 3_000; times++) expect(shares.enter('a', 'greedy')).toBeUndefined();
  expect(fill(shares, 'b', 'greedy')).toEqual([3_000, 'share']);
  expect(fill(shares, 'c', 'second')).toEqual([2_000, 'share']);
  expect(shares.enter('c', 'quiet')).toBeUndefined();
});

test('5,000 connections of one address fit into what 20,000 descriptors carry', () => {
  const shares = sharesOf(connectionCapacity({ lastFd: 19_935, used: 60, most: 1_000_000 }), 'a', 'b');
  expect(fill(shares, 'a', 'one')[0]).toBeGreaterThan(5_000);
});

test('a greedy caller shuts out neither the other callers of its service nor those of another one', () => {
  const shares = sharesOf(900, 'a', 'b');
  fill(shares, 'a', 'greedy');
  expect(shares.enter('a', 'quiet')).toBeUndefined();
  expect(shares.enter('b', 'quiet')).toBeUndefined();
});

test('a crowd of many callers leaves a ninth to other services, and has everything while there are none', () => {
  const crowded = (shares: Shares<string>): number => {
    let taken = 0;
    for (let caller = 0; caller < 2_000; caller++)
      if (shares.enter('a', `caller ${caller}`) === undefined) taken++;
    return taken;
  };
  const shares = sharesOf(900, 'a', 'b');
  expect(crowded(shares)).toBe(800);
  expect(shares.enter('b', 'caller 1')).toBeUndefined();
  expect(crowded(sharesOf(900, 'a'))).toBe(900);
  const left = sharesOf(900, 'a', 'b');
  left.unserve('b');
  expect(crowded(left)).toBe(900);
});

test('where callers cannot be told apart only the share of the service counts', () => {
  expect(fill(sharesOf(900, 'a'), 'a', undefined)).toEqual([900, 'full']);
  expect(fill(sharesOf(900, 'a', 'b'), 'a', undefined)).toEqual([800, 'share']);
});

test('whoever leaves gives its place back', () => {
  const shares = sharesOf(90, 'a', 'b');
  const [taken] = fill(shares, 'a', 'one');
  for (let times = 0; times < taken; times++) shares.leave('a', 'one');
  expect(fill(shares, 'a', 'one')).toEqual([60, 'share']);
  shares.leave('a', 'one');
  expect(fill(shares, 'a', 'one')[0]).toBe(1);
});

test('whatever comes and goes, the sum keeps to the capacity, and a newcomer to a service is taken while one is free', () => {
  const capacity = 60;
  const shares = sharesOf(capacity, ...Array.from({ length: 16 }, (_unused, index) => `s${index}`));
  const open: { readonly service: string; readonly caller: string }[] = [];
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const refusals = { full: 0, share: 0 };
  for (let step = 0; step < 20_000; step++) {
    // Waves: more come than go, then more go than come.
    if (random(10) < (step % 400 < 250 ? 2 : 8) && open.length > 0) {
      const [gone] = open.splice(random(open.length), 1);
      if (gone) shares.leave(gone.service, gone.caller);
      continue;
    }
    const next = {
      service: `s${Math.min(random(16), random(16))}`,
      caller: `c${Math.min(random(300), random(300))}`,
    };
    const refusal = shares.enter(next.service, next.caller);
    if (refusal === undefined) open.push(next);
    else {
      refusals[refusal]++;
      const isNewcomer = open.every(
        ({ service, caller }) => service !== next.service && caller !== next.caller,
      );
      expect(isNewcomer && open.length < capacity).toBe(false);
    }
    expect(open.length).toBeLessThanOrEqual(capacity);
  }
  expect(refusals.full).toBeGreaterThan(0);
  expect(refusals.share).toBeGreaterThan(0);
});

test.each([
  [{ lastFd: 19_935, used: 36, most: 1_000_000 }, 9_950],
  [{ lastFd: 19_935, used: 36, most: 90 }, 90],
  [{ lastFd: 30, used: 40, most: 90 }, 1],
])('descriptors are two a connection, less those in use: %j carries %i', (bounds, carried) => {
  expect(connectionCapacity(bounds)).toBe(carried);
});
