// A pod that serves more ports than may be inline: which it gets, and what each policy is told of the rest.
import { expect, test } from 'vitest';
import { inlinePortLimit } from '../../../src/core/plan/node-constants.ts';
import { throttle, workload } from '../policy/build.ts';
import { inventory, planOf, pod, podOf } from './build.ts';

const range = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, at) => first + at);
const busy = (ports: readonly number[] = []): ReturnType<typeof inventory> =>
  inventory({ pods: [pod({ name: 'orders-1', of: 'orders', addresses: ['10.77.0.3'], ports })] });
const id = 'shop/orders-1';
const everyPort = { name: 'every', to: workload('orders'), http: { methods: ['GET'] } };
const naming = (...ports: readonly number[]): Record<string, unknown> => ({
  ...{ name: 'naming', to: { peers: [{ workload: { name: 'orders' } }], ports } },
  action: throttle('5/s'),
});
const told = (count: number): RegExp =>
  new RegExp(
    `Not for ${id}: a pod has at most ${inlinePortLimit} ports inline .*, and ${count} more go unjudged`,
  );

test('of 300 ports listened on the lowest 256 are inline, and the policy is told of 44', () => {
  const listening = { [id]: range(20_000, 300).toReversed() };
  const plan = planOf([everyPort], { inventory: busy(), listening });
  expect(podOf(plan, id).inline.map(({ port }) => port)).toEqual(range(20_000, inlinePortLimit));
  expect(podOf(plan, id).cuts.flatMap(({ ports }) => ports)).toEqual(range(20_000, inlinePortLimit));
  expect(plan.statements).toMatchObject([
    { state: 'partly', sentence: expect.stringMatching(told(44)) as string },
  ]);
});

test('declared ports come before those listened on, whatever their numbers', () => {
  const listening = { [id]: range(1_000, 300) };
  const plan = planOf([everyPort], { inventory: busy([60_000]), listening });
  const ports = podOf(plan, id).inline.map(({ port }) => port);
  expect(ports).toEqual([...range(1_000, inlinePortLimit - 1), 60_000]);
});

test('ports that a policy names push out those that another means as all, and only that one is told', () => {
  const plan = planOf([everyPort, naming(61_000, 61_001)], {
    inventory: busy(range(20_000, inlinePortLimit)),
  });
  const { inline, cuts } = podOf(plan, id);
  const kept = [...range(20_000, inlinePortLimit - 2), 61_000, 61_001];
  expect(inline.map(({ port }) => port)).toEqual(kept);
  // The other one throttles, and cuts nobody.
  expect(cuts.flatMap(({ ports }) => ports)).toEqual(range(20_000, inlinePortLimit - 2));
  expect(plan.statements).toMatchObject([
    { policy: 'shop/every', state: 'partly', sentence: expect.stringMatching(told(2)) as string },
    { policy: 'shop/naming', state: 'enforced' },
  ]);
});

test('a policy of which no port is left in the only pod is not enforced', () => {
  const many = Array.from({ length: 8 }, (_, at) => ({
    ...naming(...range(1_000 + at * 32, 32)),
    name: `n${at}`,
  }));
  const plan = planOf([...many, everyPort], { inventory: busy([60_000]) });
  expect(podOf(plan, id).inline.map(({ port }) => port)).toEqual(range(1_000, inlinePortLimit));
  expect(plan.statements.at(-1)).toMatchObject({
    ...{ state: 'unenforceable', gears: [], atDestination: [] },
    sentence: expect.stringContaining('1 more go unjudged') as string,
  });
});
