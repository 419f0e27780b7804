// What the kernel counts while no agent is there, against a real kernel: it outlives every replacement of the rules, and is told once.
import { expect, onTestFinished, test } from 'vitest';
import { countsAbsence } from '../../src/core/plan/counter-name.ts';
import { listenPort } from '../../src/core/plan/node-constants.ts';
import type { InlinePort } from '../../src/core/plan/node-plan.ts';
import { emptyPod } from '../../src/core/plan/plan-diff.ts';
import type { NamedCounter } from '../../src/core/plan/read-counters.ts';
import { nftTableText } from '../../src/core/plan/ruleset.ts';
import { enrol, type Enrolment } from '../../src/io/kernel/node/enrolment.ts';
import { cleanLeftovers } from '../../src/io/kernel/node/leftovers.ts';
import { errno } from '../../src/io/kernel/linux.ts';
import { openNetns } from '../../src/io/kernel/node/netns.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { describeUnless } from '../helpers/unless.ts';
import { connectIn, createNodeBench, traces, type NodeBench } from './node-fixture.ts';

async function bench(): Promise<NodeBench & { readonly enrolAs: (generation: number) => Enrolment }> {
  const made = await createNodeBench();
  onTestFinished(() => made[Symbol.dispose]());
  const { kernel, pod } = made;
  return {
    ...made,
    enrolAs: (generation) =>
      enrol(kernel, {
        netns: openNetns(pod.path),
        addresses: [pod.ipv4],
        owner: { owner: 'agent', generation },
      }),
  };
}

describeUnless(noRules)('counters of what happened while no agent was there', () => {
  const inline = (port: number, failure: 'Open' | 'Closed', policy: string): InlinePort => ({
    ...{ port, failure, existing: 'Drain', policies: [policy] },
  });
  const rulesOf = (generation: number, ...ports: readonly InlinePort[]): string =>
    nftTableText(
      { ...emptyPod('shop/orders-1'), inline: ports },
      { owner: 'agent', generation, mode: 'fwmark', listenPort },
    );
  const counted = (counters: readonly NamedCounter[]): Readonly<Record<string, number>> =>
    Object.fromEntries(
      counters.flatMap(({ name, packets }) => (countsAbsence(name) ? [[name, packets]] : [])),
    );
  const both = [inline(9, 'Open', 'shop/open'), inline(10, 'Closed', 'shop/closed')];
  const call = ({ kernel, peerNetns, pod }: NodeBench, port: number): void => {
    expect(connectIn(kernel, peerNetns, { host: pod.ipv4, port })).toBe(-errno.refused);
  };

  test('outlive every replacement of the rules, and are told once', async () => {
    const made = await bench();
    const before = traces(made.lab, made.pod);
    const earlier = made.enrolAs(5);
    earlier.apply({ ruleset: rulesOf(5, ...both), mode: 'fwmark' });
    call(made, 9);
    call(made, 10);
    expect(counted(earlier.counters())).toEqual({ 'u/9': 1, 'c/shop/closed': 1 });
    expect(counted(earlier.counters())).toEqual({ 'u/9': 0, 'c/shop/closed': 0 });
    call(made, 9);
    call(made, 9);
    call(made, 10);
    // A start after a crash, with the same policies; then one that has others.
    const next = made.enrolAs(6);
    next.apply({ ruleset: rulesOf(6, ...both), mode: 'fwmark' });
    call(made, 9);
    earlier.drop();
    next.drop();
    const last = made.enrolAs(7);
    last.apply({ ruleset: rulesOf(7, inline(11, 'Open', 'shop/other')), mode: 'fwmark' });
    call(made, 11);
    expect(counted(last.counters())).toEqual({ 'u/9': 3, 'u/11': 1, 'c/shop/closed': 1 });
    // What nobody counts into any more goes with the next replacement.
    last.apply({ ruleset: rulesOf(7, inline(11, 'Open', 'shop/other')), mode: 'fwmark' });
    expect(counted(last.counters())).toEqual({ 'u/11': 0 });
    last.release();
    expect(traces(made.lab, made.pod)).toBe(before);
  });

  test('are told by whoever removes what a dead agent left', async () => {
    const made = await bench();
    const before = traces(made.lab, made.pod);
    const dead = made.enrolAs(5);
    dead.apply({ ruleset: rulesOf(5, ...both), mode: 'fwmark' });
    dead.drop();
    call(made, 9);
    call(made, 10);
    const told: NamedCounter[] = [];
    const onCounted = (counters: readonly NamedCounter[]): void => void told.push(...counters);
    const owner = { owner: 'agent', generation: 6, onCounted };
    expect(cleanLeftovers(made.kernel, made.netns, owner)).toBe('removed');
    expect(counted(told)).toEqual({ 'u/9': 1, 'c/shop/closed': 1 });
    expect(traces(made.lab, made.pod)).toBe(before);
  });
});
