// Finding and watching namespaces against a real kernel, and sockets made inside many of them by one process.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import {
  findNetns,
  findNetnsByProcess,
  globalAddresses,
  sameAsHost,
} from '../../src/io/kernel/node/find-netns.ts';
import { addressesIn, interfaceIndex } from '../../src/io/kernel/node/interfaces.ts';
import { closeNetns, openNetns } from '../../src/io/kernel/node/netns.ts';
import { listTcp, tcpState } from '../../src/io/kernel/node/sock-diag.ts';
import { watchNetns, type SeenNetns } from '../../src/io/kernel/node/watch-netns.ts';
import { createNetnsLab, noRules } from '../helpers/netns-lab.ts';
import { describeUnless } from '../helpers/unless.ts';
import { connectIn, createNodeBench, listenIn } from './node-fixture.ts';

const directory = '/run/netns';
const ip = (...words: readonly string[]): void => void execFileSync('ip', words);

async function bench() {
  const made = await createNodeBench();
  onTestFinished(() => made[Symbol.dispose]());
  return made;
}

describeUnless(noRules)('finding', () => {
  test("a pod's namespace is the one with its address, of either family", async () => {
    const { kernel, pod, peer } = await bench();
    for (const address of [pod.ipv4, pod.ipv6]) {
      // Other labs on this machine may have the same addresses: the file found must have it, whichever it is.
      const found = findNetns(kernel, { directory, addresses: [address] });
      expect(globalAddresses(kernel, found!)).toContain(address);
      closeNetns(found!);
    }
    expect(findNetns(kernel, { directory, addresses: ['192.0.2.1'] })).toBeUndefined();
    expect(findNetns(kernel, { directory: '/nowhere', addresses: [peer.ipv4] })).toBeUndefined();
  });

  test('the fallback finds it by a process of the pod, and never takes the namespace of the node', async () => {
    const { kernel, lab, pod, netns } = await bench();
    // Other labs on this machine may have the usual addresses, and their processes are in the same cgroup.
    const own = `10.66.${(process.pid >> 8) & 255}.${process.pid & 255}`;
    lab.run(pod, 'ip', ['addr', 'add', `${own}/32`, 'dev', 'eth0']);
    const uid = readFileSync('/proc/self/cgroup', 'latin1').trim().split('\n').at(-1) ?? '';
    const home = openNetns('/proc/self/ns/net');
    onTestFinished(() => closeNetns(home));
    // Our own processes match this "uid" too, and they have these addresses: as `runc init` does for a moment.
    const hosts = globalAddresses(kernel, home);
    expect(findNetnsByProcess(kernel, { uid, addresses: [...hosts, own] })).toBeUndefined();

    const child = spawn('ip', ['netns', 'exec', pod.name, 'sleep', '600']);
    onTestFinished(() => void child.kill('SIGKILL'));
    const find = (): number | undefined => {
      const found = findNetnsByProcess(kernel, { uid, addresses: [...hosts, own] });
      if (found !== undefined) closeNetns(found);
      return found?.inode;
    };
    await expect.poll(find).toBe(netns.inode);
  });

  test('addresses and interfaces are those that ip tells', async () => {
    const { kernel, pod, netns, lab } = await bench();
    expect(globalAddresses(kernel, netns).sort()).toEqual([pod.ipv4, pod.ipv6].sort());
    expect(addressesIn(kernel.netlink, netns)).toContainEqual(
      expect.objectContaining({ address: '127.0.0.1', prefixLength: 8, global: false, interfaceIndex: 1 }),
    );
    const told = /^(\d+): eth0/m.exec(lab.run(pod, 'ip', ['-o', 'link']))?.[1];
    expect(interfaceIndex(kernel.netlink, netns, 'eth0')).toBe(Number(told));
    expect(interfaceIndex(kernel.netlink, netns, 'eth9')).toBeUndefined();
    expect(sameAsHost(kernel, netns)).toBe(false);
    expect(netns.inode).toBe(statSync(pod.path).ino);
  });
});

describeUnless(noRules)('sockets inside', () => {
  test('belong to the namespace they were made in, many namespaces in one process, and are used from outside', async () => {
    const { kernel } = await bench();
    using lab = createNetnsLab(Array.from({ length: 10 }, (_unused, index) => `n${index}`));
    const pods = Object.values(lab.pods).map((pod) => ({ pod, netns: openNetns(pod.path) }));
    const listeners = pods.map(({ netns }) => listenIn(kernel, netns, { host: '0.0.0.0', port: 8080 }));
    for (const { pod, netns } of pods) {
      const fd = connectIn(kernel, netns, { host: pod.ipv4, port: 8080 });
      expect(fd).toBeGreaterThan(0);
      expect(listTcp(kernel.netlink, netns, { localPorts: [8080] })).toMatchObject([
        { family: 4, state: tcpState.established, local: pod.ipv4, remote: pod.ipv4 },
      ]);
      kernel.libc.close(fd);
    }
    expect(statSync('/proc/thread-self/ns/net').ino).toBe(kernel.door.homeInode);
    for (const fd of listeners) kernel.libc.close(fd);
    for (const { netns } of pods) closeNetns(netns);
  });
});

describeUnless(noRules)('watching', () => {
  test('tells what is there, what comes once it has an address, and what goes', async () => {
    const { kernel, pod } = await bench();
    const seen = new Map<string, SeenNetns>();
    const gone: string[] = [];
    const watch = watchNetns(kernel, directory, {
      ready: (netns) => seen.set(netns.name, netns),
      gone: ({ name }) => gone.push(name),
    });
    onTestFinished(() => watch.close());
    expect(seen.get(pod.name)?.addresses).toContain(pod.ipv4);

    const name = `${pod.name}-late`;
    ip('netns', 'add', name);
    onTestFinished(() => {
      if (!gone.includes(name)) ip('netns', 'del', name);
    });
    ip('-n', name, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1');
    expect(seen.has(name)).toBe(false);
    ip('-n', name, 'addr', 'add', '192.0.2.7/24', 'dev', 'eth0');
    await expect.poll(() => seen.get(name)?.addresses).toEqual(['192.0.2.7']);
    expect(seen.get(name)?.inode).toBe(statSync(`${directory}/${name}`).ino);

    ip('netns', 'del', name);
    await expect.poll(() => gone).toEqual([name]);
  });

  test('a file that is replaced by another namespace of its name goes and comes', async () => {
    const { kernel, pod } = await bench();
    const name = `${pod.name}-twice`;
    const told: string[] = [];
    const add = (address: string): void => {
      ip('netns', 'add', name);
      ip('-n', name, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1');
      ip('-n', name, 'addr', 'add', address, 'dev', 'eth0');
    };
    add('192.0.2.8/24');
    const watch = watchNetns(kernel, directory, {
      ready: (netns) => netns.name === name && told.push(`ready ${netns.addresses.join()}`),
      gone: (netns) => netns.name === name && told.push(`gone ${netns.addresses.join()}`),
    });
    onTestFinished(() => {
      watch.close();
      ip('netns', 'del', name);
    });
    ip('netns', 'del', name);
    add('192.0.2.9/24');
    await expect.poll(() => told).toEqual(['ready 192.0.2.8', 'gone 192.0.2.8', 'ready 192.0.2.9']);
  });
});
