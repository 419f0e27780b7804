// What a preview says on a node: who would refuse, and what becomes of connections that are open.
import { expect, test } from 'vitest';

import { createPreview, type PreviewInput, type PreviewResult } from '../../../src/core/policy/preview.ts';
import { openText, reachText } from '../../../src/core/policy/preview-node.ts';
import { previewSentences } from '../../../src/core/policy/preview-sentences.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import { flowOf, noon, policy, renamed, throttle, workload } from './build.ts';
import { nameOf } from '../../../src/core/policy/policy-name.ts';

const openByPair = { 'shop/Deployment/scanner>shop/Deployment/checkout': 2 };
const http = policy({ from: workload('scanner'), http: { paths: ['/orders'] } });
const byAddress = policy({ from: workload('scanner') });
const draining: Policy = {
  ...byAddress,
  spec: { ...byAddress.spec, action: { type: 'Block', block: { existing: 'Drain' } } },
};
const shadow: Policy = { ...byAddress, spec: { ...byAddress.spec, mode: 'Shadow' } };

function previewOf(added: Policy, input: Partial<PreviewInput> = { node: true }): PreviewResult {
  const preview = createPreview({
    current: [],
    change: { type: 'add', policy: added },
    openByPair,
    nowMs: noon,
    ...input,
  });
  preview.push(flowOf({ path: '/orders', status: 200 }));
  return preview.result();
}

const fateOf = (result: PreviewResult): readonly string[] => [
  openText(result.onNode),
  reachText(result.onNode),
];

const carried = 'those that go through the agent are judged at their next request';
const allCallers = 'all callers of these ports go through the agent while it is in force';

test.each([
  ['a block by address cuts in the kernel', byAddress, ['will be cut', 'refused in the kernel, by address']],
  ['a draining one lets them end', draining, ['go on until they end', 'refused in the kernel, by address']],
  ['a block by request cuts what is not inline', http, [`${carried}, the others will be cut`, allCallers]],
  [
    'a throttle lets the others end',
    policy({ from: workload('scanner'), action: throttle('10/s') }),
    [`${carried}, the others go on until they end`, allCallers],
  ],
  ['one in shadow touches none', shadow, ['go on', '']],
] as const)('on a node %s', (_name, added, said) => {
  expect(fateOf(previewOf(added))).toEqual(said);
});

test('off a node every open connection is judged at its next request, and nothing else is said', () => {
  const result = previewOf(byAddress, {});
  expect(result).not.toHaveProperty('onNode');
  expect(fateOf(result)).toEqual(['judged at their next request', '']);
});

test('a removal cuts nothing: what is carried goes on being judged', () => {
  const name = nameOf(byAddress);
  const removed = (current: Policy): PreviewResult =>
    previewOf(current, { node: true, current: [current], change: { type: 'remove', name } });
  expect(fateOf(removed(byAddress))).toEqual(['go on', '']);
  expect(fateOf(removed(http))).toEqual(['judged at their next request', '']);
});

test('a kernel block reads refused, not a status that nobody would send', () => {
  const [transition] = previewOf(byAddress).byRoute[0]?.transitions ?? [];
  expect(transition).toEqual({ from: 200, to: 2, count: 1 });
  const lines = previewSentences(previewOf(byAddress));
  expect(lines).toContain('  scanner  1  GET /orders  200→refused 1');
  expect(lines).toContain('On this node: refused in the kernel, by address.');
  expect(lines).toContain('2 open connections concerned: scanner → checkout 2; will be cut.');
});

test('on a node a block by request still answers 403, and off a node a block by address does', () => {
  expect(previewSentences(previewOf(http))).toContain('  scanner  1  GET /orders  200→403 1');
  expect(previewSentences(previewOf(byAddress, {}))).toContain('  scanner  1  GET /orders  200→403 1');
});

test('a kernel block of a stream that is no HTTP reads refused', () => {
  const preview = createPreview({
    current: [],
    change: { type: 'add', policy: byAddress },
    node: true,
    nowMs: noon,
  });
  preview.push({ ...flowOf({ path: '/', status: 200 }), request: undefined, opaque: 'tls' });
  expect(preview.result().byRoute[0]?.transitions).toMatchObject([{ to: 2, count: 1 }]);
});

test('what the kernel refuses already does not flip by a second kernel block', () => {
  const second: Policy = renamed(byAddress, 'another');
  expect(previewOf(second, { node: true, current: [byAddress] }).flips).toBe(0);
});
