// Whose rule refused a packet when rules change around it, what is listened to and when, and that nothing is counted twice. The log is one
// that is filled by hand; the real one is in test/e2e/node-egress.test.ts.
import { expect, test } from 'vitest';
import {
  createPodEgress,
  type EgressReport,
  type PodEgress,
} from '../../../../src/app/agent/node/pod-egress.ts';
import { AppError } from '../../../../src/core/model/app-error.ts';
import type { PodPlan } from '../../../../src/core/plan/node-plan.ts';
import type { SourceCount } from '../../../../src/core/plan/read-counters.ts';
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
  const state = {
    ...{ packets: [] as RefusedPacket[], counter: 0, open: 0, nowMs: 0, taken: false, untold: 0 },
    /** What the kernel has of other starts. */
    others: new Map<number, { refused: number; told: number }>(),
    told: 0,
  };
  const counts = (): readonly SourceCount[] => [
    { generation: 7, refused: state.counter, told: state.told },
    ...Array.from(state.others, ([generation, of]) => ({ generation, ...of })),
  ];
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
    rules: {
      atSource: counts,
      takeSource(generation) {
        const { counter } = state;
        if (generation === 7) {
          state.counter = 0;
          return counter;
        }
        const other = state.others.get(generation);
        const refused = other?.refused;
        if (other !== undefined) other.refused = 0;
        return refused;
      },
      noteTold: (packets) => void (state.told = packets),
      untold: () => state.untold,
    },
    onFault: (sentence) => faults.push(sentence),
  });
  const refuse = (...packets: readonly RefusedPacket[]): void => {
    state.packets.push(...packets);
    state.counter += packets.length;
  };
  return { state, egress, refuse, faults, read: () => egress.read(counts()) };
}

const bring = (egress: PodEgress, before: PodPlan, after: PodPlan): void => {
  egress.prepare(after);
  egress.settle(before, after);
};
const policies = (read: () => EgressReport): readonly string[] => read().attempts.map(({ policy }) => policy);

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
  const { egress, refuse, read } = made();
  bring(egress, none, one);
  refuse(syn(), syn());
  egress.prepare(two);
  egress.settle(one, two);
  refuse(syn());
  expect(policies(read)).toEqual(['shop/one', 'shop/one', 'shop/two']);
});

test('what was refused while rules changed, and the new ones would let pass, is of the policy before', () => {
  const { egress, refuse, read } = made();
  bring(egress, none, one);
  egress.prepare(other);
  refuse(syn(), syn('198.51.100.1'));
  egress.settle(one, other);
  expect(policies(read)).toEqual(['shop/one', 'shop/other']);
});

test('rules that did not come name nobody', () => {
  const { egress, refuse, read } = made();
  bring(egress, none, one);
  egress.prepare(two);
  refuse(syn());
  expect(policies(read)).toEqual(['shop/one']);
});

test('what no rule of the plan refuses is counted with what was not heard', () => {
  const { state, egress, refuse, read } = made();
  bring(egress, none, one);
  refuse(syn('203.0.113.1'), syn());
  expect(read().attempts).toHaveLength(1);
  state.nowMs = 500;
  expect(read()).toEqual({ attempts: [], lost: 1 });
});

test('the last of a policy that goes is told with it, and so is what was not heard of it', () => {
  const { state, egress, refuse, read } = made();
  bring(egress, none, one);
  refuse(syn());
  state.counter += 4;
  egress.prepare(none);
  state.counter = 0;
  egress.settle(one, none);
  expect(read()).toMatchObject({ attempts: [{ policy: 'shop/one' }], lost: 4 });
  expect(read()).toEqual({ attempts: [], lost: 0 });
});

test('where it cannot listen that is said once, tried at each look, and what was refused is a number', () => {
  const { state, egress, faults, read } = made();
  state.taken = true;
  bring(egress, none, one);
  state.counter = 3;
  read();
  state.nowMs = 500;
  expect(read()).toEqual({ attempts: [], lost: 3 });
  expect(faults).toEqual(['what is refused at the source is told as a number only: It is taken']);
  state.taken = false;
  read();
  expect(state.open).toBe(1);
});

test('it notes in the kernel what it has told, so that what is on its way is not lost with it', () => {
  const { state, egress, refuse, read } = made();
  bring(egress, none, one);
  refuse(syn(), syn());
  state.counter += 3;
  read();
  expect([state.counter, state.told]).toEqual([5, 2]);
  state.nowMs = 500;
  expect(read().lost).toBe(3);
  expect(state.told).toBe(5);
});

test('a start that is overtaken tells the rest; where the newer has told it in its stead, it is silent', () => {
  const { state, egress, refuse } = made();
  bring(egress, none, one);
  refuse(syn(), syn());
  state.counter += 1;
  expect(egress.finish()).toMatchObject({
    attempts: [{ policy: 'shop/one' }, { policy: 'shop/one' }],
    lost: 1,
  });
  expect([state.counter, state.told, state.open]).toEqual([0, 0, 0]);
  const late = made();
  bring(late.egress, none, one);
  late.refuse(syn(), syn());
  late.state.counter = 0;
  expect(late.egress.finish()).toEqual({ attempts: [], lost: 0 });
  expect(late.state.open).toBe(0);
});

test('what an earlier start had not told is a number, once that start has had its time for it', () => {
  const { state, read } = made();
  state.others.set(3, { refused: 10, told: 4 });
  state.others.set(5, { refused: 2, told: 2 });
  expect(read().lost).toBe(0);
  state.nowMs = 2_900;
  expect(read().lost).toBe(0);
  state.nowMs = 3_000;
  expect(read().lost).toBe(6);
  expect(state.others.get(3)?.refused).toBe(0);
  expect(read().lost).toBe(0);
});
