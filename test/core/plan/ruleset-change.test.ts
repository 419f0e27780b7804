// From one table to the next: nothing is touched that stays. That the kernel takes the texts is for test/e2e/node-ruleset.test.ts.
import { expect, test } from 'vitest';
import { diffPlans } from '../../../src/core/plan/plan-diff.ts';
import { nftRuleset } from '../../../src/core/plan/ruleset.ts';
import { dropsCounts, nftChange, rulesChange } from '../../../src/core/plan/ruleset-change.ts';
import { throttle, type PolicyParts } from '../policy/build.ts';
import { inventory, planOf, pod, podOf, shop, type PlanParts } from './build.ts';

const options = { owner: 'agent', generation: 7, mode: 'fwmark', listenPort: 15906 } as const;
const to = (port: number): unknown => ({ peers: [{ workload: { name: 'orders' } }], ports: [port] });
const from = (name: string): unknown => ({ peers: [{ workload: { name } }] });
const cidr = (...blocks: readonly string[]): unknown => ({ peers: blocks.map((block) => ({ cidr: block })) });
const block: PolicyParts = { name: 'block', from: from('scanner'), to: to(8080) };
const second: PolicyParts = { name: 'second', from: from('web'), to: to(8080) };
const limit: PolicyParts = { name: 'limit', to: to(8080), action: throttle('5/s') };

const newcomer = pod({ name: 'scanner-new', of: 'scanner', addresses: ['10.78.0.77'] });

const plan = (policies: readonly PolicyParts[], parts: PlanParts = {}) =>
  podOf(planOf(policies, parts), 'shop/orders-2');
const change = (before: readonly PolicyParts[], after: readonly PolicyParts[]): string =>
  nftChange(plan(before), plan(after), options);

test('equal plans change nothing', () => {
  expect(change([block, limit], [block, limit])).toBe('');
  expect(change([], [])).toBe('');
  expect(nftRuleset(plan([]), options)).toBe('');
});

test('one caller more is one element more', () => {
  const fewer = { ...shop, peers: [] };
  const more = { ...fewer, peers: inventory({ peers: [newcomer] }).peers };
  const before = plan([block], { inventory: fewer });
  const after = plan([block], { inventory: more });
  expect(nftChange(before, after, options)).toBe(
    'add table inet apidefense\nadd element inet apidefense in_host_port4_reset { 10.78.0.77 . 8080 : "p/shop/block" }\n',
  );
  expect(nftChange(after, before, options)).toBe(
    'add table inet apidefense\ndelete element inet apidefense in_host_port4_reset { 10.78.0.77 . 8080 }\n',
  );
});

test('another policy brings its counter and leaves those that are there', () => {
  const text = change([block], [block, { ...second, from: cidr('192.0.2.9/32') }]);
  expect(text).toContain('add counter inet apidefense p/shop/second');
  expect(text).not.toContain('p/shop/block');
  expect(text).not.toContain('chain');
});

test('a policy that goes takes its counter with it, last of all', () => {
  const lines = change([block, { ...second, from: cidr('192.0.2.9/32') }], [block])
    .trimEnd()
    .split('\n');
  expect(lines.at(-1)).toBe('delete counter inet apidefense p/shop/second');
});

test('ranges are emptied and filled in the same transaction, whatever of them changes', () => {
  const wide = { name: 'wide', from: cidr('10.0.0.0/8'), to: to(8080) };
  const both = { ...wide, from: cidr('10.0.0.0/8', '10.9.0.0/16') };
  const text = change([wide], [{ ...both, name: 'wide' }]);
  expect(text).toMatch(/flush map inet apidefense in_net_port4_reset\nadd element/);
  expect(text).not.toContain('chain');
});

test('the same address under another policy changes hands in one transaction', () => {
  const text = change([block], [{ ...block, name: 'other' }]);
  expect(text.indexOf('delete element')).toBeLessThan(text.indexOf('add element inet apidefense in_host'));
  expect(text).toContain('add counter inet apidefense p/shop/other');
});

test('a first set of its kind writes the rules anew, and its element is in before the transaction ends', () => {
  const text = change([block], [block, { name: 'any', to: to(9090) }]);
  expect(text).toContain(
    'add map inet apidefense in_any_port_reset { type nf_proto . inet_service : counter; }',
  );
  expect(text).toContain('flush chain inet apidefense in_tcp');
  expect(text).toContain(
    'add rule inet apidefense in_tcp counter name ip saddr . tcp dport map @in_host_port4_reset',
  );
  expect(text).toContain('ipv4 . 9090 : "p/shop/any"');
});

test('counters that a change removes are read before it, since each count is told once; nothing is read for what is added', () => {
  const closed = { ...limit, failure: 'Closed' };
  expect(dropsCounts(change([limit], []))).toBe(true);
  expect(dropsCounts(change([closed], []))).toBe(true);
  expect(dropsCounts(change([limit], [closed]))).toBe(true);
  expect(dropsCounts(change([block, limit], [limit]))).toBe(true);
  expect(dropsCounts(change([], [block, limit]))).toBe(false);
  expect(dropsCounts('')).toBe(false);
});

test('with nothing left the table is empty but there, so that its owner is still to be read', () => {
  const text = change([block, limit], []);
  expect(text).toContain('delete chain inet apidefense inbound');
  expect(text).toContain('delete map inet apidefense in_host_port4_reset');
  expect(text).not.toContain('delete table');
  expect(text).not.toContain('owner-');
});

test('a port that goes is revived before it is deleted: its time may be over', () => {
  const text = change([limit, { ...limit, name: 'more', to: to(9090) }], [limit]);
  expect(text).toMatch(
    /add element inet apidefense live-7 \{ 9090 timeout 2000ms \}\ndelete element inet apidefense live-7 \{ 9090 \}/,
  );
});

test('rules are told apart by how much of the table changes', () => {
  expect(rulesChange(plan([block]), plan([block]))).toBe('none');
  expect(rulesChange(plan([block]), plan([{ ...block, name: 'other' }]))).toBe('elements');
  expect(rulesChange(plan([block]), plan([block, limit]))).toBe('structure');
});

test('only pods that change are named, with ports, tap and new cuts', () => {
  const before = planOf([block]);
  expect(diffPlans(before, planOf([block]))).toEqual([]);
  const [first, next, ...rest] = diffPlans(before, planOf([block, limit]));
  expect(rest).toEqual([]);
  expect([first?.pod, next?.pod]).toEqual(['shop/orders-1', 'shop/orders-2']);
  expect(first).toMatchObject({ rules: 'structure', inlineOn: [8080], inlineOff: [], cuts: [] });
  expect(first).not.toHaveProperty('tap');
});

test('a policy that comes cuts its pairs once; a caller that comes later, only that one', () => {
  const before = planOf([]);
  const after = planOf([block]);
  const cuts = diffPlans(before, after).flatMap((own) => own.cuts);
  expect(cuts).toHaveLength(2);
  expect(cuts[0]).toMatchObject({ policy: 'shop/block', direction: 'inbound', ports: [8080] });
  const later = planOf([block], {
    inventory: {
      ...shop,
      peers: [...shop.peers, ...inventory({ peers: [newcomer] }).peers],
    },
  });
  expect(diffPlans(after, later).map((own) => own.cuts)).toEqual([
    [{ policy: 'shop/block', direction: 'inbound', remotes: ['10.78.0.77/32'], ports: [8080] }],
    [{ policy: 'shop/block', direction: 'inbound', remotes: ['10.78.0.77/32'], ports: [8080] }],
  ]);
});

test('pods come and go as wholes', () => {
  const plan = planOf([block]);
  const come = diffPlans(undefined, plan);
  expect(come).toHaveLength(plan.pods.length);
  expect(come[0]).toMatchObject({ pod: 'shop/orders-1', rules: 'structure', tap: true });
  expect(come[0]).not.toHaveProperty('before');
  const go = diffPlans(plan, { pods: [], statements: [] });
  expect(go).toHaveLength(plan.pods.length);
  expect(go[0]).toMatchObject({ pod: 'shop/orders-1', rules: 'structure', tap: false });
  expect(go[0]).not.toHaveProperty('after');
});
