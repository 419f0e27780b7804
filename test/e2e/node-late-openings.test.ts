// Connections that a bare ACK opens, because the pod answered their SYN with a cookie before the rules came: refused as their SYN would be now,
// by a real kernel, and nothing else that a pod receives is.
import { expect, test } from 'vitest';
import { readNftCounters } from '../../src/core/plan/read-counters.ts';
import { nftRuleset, tableName } from '../../src/core/plan/ruleset.ts';
import type { KernelEntry } from '../../src/core/plan/node-plan.ts';
import { errno } from '../../src/io/kernel/linux.ts';
import { openOwnRules } from '../../src/io/kernel/node/own-rules.ts';
import { listTcp } from '../../src/io/kernel/node/sock-diag.ts';
import { noRules, type LabPod, type NetnsLab } from '../helpers/netns-lab.ts';
import { describeUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { keepingUntilEnd } from './kept-sockets.ts';
import { acceptAt, connectIn, createNodeBench, listenIn, readNow } from './node-fixture.ts';
import { withholdAcks } from './late-openings.ts';

const options = { owner: 'agent', generation: 7, mode: 'ct', listenPort: 15906 } as const;
const port = 8080;
const policy = 'shop/block';

const entry = (address: string, ports: readonly number[], answer: 'reset' | 'drop'): KernelEntry => {
  const family = address.includes(':') ? 6 : 4;
  const cidr = `${address}/${family === 4 ? 32 : 128}`;
  return { policy, family, cidr, ports, answer, existing: 'cut' };
};

/** 1: cookies when a listener's queue is full; 2: always. */
const setCookies = (lab: NetnsLab, pod: LabPod, value: 1 | 2): void =>
  void lab.run(pod, 'sysctl', ['-qw', `net.ipv4.tcp_syncookies=${value}`]);

/** A pod that listens on both families, and a peer whose last segment of a handshake is withheld while it is told to. */
async function bench(listensAt: (pod: LabPod) => string = () => '::') {
  const made = await createNodeBench();
  const { kernel, lab, pod, peer, netns, peerNetns } = made;
  const rules = openOwnRules(kernel, netns);
  const keep = keepingUntilEnd(made, rules);
  const listener = keep(listenIn(kernel, netns, { host: listensAt(pod), port }));
  const memory = kernel.libc.allocate(4);
  const dial = (host: string): number => keep(connectIn(kernel, peerNetns, { host, port }));
  return {
    ...{ ...made, rules, keep, dial },
    /** A connection that its client takes for open, and of which the pod has heard the SYN alone. */
    halfOpen: (host: string): { readonly client: number; readonly release: () => void } => {
      const release = withholdAcks(lab, peer, port);
      return { client: dial(host), release };
    },
    accept: (): number => keep(acceptAt(kernel, listener)),
    say: (fd: number): number => kernel.libc.send(fd, memory.address, 4, 0x4000),
    hears: (fd: number): Promise<number> =>
      until('something to read', () => {
        const read = readNow(kernel, fd);
        return read === -errno.again ? undefined : read;
      }),
    /** What the pod has of connections to its port. */
    sockets: () => listTcp(kernel.netlink, netns, { localPorts: [port] }),
    refuse: (address: string, ports: readonly number[] = [port], answer: 'reset' | 'drop' = 'reset'): void =>
      rules.apply(
        nftRuleset(
          {
            ...{ pod: 'shop/orders-1', tap: false, reports: 'destination', inline: [], cuts: [] },
            kernel: { inbound: [entry(address, ports, answer)], outbound: [], judgedElsewhere: [] },
          },
          options,
        ),
      ),
    hits: (): number | undefined =>
      readNftCounters(rules.reader.counters(), [policy]).policies.get(policy)?.packets,
    cookies: (value: 1 | 2) => setCookies(lab, pod, value),
  };
}

describeUnless(noRules)('a handshake that was answered with a cookie', () => {
  test.each(['ipv4', 'ipv6'] as const)(
    'opens nothing any more once its source is refused, %s',
    async (of) => {
      const { cookies, pod, peer, halfOpen, say, hears, accept, sockets, refuse, hits, rules } =
        await bench();
      cookies(2);
      const before = halfOpen(pod[of]);
      expect(sockets()).toEqual([]);
      before.release();
      say(before.client);
      expect(await hears(accept())).toBe(4);

      for (const ports of [[port], []]) {
        rules.apply(`add table ${tableName}\ndelete table ${tableName}\n`);
        const meanwhile = halfOpen(pod[of]);
        refuse(peer[of], ports);
        meanwhile.release();
        say(meanwhile.client);
        expect(await hears(meanwhile.client)).toBe(-errno.connectionReset);
        expect([sockets().length, hits()]).toEqual([1, 1]);
      }
    },
  );

  test('is not answered where the policy drops', async () => {
    const { cookies, pod, peer, halfOpen, say, sockets, refuse, hits, kernel } = await bench();
    cookies(2);
    const { client, release } = halfOpen(pod.ipv4);
    refuse(peer.ipv4, [port], 'drop');
    release();
    say(client);
    await until('it is counted', () => (hits() ?? 0) > 0);
    expect([readNow(kernel, client), sockets()]).toEqual([-errno.again, []]);
  });

  test('opens as ever for sources and ports that no policy means', async () => {
    const { cookies, pod, halfOpen, say, hears, accept, refuse, hits, peer } = await bench();
    cookies(2);
    for (const [address, ports] of [
      ['10.77.0.99', [port]],
      [peer.ipv4, [port + 1]],
    ] as const) {
      const { client, release } = halfOpen(pod.ipv4);
      refuse(address, ports);
      release();
      say(client);
      expect(await hears(accept())).toBe(4);
    }
    expect(hits()).toBe(0);
  });
});

describeUnless(noRules)('what the rules cannot know', () => {
  test('a late opening passes where the application listens on one address only: nothing tells such a listener from a connection', async () => {
    const { cookies, pod, peer, halfOpen, say, hears, accept, refuse, hits } = await bench(
      ({ ipv4 }) => ipv4,
    );
    cookies(2);
    const { client, release } = halfOpen(pod.ipv4);
    refuse(peer.ipv4);
    release();
    say(client);
    expect(await hears(accept())).toBe(4);
    expect(hits()).toBe(0);
  });
});

describeUnless(noRules)('rules that refuse late openings', () => {
  test.each(['ipv4', 'ipv6'] as const)(
    'leave alone what is open, and what is being opened, %s',
    async (of) => {
      const { cookies, pod, peer, dial, halfOpen, say, hears, accept, refuse, hits } = await bench();
      cookies(2);
      const byCookie = dial(pod[of]);
      say(byCookie);
      const first = accept();
      expect(await hears(first)).toBe(4);
      cookies(1);
      const plain = dial(pod[of]);
      const second = accept();
      const { client: opening, release } = halfOpen(pod[of]);
      refuse(peer[of]);
      release();
      const third = accept();
      for (const client of [byCookie, plain, opening]) expect(say(client)).toBe(4);
      for (const application of [first, second, third]) {
        expect(await hears(application)).toBeGreaterThan(0);
        expect(say(application)).toBe(4);
      }
      for (const client of [byCookie, plain, opening]) expect(await hears(client)).toBe(4);
      expect(hits()).toBe(0);
    },
  );

  test.each(['ipv4', 'ipv6'] as const)(
    'leave alone the pod’s own calls to whom it refuses, %s',
    async (of) => {
      const { cookies, kernel, keep, netns, peerNetns, peer, say, hears, refuse, hits, lab, pod } =
        await bench();
      cookies(2);
      setCookies(lab, peer, 2);
      const theirs = keep(listenIn(kernel, peerNetns, { host: '::', port }));
      refuse(peer[of], []);
      const call = connectIn(kernel, netns, { host: peer[of], port });
      const answering = acceptAt(kernel, theirs);
      for (let times = 0; times < 3; times += 1) {
        expect([say(call), say(answering)]).toEqual([4, 4]);
      }
      expect(await hears(call)).toBe(12);
      expect(await hears(answering)).toBe(12);
      // Closed here first: what comes after that meets what is left of it, in TIME_WAIT.
      kernel.libc.close(call);
      expect(await hears(answering)).toBe(0);
      kernel.libc.close(answering);
      const left = (): string => lab.run(pod, 'ss', ['-Htan', 'dport', `= :${port}`]);
      await until('nothing of it is left but TIME_WAIT', () => /^TIME-WAIT [^\n]*\n$/.test(left()));
      expect(hits()).toBe(0);
    },
  );
});
