import { expect, test } from 'vitest';
import { policyRow, policyTable } from '../../../../src/app/cli/cluster/policy-rows.ts';
import type { ListedPolicy } from '../../../../src/io/kube/policies/list-policies.ts';
import { readPolicyObject } from '../../../../src/io/kube/policies/policy-object.ts';
import { readObject } from '../../../../src/io/kube/api/kube-object.ts';
import { apiVersion } from '../../../../src/core/policy/schema.ts';

const nowMs = Date.parse('2026-11-30T12:00:00Z');

function listed(spec: object, more: Partial<ListedPolicy> = {}): ListedPolicy {
  const object = readObject({
    ...{ apiVersion, kind: 'FlowPolicy' },
    metadata: { name: 'p', namespace: 'shop', uid: 'u', annotations: { 'apidefense.dev/author': 'ann' } },
    spec: {
      mode: 'Enforce',
      from: { scope: 'All' },
      to: { scope: 'All' },
      action: { type: 'Block' },
      ...spec,
    },
  });
  if (object === undefined) throw new Error('no object');
  return { ...readPolicyObject(object), kind: 'FlowPolicy', ...more };
}

test.each([
  [{}, 'enforce'],
  [{ mode: 'Shadow' }, 'shadow'],
  [{ mode: 'Off' }, 'off'],
  [{ expiresAt: '2026-11-30T11:59:59Z' }, 'expired'],
  [{ expiresAt: '2026-11-30T12:00:01Z' }, 'enforce'],
  [{ budget: 3 }, 'rejected'],
])('%j is %s', (spec, state) => expect(policyRow(listed(spec), nowMs).state).toBe(state));

test('what no agent has reported is not called enforced', () => {
  const row = policyRow(listed({}), nowMs);
  expect(row).toMatchObject({ author: 'ann', notes: ['no agent has reported it yet'] });
  expect(row).not.toHaveProperty('enforced');
});

test('a condition is told where it is not as it should be', () => {
  const lastTransitionTime = '2026-11-30T10:00:00Z';
  const condition = (type: string, status: 'True' | 'False', reason: string, message: string) => ({
    ...{ type, status, reason, message, lastTransitionTime },
  });
  const conditions = [
    condition('Accepted', 'True', 'Accepted', ''),
    condition('Programmed', 'False', 'Pending', 'n2 not yet.'),
    condition('Degraded', 'True', 'StaleIdentity', ''),
    condition('FromLater', 'False', 'Whatever', ''),
  ];
  const row = policyRow(listed({}, { status: { enforced: '1/2', conditions } }), nowMs);
  expect(row.enforced).toBe('1/2');
  expect(row.notes).toEqual(['Programmed: Pending, n2 not yet.', 'Degraded: StaleIdentity']);
});

test('a row shows no control characters of others', () => {
  const manager = { tool: 'Helm', source: 'release \u001b[2J', instead: '' };
  const [, line = ''] = policyTable([policyRow(listed({}, { manager }), nowMs)]);
  expect(line).toContain('shop/p');
  expect(line).not.toContain('\u001b');
});
