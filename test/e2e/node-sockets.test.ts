// Listing and cutting TCP connections of a pod against a real kernel: who is cut, who is spared, and what both sides are told.
import { expect, onTestFinished, test } from 'vitest';
import { portsOutside } from '../../src/app/agent/node/pod-cuts.ts';
import { agentMark, upstreamAddress } from '../../src/core/plan/node-constants.ts';
import { errno, level, option } from '../../src/io/kernel/linux.ts';
import { addMarkRouting } from '../../src/io/kernel/node/rtnetlink.ts';
import {
  cutOutside,
  destroyTcp,
  listOutside,
  listTcp,
  ownSocketInodes,
  tcpState,
} from '../../src/io/kernel/node/sock-diag.ts';
import { openTransparentListeners } from '../../src/io/kernel/transparent-listener.ts';
import { toSocketAddress } from '../../src/io/kernel/socket-address.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { describeUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { acceptAt, connectIn, createNodeBench, listenIn, readNow } from './node-fixture.ts';

const none: ReadonlySet<number> = new Set();
const port = 8080;

/** A pod that listens on both families, and both ends of connections from its peer. */
async function bench() {
  const made = await createNodeBench();
  const { kernel, netns, peerNetns } = made;
  const open: number[] = [];
  const keep = (fd: number): number => {
    open.push(fd);
    return fd;
  };
  onTestFinished(() => {
    for (const fd of open) kernel.libc.close(fd);
    made[Symbol.dispose]();
  });
  const listener = keep(listenIn(kernel, netns, { host: '::', port }));
  return {
    ...made,
    keep,
    listener,
    /** The client's end and the application's. */
    connect: (host: string) => {
      const client = keep(connectIn(kernel, peerNetns, { host, port }));
      return { client, application: keep(acceptAt(kernel, listener)) };
    },
  };
}

describeUnless(noRules)('connections of a pod', () => {
  test('are told with both ends, of either family, IPv4 as IPv4 also on a socket for both', async () => {
    const { kernel, netns, pod, peer, connect } = await bench();
    connect(pod.ipv4);
    connect(pod.ipv6);
    const found = listTcp(kernel.netlink, netns, { localPorts: [port] });
    expect(found.map(({ local, remote }) => [local, remote]).sort()).toEqual(
      [
        [pod.ipv4, peer.ipv4],
        [pod.ipv6, peer.ipv6],
      ].sort(),
    );
    expect(found.every(({ inode, state }) => inode > 0 && state === tcpState.established)).toBe(true);
    expect(listTcp(kernel.netlink, netns, { localPorts: [9] })).toEqual([]);
    expect(listTcp(kernel.netlink, netns, { remotes: ['10.77.0.0/24'] })).toHaveLength(1);
    expect(listTcp(kernel.netlink, netns, { remotes: [`${peer.ipv6}/128`] })).toHaveLength(1);
    expect(listTcp(kernel.netlink, netns, { remotes: ['10.78.0.0/24', 'fd78::/16'] })).toEqual([]);
    expect(listTcp(kernel.netlink, netns, { states: [tcpState.listen] })).toMatchObject([
      { localPort: port, remotePort: 0 },
    ]);
  });

  test.each(['ipv4', 'ipv6'] as const)(
    'being cut over %s, both sides are told at once and nothing is left',
    async (of) => {
      const { kernel, netns, pod, peer, connect } = await bench();
      const { client, application } = connect(pod[of]);
      expect(readNow(kernel, client)).toBe(-errno.again);
      const { cut, failed } = cutOutside(kernel.netlink, netns, {
        query: { localPorts: [port], remotes: [peer[of]] },
        own: none,
      });
      expect(failed).toEqual([]);
      expect(cut).toMatchObject([{ local: pod[of], localPort: port, remote: peer[of] }]);
      await expect.poll(() => readNow(kernel, client)).toBe(-errno.connectionReset);
      expect(readNow(kernel, application)).toBe(-errno.connectionAborted);
      expect(listTcp(kernel.netlink, netns, { localPorts: [port] })).toEqual([]);
    },
  );

  test('only the pairs meant are cut', async () => {
    const { kernel, netns, pod, connect, keep, peerNetns } = await bench();
    const kept = connect(pod.ipv6);
    const other = keep(listenIn(kernel, netns, { host: '0.0.0.0', port: 9090 }));
    const elsewhere = keep(connectIn(kernel, peerNetns, { host: pod.ipv4, port: 9090 }));
    keep(acceptAt(kernel, other));
    const meant = connect(pod.ipv4);
    const query = { localPorts: [port], remotes: ['10.77.0.0/16'] };
    expect(cutOutside(kernel.netlink, netns, { query, own: none }).cut).toHaveLength(1);
    await expect.poll(() => readNow(kernel, meant.client)).toBe(-errno.connectionReset);
    expect(readNow(kernel, kept.client)).toBe(-errno.again);
    expect(readNow(kernel, elsewhere)).toBe(-errno.again);
  });

  test('a socket that has closed by itself since it was listed is neither cut nor an error', async () => {
    const { kernel, netns, pod, connect } = await bench();
    const { client, application } = connect(pod.ipv4);
    const listed = listTcp(kernel.netlink, netns, { localPorts: [port] });
    destroyTcp(kernel.netlink, netns, listed);
    expect(destroyTcp(kernel.netlink, netns, listed)).toEqual({ cut: [], failed: [] });
    const again = connect(pod.ipv4);
    expect(destroyTcp(kernel.netlink, netns, listed).cut).toEqual([]);
    expect(readNow(kernel, again.client)).toBe(-errno.again);
    expect([client, application].every((fd) => fd > 0)).toBe(true);
  });

  test.each([
    ['ipv4', upstreamAddress.ipv4],
    ['ipv6', upstreamAddress.ipv6],
  ] as const)(
    "the agent's own connections over %s, and those behind it, are spared",
    async (of, upstream) => {
      const { kernel, netns, pod, peer, connect, keep, listener } = await bench();
      const { libc } = kernel;
      addMarkRouting(kernel.netlink, netns);
      kernel.sysctls.enable(netns);
      // The agent's upstream leg: from the client's address, by mark, to an address that nobody has.
      const address = toSocketAddress(libc, upstream, port);
      const leg = keep(kernel.door.socketIn(netns.fd, address.family, 1, 0));
      const on = libc.allocate(4);
      const set = (at: number, which: number, value: number): number => {
        on.view.setInt32(0, value, true);
        return libc.setsockopt(leg, at, which, on.address, 4);
      };
      expect(
        of === 'ipv4' ? set(level.ip, option.transparent, 1) : set(level.ipv6, option.transparent6, 1),
      ).toBe(0);
      expect(set(level.socket, option.mark, agentMark)).toBe(0);
      const from = toSocketAddress(libc, peer[of], 41234);
      expect(libc.bind(leg, from.memory.address, from.length)).toBe(0);
      expect(libc.connect(leg, address.memory.address, address.length)).toBe(0);
      keep(acceptAt(kernel, listener));
      const outside = connect(pod[of]);

      const all = listTcp(kernel.netlink, netns, {});
      expect(all.filter(({ local }) => local === upstream)).toMatchObject([
        { remote: peer[of], remotePort: 41234 },
      ]);
      // In this test the process is agent and application at once: the leg alone is the agent's.
      const legInode = all.find(({ localPort }) => localPort === 41234)?.inode ?? 0;
      expect(ownSocketInodes()).toContain(legInode);
      const which = { query: { localPorts: [port] }, own: new Set([legInode]) };
      expect(listOutside(kernel.netlink, netns, which)).toMatchObject([{ local: pod[of], remote: peer[of] }]);
      expect(cutOutside(kernel.netlink, netns, which).cut).toHaveLength(1);
      await expect.poll(() => readNow(kernel, outside.client)).toBe(-errno.connectionReset);
      expect(readNow(kernel, leg)).toBe(-errno.again);
    },
  );

  test('what waits at the agent’s listener is inline already; what waits at the application’s is not', async () => {
    const { kernel, netns, keep } = await bench();
    const agents = 15_907;
    openTransparentListeners(kernel, { netnsFd: netns.fd, port: agents, backlog: 16 }).forEach(keep);
    // From inside, because nobody else can dial the loopback; nobody accepts any of them.
    for (const host of ['127.0.0.1', '::1'])
      for (const at of [agents, port]) keep(connectIn(kernel, netns, { host, port: at }));
    const waiting = (at: number) =>
      listOutside(kernel.netlink, netns, { query: { localPorts: [at] }, own: none }).map(
        ({ local }) => local,
      );
    expect(listTcp(kernel.netlink, netns, { localPorts: [agents] })).toHaveLength(2);
    expect(waiting(agents)).toEqual([]);
    expect(waiting(port).toSorted()).toEqual(['127.0.0.1', '::1']);
    // Nor is its caller's end outside.
    const callers = { query: { remotePorts: [agents] }, own: none };
    expect(listOutside(kernel.netlink, netns, callers)).toEqual([]);
  });

  test('a call that the pod is only opening is outside as one that is open, by the port that it has chosen', async () => {
    const { kernel, netns, lab, pod } = await bench();
    const caller = lab.start(pod, 'inline-client.mjs');
    expect([...portsOutside({ kernel, netns })]).toEqual([]);
    // Nobody has that address: the opening stays one until the kernel gives up.
    const opening = caller.ask({ order: 'open', name: 'own', host: '10.77.0.99', port: 80, localPort: 7070 });
    await until('it calls', () => portsOutside({ kernel, netns }).has(7070));
    expect(await opening).toMatchObject({ error: 'EHOSTUNREACH' });
    expect([...portsOutside({ kernel, netns })]).toEqual([]);
  });

  test('a port that something in the pod has is named as taken', async () => {
    const { kernel, netns } = await bench();
    expect(() => openTransparentListeners(kernel, { netnsFd: netns.fd, port, backlog: 16 })).toThrow(
      `The agent cannot listen on port ${port} inside the pod: something in the pod listens on port ${port} already.`,
    );
  });

  test('many are cut in one go', async () => {
    const { kernel, netns, pod, connect } = await bench();
    const clients = Array.from({ length: 500 }, () => connect(pod.ipv4).client);
    const which = { query: { localPorts: [port] }, own: none };
    expect(cutOutside(kernel.netlink, netns, which).cut).toHaveLength(500);
    await expect.poll(() => clients.filter((fd) => readNow(kernel, fd) === -errno.again).length).toBe(0);
    expect(listTcp(kernel.netlink, netns, {})).toEqual([]);
  });
});
