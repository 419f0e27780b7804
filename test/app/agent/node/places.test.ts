// Pods that come, go, move and lose their namespaces: who is taken in, who is let go of, and in which order.
import { expect, test } from 'vitest';
import type { NamespaceIndex } from '../../../../src/app/agent/node/namespace-index.ts';
import { Places } from '../../../../src/app/agent/node/places.ts';
import type { PodGears } from '../../../../src/app/agent/node/pod-gears.ts';
import type { LocalPod } from '../../../../src/core/model/pod.ts';
import type { Netns } from '../../../../src/io/kernel/node/netns.ts';

const pod = (name: string, address = '10.0.0.1', hostNetwork = false): LocalPod => ({
  ...{ id: `shop/${name}`, namespace: 'shop', name, hostNetwork, addresses: [address], ports: [] },
  ...{ workload: { kind: 'Deployment', name, namespace: 'shop' }, serviceAccount: 'default' },
});

interface World {
  readonly places: Places;
  /** What was done, in order. */
  readonly log: readonly string[];
  /** Addresses of which a namespace is there. */
  readonly there: Set<string>;
  /** Addresses that every open namespace has. */
  readonly kept: Set<string>;
  /** Pods whose rules no newer start has. */
  readonly free: Set<string>;
  /** Lets what has begun go on as far as it can. */
  readonly turn: () => Promise<void>;
  /** Lets a release that waits come to its end. */
  readonly finish: () => Promise<void>;
}

function world(): World {
  const log: string[] = [];
  const there = new Set<string>();
  const kept = new Set<string>();
  const free = new Set<string>();
  let waiting: (() => void)[] = [];
  const gearsOf = ({ id, addresses }: LocalPod, netns: Netns): PodGears => {
    let known = addresses.join();
    return {
      netns,
      follow(now: LocalPod) {
        if (now.addresses.join() === known) return;
        known = now.addresses.join();
        log.push(`${id} at ${known}`);
      },
      async release() {
        log.push(`release ${id}`);
        await new Promise<void>((resolve) => waiting.push(resolve));
        log.push(`released ${id}`);
        return 'released';
      },
      drop: () => {
        log.push(`drop ${id}`);
        return Promise.resolve();
      },
    } as unknown as PodGears;
  };
  const index: Omit<NamespaceIndex, 'close'> = {
    open: ({ addresses: [address = ''] }) =>
      there.has(address) ? { fd: 0, inode: 1, path: address } : undefined,
    isThere: ({ path }) => there.has(path),
    hasOneOf: (_, addresses) => addresses.some((address) => kept.has(address)),
  };
  const places = new Places({
    index: { ...index, close: () => undefined },
    open(opened, netns) {
      log.push(`open ${opened.id}`);
      return gearsOf(opened, netns);
    },
    isFree: ({ id }) => free.has(id),
    meshOf: () => undefined,
    closing: (id) => Promise.resolve(void log.push(`close ring of ${id}`)),
    onFault: (id) => void log.push(`fault ${id}`),
    onLeft: () => void log.push('left'),
    onForgotten: (id) => void log.push(`forgotten ${id}`),
  });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    ...{ places, log, there, kept, free, turn },
    finish() {
      const all = waiting;
      waiting = [];
      for (const resolve of all) resolve();
      return turn();
    },
  };
}

test('a pod waits for its namespace and is taken in when it is there; one in the node’s network never is', async () => {
  const { places, log, there } = world();
  await places.follow([pod('a'), pod('host', '10.0.0.1', true)]);
  expect(places.get('shop/a')).toMatchObject({
    gears: undefined,
    fault: expect.stringMatching(/no namespace/) as string,
  });
  there.add('10.0.0.1');
  await places.follow([pod('a'), pod('host', '10.0.0.1', true)]);
  expect(places.all().map(({ pod: { id }, fault }) => [id, fault])).toEqual([['shop/a', '']]);
  expect(log).toEqual(['open shop/a']);
});

test('a pod that leaves is said to, its ring goes first, and nobody waits for its release', async () => {
  const { places, log, there, turn, finish } = world();
  there.add('10.0.0.1').add('10.0.0.2');
  await places.follow([pod('a'), pod('b', '10.0.0.2')]);
  await places.follow([pod('b', '10.0.0.2')]);
  await turn();
  expect(log.slice(2)).toEqual(['forgotten shop/a', 'close ring of shop/a', 'release shop/a']);
  await finish();
  expect(log.slice(5)).toEqual(['released shop/a', 'left']);
});

test('a pod that comes back is taken in only when what it had is taken back', async () => {
  const { places, log, there, turn, finish } = world();
  there.add('10.0.0.1');
  await places.follow([pod('a')]);
  await places.follow([]);
  await turn();
  await places.follow([pod('a')]);
  expect(places.get('shop/a')).toMatchObject({
    gears: undefined,
    fault: expect.stringMatching(/taken back/) as string,
  });
  await finish();
  await places.follow([pod('a')]);
  expect(places.get('shop/a')?.gears).toBeDefined();
  expect(log.filter((line) => line === 'open shop/a')).toHaveLength(2);
});

test('another address is another pod; a namespace that is gone is dropped without a word into it', async () => {
  const { places, log, there } = world();
  there.add('10.0.0.1').add('10.0.0.2');
  await places.follow([pod('a')]);
  there.delete('10.0.0.1');
  await places.follow([pod('a')]);
  expect(log.slice(1)).toEqual(['close ring of shop/a', 'drop shop/a']);
  expect(places.get('shop/a')?.fault).toMatch(/no namespace/);
  await places.follow([pod('a', '10.0.0.2')]);
  expect(log.at(-1)).toBe('open shop/a');
});

test('an address more or less changes the pod in place: what stands in its namespace is neither taken back nor taken in anew', async () => {
  const { places, log, there, kept, turn } = world();
  const at = (...addresses: readonly string[]): LocalPod => ({ ...pod('a'), addresses });
  there.add('10.0.0.1');
  kept.add('10.0.0.1');
  await places.follow([at('10.0.0.1')]);
  const { gears } = places.get('shop/a')!;
  await places.follow([at('10.0.0.1', '10.0.0.2')]);
  await turn();
  kept.add('10.0.0.2');
  await places.follow([at('10.0.0.2')]);
  await turn();
  expect(places.get('shop/a')).toMatchObject({ pod: { addresses: ['10.0.0.2'] }, fault: '' });
  expect(places.get('shop/a')?.gears).toBe(gears);
  expect(log).toEqual(['open shop/a', 'shop/a at 10.0.0.1,10.0.0.2', 'shop/a at 10.0.0.2']);
});

test('a namespace with none of the addresses that the pod has now is another’s: it is let go of', async () => {
  const { places, log, there, kept, turn, finish } = world();
  there.add('10.0.0.1').add('10.0.0.2');
  kept.add('10.0.0.1');
  await places.follow([pod('a')]);
  await places.follow([pod('a', '10.0.0.2')]);
  await turn();
  expect(log.slice(1)).toEqual(['forgotten shop/a', 'close ring of shop/a', 'release shop/a']);
  await finish();
  await places.follow([pod('a', '10.0.0.2')]);
  expect(log.slice(4)).toEqual(['released shop/a', 'left', 'open shop/a']);
});

test('a pod that a newer start has is left to it, and taken in again once nobody newer has it', async () => {
  const { places, log, there, free } = world();
  there.add('10.0.0.1');
  await places.follow([pod('a')]);
  await places.leave(places.get('shop/a')!, 1);
  await places.follow([pod('a')]);
  expect(places.get('shop/a')).toMatchObject({ gears: undefined, left: true });
  const left = ['open shop/a', 'close ring of shop/a', 'drop shop/a'];
  expect(log).toEqual(left);
  expect(places.handedBack(places.get('shop/a')!)).toBe(false);
  await places.follow([pod('a')]);
  expect(log).toEqual(left);
  free.add('shop/a');
  expect(places.handedBack(places.get('shop/a')!)).toBe(true);
  await places.follow([pod('a')]);
  expect(places.get('shop/a')).toMatchObject({ left: false, fault: '' });
  expect(log).toEqual([...left, 'open shop/a']);
  expect(places.handedBack(places.get('shop/a')!)).toBe(false);
});
