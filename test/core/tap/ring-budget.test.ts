// Who gets how much ring memory: as much as the budget lets each have, never more than the budget, and said where it does not do.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  defaultTapBudgetBytes,
  leastBlockBytes,
  leastRingBytes,
  planRings,
  ringBytes,
  type RingGeometry,
  type RingPlan,
} from '../../../src/core/tap/ring-budget.ts';

const mebibyte = 1024 * 1024;
const podNames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `shop/pod-${index}`);
const planFor = (count: number, current?: ReadonlyMap<string, RingGeometry>): RingPlan =>
  planRings({
    budgetBytes: defaultTapBudgetBytes,
    pods: podNames(count),
    ...(current === undefined ? {} : { current }),
  });
const sizeOf = ({ rings }: RingPlan): number => {
  const [first] = rings.values();
  return first === undefined ? 0 : ringBytes(first);
};

test.each([
  [1, 8 * mebibyte, { blockBytes: 512 * 1024, blockCount: 16, retireMs: 20 }],
  [8, 8 * mebibyte, { blockBytes: 512 * 1024, blockCount: 16, retireMs: 20 }],
  [9, 4 * mebibyte, { blockBytes: 256 * 1024, blockCount: 16, retireMs: 20 }],
  [33, mebibyte, { blockBytes: 128 * 1024, blockCount: 8, retireMs: 40 }],
  [110, mebibyte / 2, { blockBytes: 128 * 1024, blockCount: 4, retireMs: 80 }],
  [256, mebibyte / 4, { blockBytes: 128 * 1024, blockCount: 2, retireMs: 100 }],
])('%i pods get rings of %i bytes from the default budget', (count, bytes, geometry) => {
  const plan = planFor(count);
  expect(plan).toEqual({
    rings: new Map(podNames(count).map((pod) => [pod, geometry])),
    untapped: [],
    sentence: '',
  });
  expect(sizeOf(plan)).toBe(bytes);
});

test('pods that the budget has no ring for are named, and those that have one keep it', () => {
  const before = planRings({ budgetBytes: mebibyte, pods: ['b', 'd', 'e'] });
  const plan = planRings({
    budgetBytes: mebibyte,
    pods: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'],
    current: before.rings,
  });
  expect([...plan.rings.keys()]).toEqual(['b', 'd', 'e', 'a']);
  expect(plan.untapped).toEqual(['c', 'f', 'g', 'h']);
  expect(plan.sentence).toBe(
    'The tap does not observe c, f, g and 1 more: its budget of 1024 KiB serves at most 4 interfaces of pods; raise --tap-budget.',
  );
});

test('a budget below one ring taps nobody and says so', () => {
  const plan = planRings({ budgetBytes: leastRingBytes - 1, pods: ['a'] });
  expect([...plan.rings]).toEqual([]);
  expect(plan.sentence).toContain('does not observe a:');
  expect(planRings({ budgetBytes: 0, pods: [] }).sentence).toBe('');
});

test('a pod that comes and goes at the edge of a size remakes no rings', () => {
  const nine = planFor(9);
  const eight = planFor(8, nine.rings);
  expect(sizeOf(eight)).toBe(4 * mebibyte);
  expect(planFor(9, eight.rings)).toEqual(nine);
});

test('rings grow again when there is room for a third more pods than there are', () => {
  const nine = planFor(9);
  expect(sizeOf(planFor(7, nine.rings))).toBe(4 * mebibyte);
  expect(sizeOf(planFor(6, nine.rings))).toBe(8 * mebibyte);
  expect(sizeOf(planFor(1, planFor(110).rings))).toBe(8 * mebibyte);
});

test('further interfaces have rings once every pod has one, and give theirs up to a pod that comes', () => {
  const before = planRings({
    budgetBytes: mebibyte,
    pods: ['a', 'b'],
    further: ['a net1', 'b net1', 'b net2'],
  });
  expect([[...before.rings.keys()], before.untapped]).toEqual([['a', 'b', 'a net1', 'b net1'], ['b net2']]);
  const plan = planRings({
    ...{ budgetBytes: mebibyte, pods: ['a', 'b', 'c'], further: ['a net1', 'b net1'] },
    current: before.rings,
  });
  expect([[...plan.rings.keys()], plan.untapped]).toEqual([['a', 'b', 'c', 'a net1'], ['b net1']]);
});

test('pods named twice are served once', () => {
  expect([...planRings({ budgetBytes: mebibyte, pods: ['a', 'a'] }).rings.keys()]).toEqual(['a']);
});

test('whatever pods come and go: the sum keeps to the budget, every pod is served or named, every ring is one the kernel takes', () => {
  const budgets = fc.integer({ min: 0, max: 512 * mebibyte });
  const counts = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(budgets, counts, (budgetBytes, steps) => {
      let current: ReadonlyMap<string, RingGeometry> = new Map();
      for (const count of steps) {
        const pods = podNames(count);
        const plan = planRings({ budgetBytes, pods, current });
        const shapes = [...plan.rings.values()];
        expect(shapes.reduce((sum, shape) => sum + ringBytes(shape), 0)).toBeLessThanOrEqual(budgetBytes);
        expect([...plan.rings.keys(), ...plan.untapped].sort()).toEqual([...pods].sort());
        for (const { blockBytes, blockCount, retireMs } of shapes.slice(0, 1)) {
          expect(Math.log2(blockBytes) % 1).toBe(0);
          expect(blockBytes).toBeGreaterThanOrEqual(leastBlockBytes);
          expect(blockCount).toBeGreaterThanOrEqual(2);
          expect(retireMs * blockCount).toBeGreaterThanOrEqual(200);
        }
        current = plan.rings;
      }
    }),
  );
});
