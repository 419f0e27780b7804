// What the policies screen counts for a policy on a node.
import { expect, test } from 'vitest';
import type { PolicyEvent } from '../../../src/core/model/event.ts';
import { policyDetailLines } from '../../../src/tui/panes/policies-pane.ts';
import { activePolicy, blockedFlow, stage, theme } from './scene.ts';

const enforcement = { state: 'enforced', inPlace: 1, meant: 1, outside: 0, sentence: 'Judged.' } as const;
const onNode: PolicyEvent = { ...activePolicy, enforcement: { ...enforcement, gears: ['inline'] } };

/** One flow that the policy refused, and one that the tap saw pass. */
function textOf(policy: PolicyEvent): string {
  const scene = stage(160, 50, { node: true });
  const refused = { ...blockedFlow(1), verdict: { ...blockedFlow(1).verdict, policy: policy.name } };
  const verdict = { action: 'allow', mode: 'enforce' } as const;
  const shadow = { ...refused.verdict, mode: 'shadow' } as const;
  scene.feed([policy, refused, { ...blockedFlow(2), gear: 'tap', verdict, shadow }]);
  const input = { state: scene.state(), data: scene.session.data, theme };
  return policyDetailLines(policy, input, 400)
    .map((line) => line.map(({ text }) => text).join(''))
    .join('\n');
}

test('what passed without reaching an enforcing policy is no decision of it', () => {
  expect(textOf(onNode)).toContain(
    '(1 of them seen in the flows held here); 1 more passed without reaching it',
  );
});

test('what a policy would have done in shadow is', () => {
  expect(textOf({ ...onNode, state: 'shadow' })).toContain('(2 of them seen in the flows held here)');
  expect(textOf({ ...onNode, state: 'shadow' })).not.toContain('without reaching');
});
