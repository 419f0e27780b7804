// Previews over a recording: each flow is judged by the policies that were in force when it came, and throttles count flows in
// the order in which they arrived, whenever they ended.
import { expect, test } from 'vitest';
import { millis, policyName } from '../../../src/core/model/brand.ts';
import type { FlowEvent, PolicyEvent } from '../../../src/core/model/event.ts';
import { createPreview, type PreviewInput, type PreviewResult } from '../../../src/core/policy/preview.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import { flowOf, noon, policy, renamed, throttle, workload, type FlowParts } from './build.ts';

const orders = policy({ name: 'orders', from: workload('scanner'), http: { paths: ['/orders'] } });
const users = policy({ name: 'users', from: workload('scanner'), http: { paths: ['/users'] } });

const at = (seconds: number): string => new Date(noon + seconds * 1_000).toISOString();
const loaded = (object: Policy, seconds: number): PolicyEvent => ({
  type: 'policy',
  time: at(seconds),
  name: `shop/${object.metadata.name}`,
  state: 'active',
  object,
});
const gone = (object: Policy, seconds: number): PolicyEvent => ({
  ...loaded(object, seconds),
  state: 'removed',
});
const ask = (path: string, seconds: number, more: FlowParts = {}): FlowEvent =>
  flowOf({ path, route: path, atMs: millis(noon + seconds * 1_000), id: `${path}@${seconds}`, ...more });

function previewOf(
  change: PreviewInput['change'],
  events: readonly (FlowEvent | PolicyEvent)[],
  more: Partial<PreviewInput> = {},
): PreviewResult {
  const preview = createPreview({ current: [], tellsPolicies: true, change, nowMs: millis(noon), ...more });
  for (const event of events) preview.push(event);
  return preview.result();
}

const victims = (result: PreviewResult): string[] => result.firstVictims.map(({ id }) => id);

test('a policy that was added in the middle counts from then on', () => {
  const both = policy({ name: 'both', from: workload('scanner'), http: { paths: ['/orders', '/users'] } });
  const events = [
    ask('/orders', 1),
    ask('/users', 2),
    loaded(orders, 3),
    ask('/orders', 4),
    ask('/users', 5),
    gone(orders, 6),
    ask('/orders', 7),
  ];
  const result = previewOf({ type: 'add', policy: both }, events);
  expect(victims(result)).toEqual(['/orders@1', '/users@2', '/users@5', '/orders@7']);
  expect(result).toMatchObject({ total: 5, flips: 4, toRefused: 4, toAllowed: 0 });
});

test('without the events of its policies a window is judged by the current set alone', () => {
  const events = [ask('/orders', 1), loaded(orders, 3), ask('/orders', 4)];
  const result = previewOf({ type: 'add', policy: users }, events, {
    tellsPolicies: false,
    current: [orders],
  });
  expect(result.flips).toBe(0);
});

const refusedBy = (object: Policy, seconds: number): FlowEvent => ({
  ...ask('/orders', seconds),
  response: { status: 403, bytes: 0, local: true },
  verdict: { action: 'block', mode: 'enforce', policy: `shop/${object.metadata.name}` },
});

test('a removal lets through what the policy refused by its own word; what came before it is told apart', () => {
  const events = [ask('/orders', 1), ask('/users', 2), loaded(orders, 3), refusedBy(orders, 4)];
  const remove = { type: 'remove', name: policyName('shop/orders') } as const;
  const result = previewOf(remove, events, { current: [orders] });
  expect(result).toMatchObject({ toAllowed: 1, toRefused: 0, flips: 1, earlier: 1 });
  expect(result.byRoute.flatMap(({ transitions }) => transitions)).toEqual([{ from: 403, to: 0, count: 1 }]);
});

test('a request that was answered while the policy was coming into force is nothing to let through', () => {
  const events = [loaded(orders, 1), ask('/orders', 1), refusedBy(orders, 2)];
  const remove = { type: 'remove', name: policyName('shop/orders') } as const;
  expect(previewOf(remove, events, { current: [orders] })).toMatchObject({ toAllowed: 1, earlier: 1 });
});

test('only removals over a window that tells its policies count what came before', () => {
  const remove = { type: 'remove', name: policyName('shop/orders') } as const;
  expect(
    previewOf(remove, [ask('/orders', 1)], { tellsPolicies: false, current: [orders] }),
  ).not.toHaveProperty('earlier');
  expect(previewOf({ type: 'add', policy: users }, [ask('/orders', 1)])).not.toHaveProperty('earlier');
});

test('what the header tells holds from the beginning, whatever its time', () => {
  const result = previewOf(
    { type: 'remove', name: policyName('shop/orders') },
    [loaded(orders, 60), refusedBy(orders, 1)],
    {
      current: [orders],
    },
  );
  expect(result).toMatchObject({ toAllowed: 1, toRefused: 0 });
});

test('a flow that came before a policy and ended after it is judged by the set it met', () => {
  const events = [ask('/orders', 1), loaded(orders, 3), ask('/orders', 2), ask('/orders', 4)];
  const result = previewOf({ type: 'add', policy: renamed(orders, 'again') }, events);
  expect(victims(result)).toEqual(['/orders@1', '/orders@2']);
});

test('a draft replaces a recorded policy of its name from the beginning', () => {
  const wider = policy({ name: 'orders', from: workload('scanner'), http: { paths: ['/orders', '/users'] } });
  const events = [ask('/orders', 1), loaded(orders, 2), ask('/orders', 3), ask('/users', 4)];
  expect(victims(previewOf({ type: 'add', policy: wider }, events))).toEqual(['/orders@1', '/users@4']);
});

test('a recorded policy counts until it expires, also where nobody told so', () => {
  const brief = policy({
    ...{ name: 'orders', from: workload('scanner') },
    http: { paths: ['/orders'] },
    expiresAt: at(3),
  });
  const draft = policy({ name: 'draft', from: workload('scanner'), http: { paths: ['/orders'] } });
  const events = [loaded(brief, 0), ask('/orders', 2), ask('/orders', 4)];
  expect(victims(previewOf({ type: 'add', policy: draft }, events))).toEqual(['/orders@4']);
});

test('a throttle that stays keeps its tokens when another policy comes', () => {
  const cap = policy({ name: 'cap', from: workload('scanner'), action: throttle('1/h', { burst: 2 }) });
  const events = [
    ask('/a', 1),
    loaded(users, 2),
    ask('/a', 3),
    loaded(orders, 4),
    ask('/a', 5),
    ask('/a', 6),
  ];
  expect(victims(previewOf({ type: 'add', policy: cap }, events))).toEqual(['/a@5', '/a@6']);
});

test('a throttle counts requests as they arrived, not as they ended', () => {
  const cap = policy({ name: 'cap', from: workload('scanner'), action: throttle('1/h', { burst: 2 }) });
  // The first to arrive was slow: it is told last, and had a token all the same.
  const events = [ask('/quick', 2), ask('/quick', 3), ask('/slow', 1)];
  for (const tellsPolicies of [true, false])
    expect(victims(previewOf({ type: 'add', policy: cap }, events, { tellsPolicies }))).toEqual(['/quick@3']);
});

test('after thousands of words on policies the flow is judged by the last of each', () => {
  const words = Array.from({ length: 1_000 }, (_, index) => ({ ...loaded(orders, index), hits: index }));
  const changes = Array.from({ length: 1_000 }, (_, index) =>
    index % 2 === 0 ? loaded(users, index) : gone(users, index),
  );
  const draft = policy({ name: 'draft', from: workload('scanner'), http: { paths: ['/users'] } });
  const result = previewOf({ type: 'add', policy: draft }, [...words, ...changes, ask('/users', 2_000)]);
  expect(result.toRefused).toBe(1);
});

test('what a policy decided that is recorded in words nobody can read is undecidable, and said so', () => {
  const foreign: PolicyEvent = {
    ...loaded(orders, 1),
    object: { ...orders, spec: { ...orders.spec, mode: 'Strict' } },
  };
  const events = [
    foreign,
    refusedBy(orders, 2),
    ask('/orders', 3),
    foreign,
    gone(orders, 4),
    refusedBy(orders, 5),
  ];
  const both = policy({ name: 'both', from: workload('scanner'), http: { paths: ['/orders'] } });
  const result = previewOf({ type: 'add', policy: both }, events);
  expect(result.undecidable).toEqual([
    { count: 1, why: 'shop/orders, which decided them, is recorded in words this program cannot read' },
  ]);
  // What it let through is judged, and what came after it was gone.
  expect(result).toMatchObject({ total: 3, toRefused: 2 });
});
