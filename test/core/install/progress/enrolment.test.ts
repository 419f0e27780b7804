// Whether pods are enrolled everywhere: only what the hub has heard counts, and what cannot be enrolled does not hold anything up.
import { expect, test } from 'vitest';
import { enrolmentOf } from '../../../../src/core/install/progress/enrolment.ts';
import { summaryOf, type NodeWord } from '../../../../src/core/model/node-summary.ts';
import type { NodePodStatus } from '../../../../src/core/model/node-status.ts';

const pod = (name: string, state: NodePodStatus['state'], sentence = ''): NodePodStatus => ({
  ...{ pod: `shop/${name}`, state, tap: true, entries: 0, inline: [], open: 0, outside: 0, sentence },
});
const word = (node: string, ...pods: readonly NodePodStatus[]): NodeWord => ({
  ...{ node, silent: false, uptimeMs: 1, summary: summaryOf({ pods: [...pods], gears: [] }) },
});

test('is done when every node was heard and no pod waits', () => {
  const words = [word('n1', pod('a', 'enrolled'), pod('h', 'host')), word('n2', pod('b', 'enrolled'))];
  expect(enrolmentOf(words, ['n1', 'n2'])).toEqual({
    ...{ done: true, waiting: '', failed: [] },
    lines: [
      "n1: 1 of 2 pods are enrolled, 1 in the node's own network cannot be",
      'n2: 1 of 1 pods are enrolled',
    ],
  });
});

test('nodes that were not heard, or only before, and pods that wait are waited for', () => {
  const words = [word('n1', pod('a', 'waiting')), { ...word('n2'), silent: true }];
  expect(enrolmentOf(words, ['n1', 'n2', 'n3'])).toMatchObject({
    ...{ done: false, lines: [] },
    waiting: 'the hub has not heard the agents on n2 and n3; pods wait to be enrolled on n1',
  });
});

test('pods that are not as planned are named and hold nothing up', () => {
  expect(enrolmentOf([word('n1', pod('a', 'failed', 'No room.'))], ['n1'])).toMatchObject({
    ...{ done: true, failed: ['shop/a on n1 is not as planned: No room.'] },
    lines: ['n1: 0 of 1 pods are enrolled'],
  });
});

test('an older agent that tells nothing of its pods counts as heard', () => {
  const { summary: _none, ...old } = word('n1');
  expect(_none).toBeDefined();
  expect(enrolmentOf([old], ['n1'])).toMatchObject({ done: true, lines: [] });
});
