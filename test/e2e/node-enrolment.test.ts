// Enrolment against a real kernel: what is in a namespace before and after, whoever else is in it, and wherever we are killed.
import { spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { enrol, type Enrolment } from '../../src/io/kernel/node/enrolment.ts';
import { cleanLeftovers } from '../../src/io/kernel/node/leftovers.ts';
import { errno } from '../../src/io/kernel/linux.ts';
import { openNetns } from '../../src/io/kernel/node/netns.ts';
import { markRouting } from '../../src/io/kernel/node/rtnetlink.ts';
import { withoutTools } from '../helpers/debian-tools.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { describeUnless, testUnless } from '../helpers/unless.ts';
import { connectIn, createNodeBench, sampleRules, traces, type NodeBench } from './node-fixture.ts';

async function bench(): Promise<
  NodeBench & { readonly enrolAs: (generation: number, owner?: string) => Enrolment }
> {
  const made = await createNodeBench();
  onTestFinished(() => made[Symbol.dispose]());
  return {
    ...made,
    enrolAs: (generation, owner = 'agent') =>
      enrol(made.kernel, {
        netns: openNetns(made.pod.path),
        addresses: [made.pod.ipv4],
        owner: { owner, generation },
      }),
  };
}

const ruleset = ({ lab, pod }: NodeBench): string => lab.run(pod, 'nft', ['list', 'ruleset']);

describeUnless(noRules)('enrolment', () => {
  test('puts rules, routes and settings in place, and leaves no trace after release', async () => {
    const made = await bench();
    const before = traces(made.lab, made.pod);
    const enrolment = made.enrolAs(5);
    expect(traces(made.lab, made.pod)).toBe(before);
    const { routing } = enrolment.apply({ ruleset: sampleRules(5), mode: 'fwmark' });
    expect(routing).toEqual({ ipv4: true, ipv6: true });
    expect(markRouting(made.kernel.netlink, made.netns)).toEqual({ ipv4: true, ipv6: true });
    expect(made.kernel.sysctls.read(made.netns)).toBe('111');
    expect(ruleset(made)).toContain('tproxy ip6 to [::1]:15906');
    expect(enrolment.release()).toBe('released');
    expect(traces(made.lab, made.pod)).toBe(before);
  });

  test('settings that were on before stay on', async () => {
    const made = await bench();
    made.lab.run(made.pod, 'sysctl', ['-w', 'net.ipv4.fwmark_reflect=1']);
    const before = traces(made.lab, made.pod);
    const enrolment = made.enrolAs(5);
    enrolment.apply({ ruleset: sampleRules(5), mode: 'fwmark' });
    enrolment.release();
    expect(traces(made.lab, made.pod)).toBe(before);
    expect(made.kernel.sysctls.read(made.netns)).toBe('010');
  });

  test('rules alone need no routes and settings, and these go with the last inline port', async () => {
    const made = await bench();
    const enrolment = made.enrolAs(5);
    enrolment.apply({ ruleset: sampleRules(5), mode: 'none' });
    expect(markRouting(made.kernel.netlink, made.netns)).toEqual({ ipv4: false, ipv6: false });
    enrolment.apply({ ruleset: sampleRules(5), mode: 'fwmark' });
    expect(made.kernel.sysctls.read(made.netns)).toBe('111');
    enrolment.apply({ ruleset: sampleRules(5), mode: 'none' });
    expect(markRouting(made.kernel.netlink, made.netns)).toEqual({ ipv4: false, ipv6: false });
    expect(made.kernel.sysctls.read(made.netns)).toBe('000');
    expect(ruleset(made)).toContain('tcp dport 81');
    enrolment.release();
  });

  test('connection tracking as the fallback routes without touching settings', async () => {
    const made = await bench();
    const enrolment = made.enrolAs(5);
    enrolment.apply({ ruleset: sampleRules(5), mode: 'ct' });
    expect(markRouting(made.kernel.netlink, made.netns)).toEqual({ ipv4: true, ipv6: true });
    expect(made.kernel.sysctls.read(made.netns)).toBe('000');
    enrolment.release();
    expect(markRouting(made.kernel.netlink, made.netns)).toEqual({ ipv4: false, ipv6: false });
  });

  test('a ruleset that nft refuses changes nothing, and says what nft says', async () => {
    const made = await bench();
    const enrolment = made.enrolAs(5);
    const before = traces(made.lab, made.pod);
    const wrong = {
      ruleset: 'table inet apidefense { chain c { tcp dport nonsense drop\n} }',
      mode: 'fwmark',
    } as const;
    expect(() => enrolment.apply(wrong)).toThrow(
      expect.objectContaining({
        code: 'NFTABLES_REFUSED',
        message: expect.stringContaining('Error:') as string,
      }),
    );
    enrolment.apply({ ruleset: sampleRules(5), mode: 'fwmark' });
    const good = traces(made.lab, made.pod);
    expect(() => enrolment.apply(wrong)).toThrow();
    expect(traces(made.lab, made.pod)).toBe(good);
    enrolment.release();
    expect(traces(made.lab, made.pod)).toBe(before);
  });

  test('a change touches only what it names: counters go on, and a flush or a newer agent is told apart', async () => {
    const made = await bench();
    const before = traces(made.lab, made.pod);
    const enrolment = made.enrolAs(5);
    const counting = sampleRules(5, 9).replace('counter drop', 'counter accept');
    enrolment.apply({
      ruleset: `add table inet apidefense\ndelete table inet apidefense\n${counting}`,
      mode: 'fwmark',
    });
    expect(connectIn(made.kernel, made.peerNetns, { host: made.pod.ipv4, port: 9 })).toBe(-errno.refused);
    const text = 'add table inet apidefense\nadd rule inet apidefense pre tcp dport 83 drop\n';
    enrolment.change({ text, mode: 'fwmark' });
    enrolment.change({ text: '', mode: 'none' });
    expect(ruleset(made)).toMatch(/dport 9 counter packets [1-9]/);
    expect(ruleset(made)).toContain('dport 83');
    expect(made.kernel.sysctls.read(made.netns)).toBe('000');
    expect(() => enrolment.change({ text: 'add rule inet apidefense nowhere drop\n', mode: 'none' })).toThrow(
      expect.objectContaining({ code: 'NFTABLES_REFUSED' }),
    );
    made.lab.run(made.pod, 'nft', ['flush', 'ruleset']);
    expect(() => enrolment.change({ text, mode: 'none' })).toThrow(
      expect.objectContaining({ code: 'ENROLMENT_FLUSHED' }),
    );
    enrolment.apply({ ruleset: counting, mode: 'none' });
    const newer = made.enrolAs(6);
    newer.apply({ ruleset: sampleRules(6), mode: 'none' });
    expect(() => enrolment.change({ text, mode: 'none' })).toThrow(
      expect.objectContaining({ code: 'ENROLMENT_SUPERSEDED' }),
    );
    newer.release();
    expect(traces(made.lab, made.pod)).toBe(before);
  });

  test('rules that somebody flushed come back with the next change, and release still leaves no trace', async () => {
    const made = await bench();
    const before = traces(made.lab, made.pod);
    const enrolment = made.enrolAs(5);
    enrolment.apply({ ruleset: sampleRules(5), mode: 'fwmark' });
    made.lab.run(made.pod, 'nft', ['flush', 'ruleset']);
    enrolment.apply({ ruleset: sampleRules(5, 82), mode: 'fwmark' });
    expect(ruleset(made)).toContain('tcp dport 82');
    made.lab.run(made.pod, 'nft', ['flush', 'ruleset']);
    enrolment.release();
    expect(traces(made.lab, made.pod)).toBe(before);
  });
});

describeUnless(noRules)('others in the namespace', () => {
  test("others' tables, rules of routing and routes stay as they are", async () => {
    const made = await bench();
    made.lab.run(made.pod, 'nft', ['-f', '-'], 'table ip nat { chain KUBE { }\n }\ntable inet other { }\n');
    made.lab.run(made.pod, 'ip', ['rule', 'add', 'fwmark', '0x6d0', 'lookup', '77', 'pref', '99']);
    const before = traces(made.lab, made.pod);
    const enrolment = made.enrolAs(5);
    enrolment.apply({ ruleset: sampleRules(5), mode: 'fwmark' });
    enrolment.release();
    expect(traces(made.lab, made.pod)).toBe(before);
  });

  test('a table of our name that no agent made is left alone, and the pod refused', async () => {
    const made = await bench();
    made.lab.run(made.pod, 'nft', ['add', 'table', 'inet', 'apidefense']);
    expect(() => made.enrolAs(5)).toThrow(expect.objectContaining({ code: 'ENROLMENT_FOREIGN' }));
    expect(cleanLeftovers(made.kernel, made.netns, { owner: 'agent', generation: 9 })).toBe('foreign');
    expect(ruleset(made)).toContain('table inet apidefense');
  });

  test("another agent's pod is refused and not cleaned", async () => {
    const made = await bench();
    const theirs = made.enrolAs(5, 'theirs');
    theirs.apply({ ruleset: sampleRules(5), mode: 'fwmark' });
    const before = traces(made.lab, made.pod);
    expect(() => made.enrolAs(9)).toThrow(expect.objectContaining({ code: 'ENROLMENT_OTHER' }));
    expect(cleanLeftovers(made.kernel, made.netns, { owner: 'agent', generation: 9 })).toBe('other');
    expect(traces(made.lab, made.pod)).toBe(before);
    theirs.release();
  });

  test('an overlapping upgrade: the newer takes over, and the older changes and removes nothing more', async () => {
    const made = await bench();
    const before = traces(made.lab, made.pod);
    const older = made.enrolAs(5);
    older.apply({ ruleset: sampleRules(5), mode: 'fwmark' });
    const newer = made.enrolAs(6);
    expect(ruleset(made)).toContain('live-5');
    newer.apply({ ruleset: sampleRules(6), mode: 'fwmark' });
    const taken = traces(made.lab, made.pod);
    expect(() => older.apply({ ruleset: sampleRules(5), mode: 'fwmark' })).toThrow(
      expect.objectContaining({ code: 'ENROLMENT_SUPERSEDED' }),
    );
    expect(older.release()).toBe('left to a newer agent');
    expect(cleanLeftovers(made.kernel, made.netns, { owner: 'agent', generation: 5 })).toBe('newer');
    expect(traces(made.lab, made.pod)).toBe(taken);
    expect(newer.release()).toBe('released');
    expect(traces(made.lab, made.pod)).toBe(before);
  });

  test('what an older agent takes in after a flush the newer takes over again, with the settings as they were before both', async () => {
    const made = await bench();
    const before = traces(made.lab, made.pod);
    const newer = made.enrolAs(6);
    newer.apply({ ruleset: sampleRules(6), mode: 'fwmark' });
    made.lab.run(made.pod, 'nft', ['flush', 'ruleset']);
    const older = made.enrolAs(5);
    older.apply({ ruleset: sampleRules(5), mode: 'fwmark' });
    expect([older.standing(), newer.standing()]).toEqual(['ours', 'free']);
    newer.apply({ ruleset: sampleRules(6), mode: 'fwmark' });
    expect([older.standing(), newer.standing()]).toEqual(['newer', 'ours']);
    expect(ruleset(made)).not.toContain('live-5');
    older.drop();
    expect(newer.release()).toBe('released');
    expect(traces(made.lab, made.pod)).toBe(before);
  });

  test('a newer agent without inline ports takes back the routes that an older one left', async () => {
    const made = await bench();
    made.enrolAs(5).apply({ ruleset: sampleRules(5), mode: 'fwmark' });
    const newer = made.enrolAs(6);
    newer.apply({ ruleset: sampleRules(6), mode: 'none' });
    expect(markRouting(made.kernel.netlink, made.netns)).toEqual({ ipv4: false, ipv6: false });
    expect(made.kernel.sysctls.read(made.netns)).toBe('000');
    newer.release();
  });
});

describeUnless(noRules)('a namespace that is not what it should be', () => {
  test("the node's own, and one with another address, are refused before anything is written", async () => {
    const made = await bench();
    const owner = { owner: 'agent', generation: 5 };
    const host = openNetns('/proc/self/ns/net');
    expect(() => enrol(made.kernel, { netns: host, addresses: [made.pod.ipv4], owner })).toThrow(
      expect.objectContaining({
        code: 'NETNS_NOT_THE_PODS',
        message: expect.stringContaining("the node's own") as string,
      }),
    );
    const before = traces(made.lab, made.peer);
    expect(() => enrol(made.kernel, { netns: made.peerNetns, addresses: [made.pod.ipv4], owner })).toThrow(
      expect.objectContaining({ message: expect.stringContaining(made.peer.ipv4) as string }),
    );
    expect(traces(made.lab, made.peer)).toBe(before);
  });

  test('one whose pod is gone is let go of without error', async () => {
    const made = await bench();
    const enrolment = made.enrolAs(5);
    enrolment.apply({ ruleset: sampleRules(5), mode: 'fwmark' });
    made.lab.run(made.pod, 'ip', ['link', 'del', 'eth0']);
    expect(enrolment.release()).toBe('released');
    const again = enrol(made.kernel, {
      netns: openNetns(made.peer.path),
      addresses: [made.peer.ipv6],
      owner: { owner: 'agent', generation: 5 },
    });
    again.apply({ ruleset: sampleRules(5), mode: 'fwmark' });
    again.drop();
  });

  test('one without IPv6 is enrolled for IPv4 alone', async () => {
    const made = await bench();
    made.lab.run(made.pod, 'sysctl', ['-w', 'net.ipv6.conf.all.disable_ipv6=1']);
    const before = traces(made.lab, made.pod);
    const enrolment = made.enrolAs(5);
    expect(enrolment.apply({ ruleset: sampleRules(5), mode: 'fwmark' }).routing).toEqual({
      ipv4: true,
      ipv6: false,
    });
    enrolment.release();
    expect(traces(made.lab, made.pod)).toBe(before);
  });

  test('one whose loopback interface is down is refused inline with the reason, and keeps its settings', async () => {
    const made = await bench();
    made.lab.run(made.pod, 'ip', ['link', 'set', 'lo', 'down']);
    const enrolment = made.enrolAs(5);
    expect(() => enrolment.apply({ ruleset: sampleRules(5), mode: 'fwmark' })).toThrow(/loopback/);
    expect(made.kernel.sysctls.read(made.netns)).toBe('000');
    enrolment.release();
  });
});

describeUnless(noRules)('a mesh in the pod', () => {
  const noIptables = (kind: 'nft' | 'legacy'): string => noRules || withoutTools(`iptables-${kind}`);
  const refused = async (plant: (made: NodeBench) => void): Promise<void> => {
    const made = await bench();
    plant(made);
    const enrolment = made.enrolAs(5);
    expect(() => enrolment.apply({ ruleset: sampleRules(5), mode: 'fwmark' })).toThrow(
      expect.objectContaining({ code: 'ENROLMENT_MESH' }),
    );
    expect(made.kernel.sysctls.read(made.netns)).toBe('000');
    enrolment.apply({ ruleset: sampleRules(5), mode: 'none' });
    enrolment.release();
  };
  for (const kind of ['nft', 'legacy'] as const)
    for (const chain of ['ISTIO_INBOUND', 'PROXY_INIT_REDIRECT'])
      testUnless(noIptables(kind))(`${chain} by iptables-${kind} keeps the pod from inline`, () =>
        refused(({ lab, pod }) => void lab.run(pod, `iptables-${kind}`, ['-t', 'nat', '-N', chain])),
      );

  test('native nftables, and a routing rule of TPROXY mode, do so too', async () => {
    await refused(({ lab, pod }) => void lab.run(pod, 'nft', ['add', 'table', 'inet', 'istio-proxy-nat']));
    await refused(
      ({ lab, pod }) => void lab.run(pod, 'ip', ['rule', 'add', 'fwmark', '1337', 'lookup', '133']),
    );
  });

  testUnless(noIptables('legacy'))('other chains of iptables do not', async () => {
    const made = await bench();
    made.lab.run(made.pod, 'iptables-legacy', ['-t', 'nat', '-N', 'KUBE_SERVICES']);
    const enrolment = made.enrolAs(5);
    enrolment.apply({ ruleset: sampleRules(5), mode: 'fwmark' });
    enrolment.release();
  });
});

describeUnless(noRules)('being killed', () => {
  const die = ({ pod }: NodeBench, calls: number, ...more: readonly string[]): boolean => {
    const script = new URL('./enrol-and-die.ts', import.meta.url).pathname;
    const words = [script, pod.path, pod.ipv4, '5', String(calls), ...more];
    const { stdout, signal, stderr } = spawnSync(process.execPath, words);
    if (signal !== 'SIGKILL' && stdout.toString() !== 'done\n') throw new Error(stderr.toString());
    return signal === 'SIGKILL';
  };

  test('at any step of enrolment or release leaves nothing that the next start does not remove', async () => {
    const made = await bench();
    const before = traces(made.lab, made.pod);
    const owner = { owner: 'agent', generation: 6 };
    let step = 0;
    for (; step < 60 && die(made, step, 'release'); step++) {
      cleanLeftovers(made.kernel, made.netns, owner);
      expect(traces(made.lab, made.pod), `killed at step ${step}`).toBe(before);
    }
    expect(step).toBeGreaterThan(15);
    expect(traces(made.lab, made.pod)).toBe(before);
  });

  test('a later start takes over what is there, with the settings as they were before the first', async () => {
    const made = await bench();
    const before = traces(made.lab, made.pod);
    expect(die(made, 1000)).toBe(false);
    expect(ruleset(made)).toContain('owner-agent_5');
    const enrolment = made.enrolAs(6);
    enrolment.apply({ ruleset: sampleRules(6), mode: 'fwmark' });
    expect(ruleset(made)).not.toContain('_5');
    enrolment.release();
    expect(traces(made.lab, made.pod)).toBe(before);
  });
});
