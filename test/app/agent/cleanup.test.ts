import { expect, test } from 'vitest';
import { createCleanup } from '../../../src/app/agent/cleanup.ts';

test('steps run once, newest first, those added first last', async () => {
  const order: string[] = [];
  const cleanup = createCleanup(100, () => 0);
  cleanup.add(() => void order.push('store'));
  cleanup.add(() => void order.push(`plane ${cleanup.drainMs}`));
  cleanup.addFirst(() => void order.push('feed'));
  await Promise.all([cleanup.run(7), cleanup.run(9)]);
  expect(order).toEqual(['plane 7', 'store', 'feed']);
});

test('a later step has what the earlier ones left of the time', async () => {
  let nowMs = 50;
  const left: number[] = [];
  const cleanup = createCleanup(100, () => nowMs);
  cleanup.add(() => void left.push(cleanup.leftMs()));
  cleanup.add(() => {
    nowMs += 30;
    left.push(cleanup.leftMs());
    nowMs += 40;
  });
  expect(cleanup.leftMs()).toBe(100);
  await cleanup.run(60);
  expect(left).toEqual([30, 0]);
});
