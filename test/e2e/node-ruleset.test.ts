// The texts of core/plan against a real kernel: it takes every one of them, a change ends where the whole text would, refusals hit what
// opens and nothing else, and hits outlive a change of the set.
import { expect, test } from 'vitest';
import { readNftCounters } from '../../src/core/plan/read-counters.ts';
import { nftChange } from '../../src/core/plan/ruleset-change.ts';
import { nftRuleset, tableName } from '../../src/core/plan/ruleset.ts';
import type { KernelEntry, PodPlan } from '../../src/core/plan/node-plan.ts';
import { createNamespaceRules } from '../../src/io/kernel/node/nftables.ts';
import { requireNft } from '../../src/io/kernel/node/node-kernel.ts';
import { createTableReader } from '../../src/io/kernel/node/table-reader.ts';
import { errno } from '../../src/io/kernel/linux.ts';
import { planOf } from '../core/plan/build.ts';
import { planCases } from '../core/plan/plan-cases.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { describeUnless } from '../helpers/unless.ts';
import { keepingUntilEnd } from './kept-sockets.ts';
import { acceptAt, connectIn, createNodeBench, listenIn } from './node-fixture.ts';

const options = { owner: 'agent', generation: 7, mode: 'ct', listenPort: 15906 } as const;
const port = 8080;

const empty = (pod = 'shop/orders-1'): PodPlan => ({
  ...{ pod, tap: false, reports: 'destination', inline: [], cuts: [] },
  kernel: { inbound: [], outbound: [], judgedElsewhere: [] },
});
const refusing = (kernel: Partial<PodPlan['kernel']>): PodPlan => ({
  ...empty(),
  kernel: { ...empty().kernel, ...kernel },
});
const entry = (address: string, ports: readonly number[], policy = 'shop/block'): KernelEntry => {
  const family = address.includes(':') ? 6 : 4;
  const cidr = address.includes('/') ? address : `${address}/${family === 4 ? 32 : 128}`;
  return { policy, family, cidr, ports, answer: 'reset', existing: 'cut' };
};

/** A pod with listeners on two ports, a peer, and the pod's rules. */
async function bench() {
  const made = await createNodeBench();
  const { kernel, netns, peerNetns, lab, pod } = made;
  const rules = createNamespaceRules(requireNft(kernel), kernel.door, netns);
  const keep = keepingUntilEnd(made, rules);
  const listener = keep(listenIn(kernel, netns, { host: '::', port }));
  keep(listenIn(kernel, netns, { host: '::', port: 9090 }));
  return {
    ...{ ...made, rules, keep, listener },
    /** 0, or the error. */
    call: (host: string, to = port): number =>
      Math.min(0, keep(connectIn(kernel, peerNetns, { host, port: to }))),
    hits: (...policies: readonly string[]) =>
      readNftCounters(createTableReader(kernel.netlink, netns).counters(), policies),
    /** The table's words in any order, without what passes by itself. */
    table: (): readonly string[] =>
      lab
        .run(pod, 'nft', ['list', 'ruleset'])
        .replaceAll(/timeout \S+ expires \S+|elements = \{|[},]/g, ' ')
        .split(/\s+/)
        .toSorted(),
  };
}

const refused = -errno.refused;

describeUnless(noRules)('the texts of the plan', () => {
  test('are taken by the kernel, every row of the table, and each change ends where the whole would', async () => {
    const { rules, table } = await bench();
    const plans = planCases.flatMap(({ policies, parts }) => planOf(policies, parts).pods);
    const whole = (plan: PodPlan): string => {
      const none = `add table ${tableName}\ndelete table ${tableName}\nadd table ${tableName}\nadd chain ${tableName} owner-agent_7\n`;
      return nftRuleset(plan, options) || none;
    };
    let before = empty();
    for (const after of plans) {
      rules.apply(whole(after));
      const wanted = table();
      rules.apply(whole(before));
      rules.apply(nftChange(before, after, options));
      expect(table()).toEqual(wanted);
      before = after;
    }
    expect(plans.length).toBeGreaterThan(200);
  });

  test.each(['ipv4', 'ipv6'] as const)(
    'refuse what opens, of the pairs and ports meant, over %s',
    async (family) => {
      const { rules, call, pod, peer, hits } = await bench();
      rules.apply(nftRuleset(refusing({ inbound: [entry(peer[family], [port])] }), options));
      expect(call(pod[family])).toBe(refused);
      expect(call(pod[family], 9090)).toBe(0);
      rules.apply(nftRuleset(refusing({ inbound: [entry(peer[family], [])] }), options));
      expect(call(pod[family], 9090)).toBe(refused);
      expect(hits('shop/block').policies.get('shop/block')?.packets).toBe(1);
    },
  );

  test('leave the pod’s own calls to whom it refuses, and what is open', async () => {
    const { rules, kernel, netns, peerNetns, pod, peer, keep, listener, call } = await bench();
    keep(listenIn(kernel, peerNetns, { host: '0.0.0.0', port }));
    const client = keep(connectIn(kernel, peerNetns, { host: pod.ipv4, port }));
    const application = keep(acceptAt(kernel, listener));
    rules.apply(nftRuleset(refusing({ inbound: [entry(peer.ipv4, [])] }), options));
    expect(keep(connectIn(kernel, netns, { host: peer.ipv4, port }))).toBeGreaterThan(0);
    expect(call(pod.ipv4)).toBe(refused);
    const memory = kernel.libc.allocate(4);
    expect(kernel.libc.send(client, memory.address, 4, 0)).toBe(4);
    expect(kernel.libc.recv(application, memory.address, 4, 0)).toBe(4);
  });

  test('refuse at the source, by block, everyone and port, and spare who is judged elsewhere', async () => {
    const { rules, kernel, netns, peerNetns, peer, keep, hits } = await bench();
    keep(listenIn(kernel, peerNetns, { host: '::', port }));
    const from = (host: string): number => Math.min(0, keep(connectIn(kernel, netns, { host, port })));
    const everyone = ['0.0.0.0/0', '::/0'].map((cidr) => entry(cidr, []));
    rules.apply(nftRuleset(refusing({ outbound: everyone }), options));
    expect([from(peer.ipv4), from(peer.ipv6), from('127.0.0.1')]).toEqual([refused, refused, 0]);
    expect(hits('shop/block').policies.get('shop/block')?.packets).toBe(2);
    rules.apply(nftRuleset(refusing({ outbound: everyone, judgedElsewhere: [`${peer.ipv4}/32`] }), options));
    expect([from(peer.ipv4), from(peer.ipv6)]).toEqual([0, refused]);
    const block = entry(`${peer.ipv4}/24`, [port]);
    rules.apply(nftRuleset(refusing({ outbound: [block] }), options));
    expect([from(peer.ipv4), from(peer.ipv6)]).toEqual([refused, 0]);
  });

  test('keep the hits of a policy while its callers come and go, and drop them with it', async () => {
    const { rules, call, pod, peer, hits } = await bench();
    const one = refusing({ inbound: [entry(peer.ipv4, [port])] });
    const two = refusing({ inbound: [entry('192.0.2.1', [port]), entry('192.0.2.0/24', [], 'shop/other')] });
    rules.apply(nftRuleset(one, options));
    expect(call(pod.ipv4)).toBe(refused);
    rules.apply(nftChange(one, two, options));
    expect(call(pod.ipv4)).toBe(0);
    expect(hits('shop/block').policies.get('shop/block')?.packets).toBe(1);
    rules.apply(nftChange(two, one, options));
    expect(call(pod.ipv4)).toBe(refused);
    expect(hits('shop/block', 'shop/other').policies.get('shop/block')?.packets).toBe(2);
    rules.apply(nftChange(one, empty(), options));
    expect(call(pod.ipv4)).toBe(0);
    expect(hits('shop/block').policies.size).toBe(0);
  });

  test('with no agent alive: an open port goes on to the application, a closed one refuses, and is counted', async () => {
    const { rules, call, pod, hits } = await bench();
    const ports = (failure: 'Open' | 'Closed'): PodPlan => ({
      ...empty(),
      inline: [{ port, failure, existing: 'Cut', policies: ['shop/limit'] }],
    });
    rules.apply(nftRuleset(ports('Open'), options));
    expect(call(pod.ipv4)).toBe(0);
    rules.apply(nftChange(ports('Open'), ports('Closed'), options));
    expect([call(pod.ipv4), call(pod.ipv6), call(pod.ipv4, 9090)]).toEqual([refused, refused, 0]);
    expect(call(pod.ipv4, options.listenPort)).toBe(refused);
    const read = hits('shop/limit');
    expect(read.policies.get('shop/limit')).toMatchObject({ packets: 0, closedPackets: 2 });
    expect(read.listenerDialled).toBe(1);
  });

  test('ten thousand entries are taken, and one of them is found', async () => {
    const { rules, call, pod, peer, hits } = await bench();
    const others = Array.from({ length: 10_000 }, (_, index) =>
      entry(`10.200.${index >> 8}.${index & 255}`, [port], `shop/p-${index}`),
    );
    const many = refusing({ inbound: [...others, entry(peer.ipv4, [port])] });
    rules.apply(nftRuleset(many, options));
    expect(call(pod.ipv4)).toBe(refused);
    expect(call(pod.ipv4, 9090)).toBe(0);
    expect(hits('shop/block').policies.get('shop/block')?.packets).toBe(1);
    rules.apply(nftChange(many, refusing({ inbound: others }), options));
    expect(call(pod.ipv4)).toBe(0);
  });
});
