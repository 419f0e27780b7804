// A light event has few of the headers: a policy that asks for one can neither be said to match it nor to miss it.
import { expect, test } from 'vitest';
import { createPreview } from '../../../src/core/policy/preview.ts';
import { flowOf, noon, policy, workload } from './build.ts';

test('a policy that asks for a header is undecidable on light flows, and one that does not is decided', () => {
  const flow = flowOf({
    path: '/orders/1',
    route: '/orders/{id}',
    status: 200,
    headers: [['user-agent', 'curl']],
  });
  const resultOf = (http: NonNullable<Parameters<typeof policy>[0]>['http'], light: boolean) => {
    const preview = createPreview({
      current: [],
      change: { type: 'add', policy: policy({ from: workload('scanner'), http }) },
      nowMs: noon,
    });
    preview.push(light ? { ...flow, light: true } : flow);
    const { flips, undecidable } = preview.result();
    return { flips, undecidable: undecidable.reduce((sum, { count }) => sum + count, 0) };
  };
  const byHeader = { headers: [{ name: 'x-plan', values: ['gold'] }] };
  expect(resultOf(byHeader, true)).toEqual({ flips: 0, undecidable: 1 });
  expect(resultOf(byHeader, false)).toEqual({ flips: 0, undecidable: 0 });
  expect(resultOf({ paths: ['/orders/{id}'] }, true)).toEqual({ flips: 1, undecidable: 0 });
});
