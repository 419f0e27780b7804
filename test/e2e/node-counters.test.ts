// Our table read by netlink, against a real kernel: what nft's own listing says, at a cost that the number of elements does not change.
import { expect, onTestFinished, test } from 'vitest';
import { counterName } from '../../src/core/plan/counter-name.ts';
import { nftTable, ownerChain } from '../../src/core/plan/node-constants.ts';
import type { KernelEntry } from '../../src/core/plan/node-plan.ts';
import { readNftCounters, type NamedCounter } from '../../src/core/plan/read-counters.ts';
import { nftRuleset, tableName } from '../../src/core/plan/ruleset.ts';
import { errno } from '../../src/io/kernel/linux.ts';
import { createNetlink } from '../../src/io/kernel/node/netlink.ts';
import { openOwnRules } from '../../src/io/kernel/node/own-rules.ts';
import { chainsOf } from '../../src/io/kernel/node/rule-listing.ts';
import { readClaim } from '../../src/io/kernel/node/table-claim.ts';
import { createTableReader } from '../../src/io/kernel/node/table-reader.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { describeUnless } from '../helpers/unless.ts';
import { countingReads, connectIn, createNodeBench, listenIn } from './node-fixture.ts';

const self = { owner: 'agent', generation: 7 };
const options = { ...self, mode: 'ct', listenPort: 15906 } as const;
const port = 8080;

const entry = (address: string, policy: string): KernelEntry => ({
  ...{ policy, family: 4, cidr: `${address}/32`, ports: [port], answer: 'reset', existing: 'cut' },
});

/** Rules that refuse these callers. */
const refusing = (inbound: readonly KernelEntry[]): string =>
  nftRuleset(
    {
      ...{ pod: 'shop/orders-1', tap: false, reports: 'destination', inline: [], cuts: [] },
      kernel: { inbound, outbound: [], judgedElsewhere: [] },
    },
    options,
  );

/** `count` callers of two policies that are not there, next to the one that is. */
const crowd = (count: number, caller: string): readonly KernelEntry[] => [
  entry(caller, 'shop/block'),
  ...Array.from({ length: count }, (_, at) =>
    entry(`198.${18 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`, at % 2 === 0 ? 'shop/a' : 'shop/b'),
  ),
];

async function bench() {
  const made = await createNodeBench();
  const { kernel, netns, peerNetns, pod } = made;
  const rules = openOwnRules(kernel, netns);
  const listener = listenIn(kernel, netns, { host: '0.0.0.0', port });
  const { read, libc: counting } = countingReads(kernel.libc);
  onTestFinished(() => {
    kernel.libc.close(listener);
    rules.close();
    made[Symbol.dispose]();
  });
  return {
    ...{ ...made, rules },
    reader: createTableReader(createNetlink(counting, kernel.door), netns),
    /** Reads from the kernel, and their bytes, that `work` takes. */
    costOf: (work: () => unknown): typeof read => {
      read.messages = read.bytes = 0;
      work();
      return { ...read };
    },
    call: (): number => connectIn(kernel, peerNetns, { host: pod.ipv4, port }),
    /** The same counters as nft says them. */
    byNft: (): readonly NamedCounter[] => {
      const { nftables } = rules.list(`list counters table ${tableName}`) as {
        readonly nftables: readonly { readonly counter?: NamedCounter }[];
      };
      return nftables.flatMap(({ counter }) =>
        counter === undefined ? [] : [{ name: counter.name, packets: counter.packets, bytes: counter.bytes }],
      );
    },
  };
}

const byName = <T extends { readonly name: string }>(list: readonly T[]): readonly T[] =>
  list.toSorted((one, other) => (one.name < other.name ? -1 : 1));

describeUnless(noRules)('our table by netlink', () => {
  test('says of counters and chains what nft says, and nothing of other tables', async () => {
    const { rules, reader, call, byNft, peer, lab, pod } = await bench();
    rules.apply(refusing(crowd(20, peer.ipv4)));
    lab.run(
      pod,
      'nft',
      ['-f', '-'],
      'table inet other { counter c { packets 9 bytes 9 }\n chain x { }\n }\ntable ip apidefense { counter c { packets 8 bytes 8 }\n chain y { }\n }\n',
    );
    for (let calls = 0; calls < 3; calls += 1) expect(call()).toBe(-errno.refused);
    const counters = reader.counters();
    expect(byName(counters)).toEqual(byName(byNft()));
    expect(counters.find(({ name }) => name === counterName('p', 'shop/block'))?.packets).toBe(3);
    expect(readNftCounters(counters, ['shop/block', 'shop/a']).policies.get('shop/a')?.packets).toBe(0);
    const ours = chainsOf(rules.list('list chains')).filter(
      ({ family, table }) => family === nftTable.family && table === nftTable.name,
    );
    expect(byName(reader.chains())).toEqual(byName(ours));
    expect(reader.chains().map(({ name }) => name)).toContain(ownerChain(self));
  });

  test('costs for 10,000 elements what it costs for 10', async () => {
    const { rules, reader, costOf, peer } = await bench();
    rules.apply(refusing(crowd(10, peer.ipv4)));
    const few = [costOf(() => reader.counters()), costOf(() => reader.chains())];
    rules.apply(`delete table ${tableName}\n${refusing(crowd(10_000, peer.ipv4))}`);
    expect([costOf(() => reader.counters()), costOf(() => reader.chains())]).toEqual(few);
    expect(few[0]?.bytes).toBeGreaterThan(0);
    expect(few[0]?.messages).toBeLessThan(5);
  });

  test('of many policies comes whole, however many reads it takes', async () => {
    const { rules, reader, byNft, costOf } = await bench();
    const names = Array.from({ length: 1_000 }, (_, at) => counterName('p', `shop/policy-${at}`));
    const lines = names.map((name, at) => `counter ${name} { packets ${at} bytes ${at * 60} }`);
    rules.apply(`table ${tableName} {\n${lines.join('\n')}\n}\n`);
    expect(byName(reader.counters())).toEqual(byName(byNft()));
    expect(reader.counters().length).toBe(1_000);
    expect(costOf(() => reader.counters()).messages).toBeGreaterThan(2);
  });

  test('numbers beyond 32 bits are read whole', async () => {
    const { rules, reader } = await bench();
    rules.apply(`table ${tableName} {\n counter big { packets 4294967297 bytes 9007199254740991 }\n}\n`);
    expect(reader.counters()).toEqual([
      { name: 'big', packets: 4_294_967_297, bytes: Number.MAX_SAFE_INTEGER },
    ]);
  });

  test('tells no table, a table without a chain, and an owner apart', async () => {
    const { rules, reader } = await bench();
    expect([reader.chains(), reader.counters(), readClaim(rules, self)]).toEqual([[], [], { type: 'free' }]);
    rules.apply(`add table ${tableName}\n`);
    expect(reader.chains().map(({ name }) => name)).toEqual(['']);
    expect(readClaim(rules, self).type).toBe('foreign');
    rules.apply(`add chain ${tableName} ${ownerChain(self)}\n`);
    expect(readClaim(rules, self).type).toBe('ours');
    expect(readClaim(rules, { ...self, generation: 6 }).type).toBe('newer');
  });
});
