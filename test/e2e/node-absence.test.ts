// What the kernel counts that the next agent is to tell, against a real kernel: it outlives every replacement of the rules, and is told once.
import { expect, onTestFinished, test } from 'vitest';
import { isToldOnce, sourceCounter, toldCounter } from '../../src/core/plan/counter-name.ts';
import { listenPort } from '../../src/core/plan/node-constants.ts';
import type { InlinePort, KernelEntry } from '../../src/core/plan/node-plan.ts';
import { emptyPod } from '../../src/core/plan/plan-diff.ts';
import { sourceCounts, type NamedCounter } from '../../src/core/plan/read-counters.ts';
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
    Object.fromEntries(counters.flatMap(({ name, packets }) => (isToldOnce(name) ? [[name, packets]] : [])));
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

describeUnless(noRules)('counters of what rules refuse', () => {
  const entry = (address: string, policy: string): KernelEntry => ({
    ...{ policy, family: 4, cidr: `${address}/32`, ports: [], answer: 'reset', existing: 'cut' },
  });
  const rulesOf = (
    generation: number,
    kernel: Partial<Record<'inbound' | 'outbound', KernelEntry[]>>,
  ): string =>
    nftTableText(
      { ...emptyPod('shop/orders-1'), kernel: { inbound: [], outbound: [], judgedElsewhere: [], ...kernel } },
      { owner: 'agent', generation, mode: 'fwmark', listenPort },
    );
  const hits = (enrolment: Enrolment): Readonly<Record<string, number>> =>
    Object.fromEntries(
      enrolment.counters().flatMap(({ name, packets }) => (isToldOnce(name) ? [[name, packets]] : [])),
    );

  test('are told once by whoever reads them, before and after the rules were replaced', async () => {
    const made = await bench();
    const { kernel, pod, peer, peerNetns } = made;
    const call = (): void => {
      expect(connectIn(kernel, peerNetns, { host: pod.ipv4, port: 9 })).toBe(-errno.refused);
    };
    const rules = (generation: number): string =>
      rulesOf(generation, { inbound: [entry(peer.ipv4, 'shop/block')] });
    const dead = made.enrolAs(5);
    dead.apply({ ruleset: rules(5), mode: 'none' });
    call();
    expect(hits(dead)).toEqual({ 'p/shop/block': 1 });
    call();
    call();
    dead.drop();
    const next = made.enrolAs(6);
    next.apply({ ruleset: rules(6), mode: 'none' });
    call();
    expect(hits(next)).toEqual({ 'p/shop/block': 3 });
    expect(hits(next)).toEqual({ 'p/shop/block': 0 });
    next.release();
  });

  test('at the source stay beside those of the next start until somebody has told them, and what was told is noted', async () => {
    const made = await bench();
    const { kernel, netns, peer } = made;
    const call = (): void => {
      expect(connectIn(kernel, netns, { host: peer.ipv4, port: 9 })).toBe(-errno.refused);
    };
    const begin = (generation: number): Enrolment => {
      const enrolment = made.enrolAs(generation);
      const outbound = [entry(peer.ipv4, 'shop/egress')];
      enrolment.apply({ ruleset: rulesOf(generation, { outbound }), mode: 'none' });
      return enrolment;
    };
    const dead = begin(5);
    for (let calls = 0; calls < 3; calls += 1) call();
    dead.note(toldCounter(5), 2);
    expect(sourceCounts(dead.peek())).toEqual([{ generation: 5, refused: 3, told: 2 }]);
    dead.drop();
    const next = begin(6);
    call();
    const both = [
      { generation: 5, refused: 3, told: 2 },
      { generation: 6, refused: 1, told: 0 },
    ];
    expect(sourceCounts(next.peek())).toEqual(both);
    next.drop();
    const last = begin(7);
    expect(sourceCounts(last.peek())).toEqual([...both, { generation: 7, refused: 0, told: 0 }]);
    expect([last.take(sourceCounter(5)), last.take(sourceCounter(5)), last.take(sourceCounter(4))]).toEqual([
      3,
      0,
      undefined,
    ]);
    last.drop();
    // What is told goes; that of the last start stays, since it may be there still.
    const end = begin(8);
    expect(sourceCounts(end.peek()).map(({ generation }) => generation)).toEqual([6, 7, 8]);
    end.release();
  });
});
