// What a person is told when a policy would have changed nothing, and when a name makes no sense.
import { expect, test } from 'vitest';
import { neverSeen } from '../../../src/app/cli/never-seen.ts';
import { previewLines } from '../../../src/app/cli/preview-lines.ts';
import { millis } from '../../../src/core/model/brand.ts';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import { draftFromFilter } from '../../../src/core/policy/draft-from-filter.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import { filterWords } from '../../../src/app/cli/option-values.ts';
import { sampleEndpoint, sampleFlow } from '../../helpers/sample-flow.ts';

const history: readonly FlowEvent[] = [
  sampleFlow({ source: sampleEndpoint('scanner', 'default'), destination: sampleEndpoint('orders', 'shop') }),
];

const policyOf = (filter: string, namespace: string): Policy =>
  draftFromFilter({
    node: filterWords([filter]),
    action: 'Block',
    // The preview leaves out what has expired by the clock.
    nowMs: millis(Date.now()),
    suffix: 'x',
    namespace,
  });

const lastLine = (policy: Policy): string | undefined =>
  previewLines(policy, { history, openByPair: {}, current: [] }).at(-1);

test('a policy out of reach of what was seen says so', () => {
  expect(lastLine(policyOf('from:default/scanner', 'edge'))).toMatch(/protects destinations in edge only/);
});

test('a policy within reach that matches nothing says where to look', () => {
  expect(lastLine(policyOf('from:default/scanner path:/nowhere', 'default'))).toMatch(
    /no request that it names/,
  );
});

test('a policy that would change something gives no excuse', () => {
  expect(lastLine(policyOf('from:default/scanner', 'default'))).not.toMatch(/Nothing flips/);
});

test('an unknown name is told with the known ones, bounded', () => {
  const known = Array.from({ length: 15 }, (_, number) => `shop/s${number}`);
  expect(neverSeen(['nosuch'], known).message).toMatch(
    /^No workload nosuch was seen; known: shop\/s0, .* and 3 more\.$/,
  );
  expect(neverSeen(['a', 'b'], []).message).toBe(
    'No workload a and no workload b was seen; known: nobody yet.',
  );
});
