// What a terminal on a cluster says of a policy: the object as it is written, and nothing more of it than agents have said of that very content.
import { expect, test } from 'vitest';
import { policyName } from '../../../src/core/model/brand.ts';
import { clusterPolicyEvent } from '../../../src/core/conditions/cluster-policy-event.ts';
import type { PolicyEvent } from '../../../src/core/model/event.ts';
import { policySchema, type Policy } from '../../../src/core/policy/schema.ts';
import type { StoredPolicy } from '../../../src/core/policy/store.ts';
import { activePolicy } from '../../tui/panes/scene.ts';

const policy: Policy = policySchema.parse(activePolicy.object);
const name = policyName(activePolicy.name);
const nowMs = Date.parse('2026-11-30T10:00:00Z');
const lastTransitionTime = '2026-11-30T09:00:00Z';

const entry = (more: Partial<StoredPolicy> = {}): StoredPolicy =>
  ({
    type: 'valid',
    name,
    policy,
    file: `FlowPolicy ${name}`,
    uid: 'u1',
    generation: 2,
    ...more,
  }) as StoredPolicy;
const enforcement = {
  ...{ state: 'enforced', gears: ['kernel'], inPlace: 2, meant: 2, outside: 0, sentence: 'Stands.' },
} satisfies PolicyEvent['enforcement'];
const told = (more: Partial<PolicyEvent> = {}): PolicyEvent => ({
  ...{ ...activePolicy, uid: 'u1', generation: 2, hits: 7, enforcement },
  ...more,
});
const refused = { type: 'Accepted', status: 'False', reason: 'Invalid', message: 'Refused on n1.' } as const;

test('an object that nobody has spoken of is written, and nothing is said of where it stands', () => {
  const event = clusterPolicyEvent(entry(), undefined, nowMs);
  expect(event).toMatchObject({ state: 'active', object: policy, cluster: { conditions: [] } });
  expect(event).not.toHaveProperty('enforcement');
  expect(event).not.toHaveProperty('hits');
});

test('its conditions, its share of nodes and who keeps it are told as they are read', () => {
  const conditions = [
    {
      type: 'Programmed',
      status: 'True',
      reason: 'Programmed',
      message: 'On 2/2 nodes.',
      lastTransitionTime,
    },
  ] as const;
  const seen = clusterPolicyEvent(
    entry({ status: { enforced: '2/2', conditions: [...conditions] }, keptBy: 'Flux' }),
    undefined,
    nowMs,
  );
  expect(seen.cluster).toEqual({
    conditions: [{ type: 'Programmed', status: 'True', reason: 'Programmed', message: 'On 2/2 nodes.' }],
    ...{ enforced: '2/2', keptBy: 'Flux' },
  });
});

test.each([
  ['of the same content: counters and where it stands', told(), 7, enforcement],
  ['of an earlier content: counters alone', told({ generation: 1 }), 7, undefined],
  ['of another object of the same name: nothing', told({ uid: 'u0' }), undefined, undefined],
])('what agents said %s', (_what, word, hits, stands) => {
  const event = clusterPolicyEvent(entry(), word, nowMs);
  expect(event.hits).toBe(hits);
  expect(event.enforcement).toEqual(stands);
});

test('what agents refuse everywhere is no policy, what some enforce is one', () => {
  const status = { conditions: [{ ...refused, lastTransitionTime }] };
  expect(clusterPolicyEvent(entry({ status }), undefined, nowMs)).toMatchObject({
    state: 'rejected',
    error: { message: 'Refused on n1.' },
  });
  const partly = { ...status, enforced: '1/2' };
  expect(clusterPolicyEvent(entry({ status: partly }), undefined, nowMs).state).toBe('active');
});

test('an object that became invalid is rejected, unless agents say that its last good version goes on', () => {
  const rejection = { file: 'FlowPolicy x', code: 'POLICY_INVALID', message: 'spec.budget is not known' };
  const broken = entry({ type: 'rejected', rejection, object: { spec: {} } });
  expect(clusterPolicyEvent(broken, undefined, nowMs)).toMatchObject({
    ...{ state: 'rejected', error: { code: 'POLICY_INVALID' }, object: { spec: {} } },
  });
  expect(clusterPolicyEvent(broken, told({ generation: 1 }), nowMs)).toMatchObject({
    ...{ state: 'active', error: { code: 'POLICY_INVALID' } },
  });
});
