// A preview counts an opaque connection at its end: its opening is the same connection.
import { expect, test } from 'vitest';
import { createPreview } from '../../../src/core/policy/preview.ts';
import { flowOf, noon, policy } from './build.ts';

test('the opening of an opaque connection is not counted beside its end', () => {
  const preview = createPreview({ current: [], change: { type: 'add', policy: policy({}) }, nowMs: noon });
  const flow = flowOf({ atMs: noon });
  preview.push({ ...flow, id: 'c-opening', opening: true });
  preview.push(flow);
  expect(preview.result()).toMatchObject({ total: 1, flips: 1 });
});
