// The heartbeat against a real kernel: both ways of refreshing, lapse, withdrawal, and what it does when its set is gone.
import { release } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { heartbeatSet } from '../../src/core/plan/node-constants.ts';
import { errno } from '../../src/io/kernel/linux.ts';
import {
  createHeartbeat,
  refreshesByAdding,
  type HeartbeatOptions,
} from '../../src/io/kernel/node/heartbeat.ts';
import { requireNft } from '../../src/io/kernel/node/node-kernel.ts';
import { createNamespaceRules } from '../../src/io/kernel/node/nftables.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { describeUnless } from '../helpers/unless.ts';
import { createNodeBench, sampleRules } from './node-fixture.ts';

const set = heartbeatSet(5);

async function bench(options: Partial<HeartbeatOptions> = {}) {
  const made = await createNodeBench();
  const { kernel, netns, lab, pod } = made;
  const rules = createNamespaceRules(requireNft(kernel), kernel.door, netns);
  rules.apply(sampleRules(5).replace(/elements = .*?; }/, '}'));
  const heartbeat = createHeartbeat(
    { libc: kernel.libc, door: kernel.door, netnsFd: netns.fd },
    { set, refreshes: refreshesByAdding(release()), ...options },
  );
  onTestFinished(() => {
    heartbeat.close();
    rules.close();
    made[Symbol.dispose]();
  });
  return {
    ...made,
    rules,
    heartbeat,
    /** Ports alive and the milliseconds they have left. */
    alive: (): ReadonlyMap<number, number> => {
      const text = lab.run(pod, 'nft', ['list', 'set', 'inet', 'apidefense', set]);
      const found = text.matchAll(/(\d+) timeout \w+ expires (?:(\d+)s)?(?:(\d+)ms)?/g);
      return new Map(
        [...found].map(([, alivePort, seconds, rest]) => [
          Number(alivePort),
          Number(seconds ?? 0) * 1000 + Number(rest ?? 0),
        ]),
      );
    },
  };
}

describeUnless(noRules)('a heartbeat', () => {
  for (const refreshes of [true, false])
    test(`keeps its ports alive ${refreshes ? 'by adding them again' : 'by deleting and adding, as for older kernels'}`, async () => {
      const { heartbeat, alive } = await bench({ refreshes, timeoutMs: 20_000 });
      expect(heartbeat.beat()).toBe(0);
      expect(alive().size).toBe(0);
      heartbeat.setPorts([8080, 65535]);
      expect(heartbeat.beat()).toBe(0);
      expect([...alive().keys()].sort()).toEqual([65535, 8080]);
      await expect.poll(() => alive().get(8080)).toBeLessThan(19_700);
      const worn = alive().get(8080) ?? 0;
      expect(heartbeat.beat()).toBe(0);
      expect(alive().get(8080)).toBeGreaterThan(worn);
    });

  test('that stops lets its ports lapse by themselves', async () => {
    const { heartbeat, alive } = await bench({ timeoutMs: 4_000 });
    heartbeat.setPorts([8080]);
    heartbeat.beat();
    expect(alive().has(8080)).toBe(true);
    await expect.poll(() => alive().size).toBe(0);
    expect(heartbeat.beat()).toBe(0);
    expect(alive().size).toBe(1);
  });

  test('withdraws its ports at once, whether they are there or have lapsed', async () => {
    const { heartbeat, alive } = await bench({ timeoutMs: 20_000 });
    heartbeat.setPorts([8080, 9090]);
    expect(heartbeat.withdraw()).toBe(0);
    heartbeat.setPorts([8080, 9090]);
    heartbeat.beat();
    expect(alive().size).toBe(2);
    expect(heartbeat.withdraw()).toBe(0);
    expect(alive().size).toBe(0);
    expect(heartbeat.beat()).toBe(0);
    expect(alive().size).toBe(0);
  });

  test('of an older generation cannot keep the ports of a newer one alive, and is told so each time', async () => {
    const { heartbeat, rules, lab, pod } = await bench();
    heartbeat.setPorts([8080]);
    expect(heartbeat.beat()).toBe(0);
    rules.apply(`delete table inet apidefense\n${sampleRules(6)}`);
    expect(heartbeat.beat()).toBe(errno.notFound);
    expect(heartbeat.beat()).toBe(errno.notFound);
    expect(lab.run(pod, 'nft', ['list', 'ruleset'])).not.toContain(set);
  });

  test('holds as many ports as a pod may have, and no more', async () => {
    const { heartbeat, alive } = await bench({ timeoutMs: 20_000 });
    const ports = Array.from({ length: 256 }, (_unused, index) => 1000 + index);
    heartbeat.setPorts(ports);
    expect(heartbeat.beat()).toBe(0);
    expect(alive().size).toBe(256);
    expect(() => heartbeat.setPorts([...ports, 1])).toThrow('257');
  });

  test('listing and changing rules between beats goes on undisturbed', async () => {
    const { heartbeat, rules } = await bench();
    heartbeat.setPorts([8080]);
    for (let round = 0; round < 50; round++) {
      expect(heartbeat.beat()).toBe(0);
      rules.apply('add chain inet apidefense other\ndelete chain inet apidefense other\n');
      expect(JSON.stringify(rules.list('list table inet apidefense'))).toContain('8080');
    }
  });
});
