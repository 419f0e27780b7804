// Whose rule refused a packet when rules change around it, what is listened to and when, and that nothing is counted twice. The log is one
// that is filled by hand; the real one is in test/e2e/node-egress.test.ts.
import { expect, test } from 'vitest';
import { createPodEgress, type PodEgress } from '../../../../src/app/agent/node/pod-egress.ts';
import { AppError } from '../../../../src/core/model/app-error.ts';
import type { PodPlan } from '../../../../src/core/plan/node-plan.ts';
import { emptyPod } from '../../../../src/core/plan/plan-diff.ts';
import type { RefusedPacket } from '../../../../src/io/kernel/node/refusal-message.ts';

const plan = (...entries: readonly (readonly [policy: string, cidr: string])[]): PodPlan => ({
  ...emptyPod('shop/web-1'),
  kernel: {
    ...{ inbound: [], judgedElsewhere: [] },
    outbound: entries.map(([policy, cidr]) => ({
      ...{ policy, cidr, family: 4, ports: [], answer: 'reset', existing: 'cut' },
    })),
  },
});
const none = plan();
const one = plan(['shop/one', '192.0.2.1/32']);
const two = plan(['shop/two', '192.0.2.1/32']);
const other = plan(['shop/other', '198.51.100.1/32']);

let sequence = 0;
const syn = (destination = '192.0.2.1'): RefusedPacket => ({
  ...{ protocol: 'tcp', source: '10.0.0.2', sourcePort: 40_000, destination },
  ...{ destinationPort: 443, sequence: ++sequence },
});

/** Its log as the kernel would fill it, its rules' counter, and how many listen. */
function made() {
  const state = { packets: [] as RefusedPacket[], counter: 0, open: 0, nowMs: 0, taken: false };
  const faults: string[] = [];
  const take = () => ({ packets: state.packets.splice(0), drained: true });
  const end = () => {
    state.open -= 1;
    return take();
  };
  const egress = createPodEgress({
    ...{ netns: { fd: 3 }, generation: 7, now: () => state.nowMs },
    openLog() {
      if (state.taken)
        throw new AppError({ code: 'X', family: 'unavailable', message: 'It is taken.', hint: '' });
      state.open += 1;
      return { read: take, finish: end, close: () => void end() };
    },
    refusedAtSource: () => state.counter,
    onFault: (sentence) => faults.push(sentence),
  });
  const refuse = (...packets: readonly RefusedPacket[]): void => {
    state.packets.push(...packets);
    state.counter += packets.length;
  };
  return { state, egress, refuse, faults };
}

const bring = (egress: PodEgress, before: PodPlan, after: PodPlan): void => {
  egress.prepare(after);
  egress.settle(before, after);
};
const policies = (egress: PodEgress, counter: number): readonly string[] =>
  egress.read(counter).attempts.map(({ policy }) => policy);

test('it listens while something is refused at the source, and no longer', () => {
  const { state, egress } = made();
  bring(egress, none, none);
  expect(state.open).toBe(0);
  egress.prepare(one);
  expect(state.open).toBe(1);
  egress.settle(none, one);
  bring(egress, one, two);
  expect(state.open).toBe(1);
  bring(egress, two, none);
  expect(state.open).toBe(0);
  bring(egress, none, one);
  egress.close();
  expect(state.open).toBe(0);
});

test('what was refused before a change is of the policy before, what comes later of the one after', () => {
  const { state, egress, refuse } = made();
  bring(egress, none, one);
  refuse(syn(), syn());
  egress.prepare(two);
  egress.settle(one, two);
  refuse(syn());
  expect(policies(egress, state.counter)).toEqual(['shop/one', 'shop/one', 'shop/two']);
});

test('what was refused while rules changed, and the new ones would let pass, is of the policy before', () => {
  const { state, egress, refuse } = made();
  bring(egress, none, one);
  egress.prepare(other);
  refuse(syn(), syn('198.51.100.1'));
  egress.settle(one, other);
  expect(policies(egress, state.counter)).toEqual(['shop/one', 'shop/other']);
});

test('rules that did not come name nobody', () => {
  const { state, egress, refuse } = made();
  bring(egress, none, one);
  egress.prepare(two);
  refuse(syn());
  expect(policies(egress, state.counter)).toEqual(['shop/one']);
});

test('what no rule of the plan refuses is counted with what was not heard', () => {
  const { state, egress, refuse } = made();
  bring(egress, none, one);
  refuse(syn('203.0.113.1'), syn());
  expect(egress.read(state.counter).attempts).toHaveLength(1);
  state.nowMs = 500;
  expect(egress.read(state.counter)).toEqual({ attempts: [], lost: 1 });
});

test('the last of a policy that goes is told with it, and so is what was not heard of it', () => {
  const { state, egress, refuse } = made();
  bring(egress, none, one);
  refuse(syn());
  state.counter += 4;
  egress.prepare(none);
  state.counter = 0;
  egress.settle(one, none);
  expect(egress.read(undefined)).toMatchObject({ attempts: [{ policy: 'shop/one' }], lost: 4 });
  expect(egress.read(undefined)).toEqual({ attempts: [], lost: 0 });
});

test('where it cannot listen that is said once, tried at each look, and what was refused is a number', () => {
  const { state, egress, faults } = made();
  state.taken = true;
  bring(egress, none, one);
  egress.read((state.counter = 3));
  state.nowMs = 500;
  expect(egress.read(3)).toEqual({ attempts: [], lost: 3 });
  expect(faults).toEqual(['what is refused at the source is told as a number only: It is taken']);
  state.taken = false;
  egress.read(3);
  expect(state.open).toBe(1);
});
