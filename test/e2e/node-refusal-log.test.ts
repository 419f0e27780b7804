// The log of what is refused at the source, against a real kernel: whose rule it was, at a cost that the number of entries does not change, from
// the kernel alone, and without end when nobody reads.
import { expect, onTestFinished, test } from 'vitest';
import { counterName, sourceCounter } from '../../src/core/plan/counter-name.ts';
import { refusalLogBytes, refusalLogGroup } from '../../src/core/plan/node-constants.ts';
import type { KernelEntry } from '../../src/core/plan/node-plan.ts';
import { createRefusingPolicy } from '../../src/core/plan/refusing-policy.ts';
import { nftRuleset, tableName } from '../../src/core/plan/ruleset.ts';
import { errno } from '../../src/io/kernel/linux.ts';
import { netlinkMessage } from '../../src/io/kernel/node/netlink-message.ts';
import { netlinkProtocol, openNetlinkIn } from '../../src/io/kernel/node/netlink.ts';
import { openOwnRules } from '../../src/io/kernel/node/own-rules.ts';
import { createRefusalLogs, type RefusalLog } from '../../src/io/kernel/node/refusal-log.ts';
import type { RefusedPacket } from '../../src/io/kernel/node/refusal-message.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { describeUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { countingReads, connectIn, createNodeBench } from './node-fixture.ts';

const options = { owner: 'agent', generation: 7, mode: 'ct', listenPort: 15906 } as const;
const group = refusalLogGroup(options.generation);
const listenersFile = '/proc/net/netfilter/nfnetlink_log';

const entry = (cidr: string, change: Partial<KernelEntry> = {}): KernelEntry => ({
  ...{ policy: 'shop/block', family: cidr.includes(':') ? 6 : 4, cidr, ports: [], answer: 'reset' },
  ...{ existing: 'cut', ...change },
});

const kernelRules = (outbound: readonly KernelEntry[]) => ({ inbound: [], outbound, judgedElsewhere: [] });

const refusing = (outbound: readonly KernelEntry[]): string =>
  nftRuleset(
    {
      ...{ pod: 'shop/orders-1', tap: false, reports: 'destination', inline: [], cuts: [] },
      kernel: kernelRules(outbound),
    },
    options,
  );

async function bench() {
  const made = await createNodeBench();
  const { kernel, netns, lab, pod } = made;
  const rules = openOwnRules(kernel, netns);
  const { read, libc } = countingReads(kernel.libc);
  onTestFinished(() => {
    rules.close();
    made[Symbol.dispose]();
  });
  const open = createRefusalLogs({ libc, door: kernel.door }, refusalLogBytes);
  return {
    ...{ ...made, rules, read },
    open: (): RefusalLog => open(netns, group),
    listeners: () => lab.run(pod, 'cat', [listenersFile]).trim(),
    call: (host: string, port: number): number => connectIn(kernel, netns, { host, port }),
    /** All packets until nothing comes for so many as are wanted. */
    heard: async (log: RefusalLog, count: number): Promise<readonly RefusedPacket[]> => {
      const packets: RefusedPacket[] = [];
      await until(`${count} refusals`, () => {
        packets.push(...log.read().packets);
        return packets.length >= count;
      });
      return packets;
    },
  };
}

describeUnless(noRules)('the log of refusals', () => {
  test('one of 10,000 entries costs what one of 10 costs, in rules and in reads', async () => {
    const { rules, open, call, read, listeners } = await bench();
    const costs: unknown[] = [];
    for (const count of [10, 10_000]) {
      rules.apply(
        refusing(
          Array.from({ length: count }, (_, at) =>
            entry(`198.${18 + (at >> 16)}.${(at >> 8) & 255}.${at & 255}/32`),
          ).concat(entry('10.77.0.200/32')),
        ),
      );
      const log = open();
      read.messages = read.bytes = 0;
      for (let calls = 0; calls < 5; calls += 1) expect(call('10.77.0.200', 81)).toBe(-errno.refused);
      const { packets, drained } = log.finish();
      expect([packets.length, drained, listeners()]).toEqual([5, true, '']);
      costs.push({ ...read });
    }
    expect(costs[1]).toEqual(costs[0]);
    expect((costs[0] as { messages: number }).messages).toBeLessThan(6);
  });

  test('the plan names the policy that the kernel has counted, for blocks within blocks and either answer', async () => {
    const { rules, open, call, heard } = await bench();
    const entries = [
      entry('10.77.0.128/25', { policy: 'shop/narrow-drop', answer: 'drop', ports: [81] }),
      entry('10.77.0.0/24', { policy: 'shop/wide-reset', ports: [81] }),
      entry('10.77.0.200/32', { policy: 'shop/host' }),
      entry('10.77.0.201/32', { policy: 'shop/host-port', ports: [81] }),
      entry('10.77.0.192/26', { policy: 'shop/narrow-reset' }),
      entry('0.0.0.0/0', { policy: 'shop/everyone' }),
      entry('::/0', { policy: 'shop/everyone' }),
      entry('fd77::/64', { policy: 'shop/six', ports: [82] }),
    ];
    rules.apply(refusing(entries));
    const log = open();
    const calls: readonly (readonly [host: string, port: number])[] = [
      ...['10.77.0.9', '10.77.0.130', '10.77.0.200', '10.77.0.201', '10.77.0.202'].flatMap((host) =>
        [81, 82].map((port) => [host, port] as const),
      ),
      ...[81, 82].map((port) => ['fd77::c8', port] as const),
    ];
    for (const [host, port] of calls) expect(call(host, port)).toBe(-errno.refused);
    const packets = await heard(log, calls.length);
    log.close();
    expect(packets.map(({ destination, destinationPort }) => [destination, destinationPort])).toEqual(calls);
    const plan = createRefusingPolicy(kernelRules(entries));
    const named = packets.map(({ destination, destinationPort }) =>
      plan.of({ inbound: false, remote: destination, port: destinationPort }),
    );
    for (const policy of new Set(entries.map((each) => each.policy))) {
      const counted = rules.reader.counters().find(({ name }) => name === counterName('p', policy))?.packets;
      expect([policy, named.filter((each) => each === policy).length]).toEqual([policy, counted]);
    }
  });

  test('a group has one listener: the second is told so, and may listen when the first has left', async () => {
    const { open, listeners } = await bench();
    const first = open();
    expect(open).toThrow(
      `The group ${group} of nfnetlink_log is listened to by somebody else, or NET_ADMIN is missing.`,
    );
    expect(listeners()).toMatch(new RegExp(`^\\s*${group} .*$`));
    first.close();
    const second = open();
    second.close();
    expect(listeners()).toBe('');
  });

  test('what somebody else sends to its socket is not heard', async () => {
    const { kernel, netns, open, listeners, rules, call, heard } = await bench();
    rules.apply(refusing([entry('10.77.0.200/32')]));
    const log = open();
    const port = Number(/^\s*\d+\s+(\d+)/.exec(listeners())?.[1]);
    const fd = openNetlinkIn(kernel.door, netns.fd, netlinkProtocol.netfilter);
    const memory = kernel.libc.allocate(256);
    memory.view.setUint16(0, 16, true);
    memory.view.setUint32(4, port, true);
    expect(kernel.libc.connect(fd, memory.address, 12)).toBe(0);
    const forged = netlinkMessage({
      ...{ type: 4 << 8, flags: 0, head: Buffer.from([2, 0, group >> 8, group & 255]) },
      list: [
        [
          9,
          Buffer.from(
            '450000280000000000060000c0000201c00002020001000200000003000000005002000000000000',
            'hex',
          ),
        ],
      ],
    });
    forged.copy(memory.bytes);
    expect(kernel.libc.send(fd, memory.address, forged.length, 0)).toBe(-1);
    expect(kernel.libc.errno()).toBe(errno.refused);
    kernel.libc.close(fd);
    call('10.77.0.200', 81);
    expect((await heard(log, 1)).map(({ destination }) => destination)).toEqual(['10.77.0.200']);
    log.close();
  });

  test('nobody who reads for long takes bounded memory, and hears again afterwards', async () => {
    const { rules, open, call, heard, read } = await bench();
    rules.apply(refusing([entry('10.77.0.200/32')]).replace(/limit rate \S+ burst \d+ packets /, ''));
    const log = open();
    const flood = 5_000;
    for (let calls = 0; calls < flood; calls += 1) call('10.77.0.200', 81);
    read.messages = read.bytes = 0;
    const { packets, drained } = log.read();
    console.log(`kept of ${flood}: ${packets.length} in ${read.messages} reads, ${read.bytes} bytes`);
    expect(drained).toBe(true);
    expect(packets.length).toBeGreaterThanOrEqual(500);
    expect(packets.length).toBeLessThan(flood / 2);
    expect(read.bytes).toBeLessThan(512 * 1024);
    call('10.77.0.200', 82);
    const later = await heard(log, 1);
    expect(later.at(-1)?.destinationPort).toBe(82);
    log.close();
    const counters = rules.reader.counters();
    expect(counters.find(({ name }) => name === sourceCounter(options.generation))?.packets).toBe(flood + 1);
    rules.apply(`delete table ${tableName}`);
  });
});
