// The preview in the dialog on a node: what stands in for an answer, and what becomes of connections that are open.
import { expect, test } from 'vitest';
import { createPreview, type PreviewResult } from '../../../src/core/policy/preview.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import { previewLines } from '../../../src/tui/panes/preview-lines.ts';
import { flowOf, noon, policy, workload } from '../../core/policy/build.ts';
import { finding, sceneFlows, stage, theme } from './scene.ts';

const byAddress = policy({ from: workload('scanner') });

function resultOf(added: Policy, node: boolean): PreviewResult {
  const openByPair = { 'shop/Deployment/scanner>shop/Deployment/checkout': 2 };
  const preview = createPreview({
    current: [],
    change: { type: 'add', policy: added },
    openByPair,
    node,
    nowMs: noon,
  });
  preview.push(flowOf({ path: '/orders', status: 200 }));
  return preview.result();
}

const look = { theme, width: 200, utcOffsetMinutes: 0, over: 'seen', focused: false } as const;

const textOf = (result: PreviewResult): string =>
  previewLines({ type: 'done', job: 1, result }, look)
    .map((line) => line.map(({ text }) => text).join(''))
    .join('\n');

test('on a node a block by address refuses without an answer and cuts what is open', () => {
  const text = textOf(resultOf(byAddress, true));
  expect(text).toContain('200→refused 1');
  expect(text).toMatch(/on this node +refused in the kernel, by address/);
  expect(text).toMatch(/open now +2 connections: scanner → checkout 2; will be cut/);
  expect(text).not.toContain('403');
});

test('in front of a service it is answered, and open connections are judged at their next request', () => {
  const text = textOf(resultOf(byAddress, false));
  expect(text).toContain('200→403 1');
  expect(text).toContain('2; judged at their next request');
  expect(text).not.toContain('on this node');
});

test.each([true, false])('the dialog asks by the greeting whether it is on a node: %s', (node) => {
  const scene = stage(160, 50, { node });
  scene.feed([...sceneFlows(590), finding]);
  scene.press('screen.findings', 'flow.block');
  scene.preview();
  expect(scene.screen().includes('on this node')).toBe(node);
});
