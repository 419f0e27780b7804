// What ten thousand policies come to: entries and statements as many as policies, and each selector looked at once.
import { expect, test } from 'vitest';
import { nftRuleset } from '../../../src/core/plan/ruleset.ts';
import { inventory, planOf, pod, podOf } from './build.ts';
import { policy } from '../policy/build.ts';

const many = 10_000;
const addressOf = (index: number): string => `10.${100 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;

const crowd = inventory({
  pods: [pod({ name: 'orders-1', of: 'orders', addresses: ['10.77.0.3'], ports: [8080] })],
  peers: Array.from({ length: many }, (_, index) =>
    pod({ name: `c-${index}`, of: `c-${index}`, addresses: [addressOf(index)] }),
  ),
});
const base = policy({ to: { peers: [{ workload: { name: 'orders' } }], ports: [8080] } });
const policies = Array.from({ length: many }, (_, index) => ({
  ...base,
  metadata: { ...base.metadata, name: `p-${index}` },
  spec: { ...base.spec, from: { peers: [{ workload: { name: `c-${index}` } }] } },
}));

test('ten thousand policies of one caller each are ten thousand elements in one map, behind one rule', () => {
  const plan = planOf(policies, { inventory: crowd });
  const own = podOf(plan, 'shop/orders-1');
  expect(own.kernel.inbound).toHaveLength(many);
  expect(plan.statements.every(({ state }) => state === 'enforced')).toBe(true);
  const text = nftRuleset(own, { owner: 'agent', generation: 1, mode: 'fwmark', listenPort: 15906 });
  expect(text.match(/^map /gm)).toHaveLength(1);
  expect(text.match(/^ {2}counter name /gm)).toHaveLength(2);
});

test('ten thousand policies that say the same are the entries of one', () => {
  const same = policies.map(({ metadata, ...rest }) => ({
    ...rest,
    metadata,
    spec: { ...rest.spec, from: { peers: [{ namespace: 'shop' }] } },
  }));
  const own = podOf(planOf(same.slice(0, 100), { inventory: crowd }), 'shop/orders-1');
  // The callers, and the pod itself, which is of the namespace too.
  expect(own.kernel.inbound).toHaveLength(many + 1);
});
