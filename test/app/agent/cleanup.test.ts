import { expect, test } from 'vitest';
import { createCleanup } from '../../../src/app/agent/cleanup.ts';

test('steps run once, newest first, those added first last', async () => {
  const order: string[] = [];
  const cleanup = createCleanup(100);
  cleanup.add(() => void order.push('store'));
  cleanup.add(() => void order.push(`plane ${cleanup.drainMs}`));
  cleanup.addFirst(() => void order.push('feed'));
  await Promise.all([cleanup.run(7), cleanup.run(9)]);
  expect(order).toEqual(['plane 7', 'store', 'feed']);
});
