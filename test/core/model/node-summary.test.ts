// A node in short: pods counted by state, those with something to tell named up to a bound, gears as they are.
import { expect, test } from 'vitest';
import { nodeSummarySchema, summaryOf } from '../../../src/core/model/node-summary.ts';
import type { NodePodStatus } from '../../../src/core/model/node-status.ts';

const pod = (name: string, parts: Partial<NodePodStatus> = {}): NodePodStatus => ({
  ...{ pod: `shop/${name}`, state: 'enrolled', tap: true, entries: 0, inline: [], open: 0, outside: 0 },
  ...{ sentence: '', ...parts },
});
const gears = [{ name: 'tap', ok: false, sentence: 'No ring.' }];

test('pods are counted by state and by what is done in them', () => {
  const summary = summaryOf({
    pods: [pod('a', { inline: [80] }), pod('b', { tap: false }), pod('c', { state: 'host', tap: false })],
    gears,
  });
  expect(summary).toEqual({
    pods: { enrolled: 2, waiting: 0, failed: 0, host: 1, left: 0 },
    ...{ tapped: 1, inline: 1, gears, told: [], untold: 0 },
  });
});

test('what is to be known of pods is told, bounded in number and length, and keeps its schema', () => {
  const pods = Array.from({ length: 50 }, (_, at) => pod(`p${at}`, { sentence: 'x'.repeat(900) }));
  const summary = summaryOf({
    pods: [pod('quiet'), pod('gone', { state: 'left', sentence: 'y' }), ...pods],
    gears,
  });
  expect([summary.told.length, summary.untold]).toEqual([40, 10]);
  expect(summary.told[0]).toMatchObject({ pod: 'shop/p0', state: 'enrolled' });
  expect(nodeSummarySchema.parse(summary)).toEqual(summary);
});
