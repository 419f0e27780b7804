// What no client means: random bytes, and TCP that no kernel would send, at the inline port and at the tap of the same pod, in real namespaces. Bounded
// numbers of packets; nothing crashes, nothing stays open, nothing grows.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createRouteLearner } from '../../src/core/catalog/route-learner.ts';
import { createTap } from '../../src/core/tap/tap-conversations.ts';
import type { Tap } from '../../src/core/tap/tap-port.ts';
import { openNodeKernel, type NodeKernel } from '../../src/io/kernel/node/node-kernel.ts';
import { createTapSource, type TapSource } from '../../src/io/kernel/tap/tap-source.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { describeUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { hardPort, heldNow, startHardLab, type HardLab, type Held } from './inline-hard-lab.ts';
import { policyOn } from './inline-lab.ts';
import {
  connectByHand,
  listen,
  openRawWire,
  resetByHand,
  type NobodysSegment,
  type RawConnection,
  type RawWire,
} from './raw-wire.ts';
import { openInside, usualGeometry } from './tap-pump.ts';

const mebibyte = 1024 * 1024;
const { http } = hardPort;

/** Numbers that look random and are the same each time. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * How much more may be held after any round than after the second. The worker's collector takes room in steps of up to 32 MiB; living objects of
 * this thread, the tap's among them, do not come in steps: a KiB kept of each frame of a round would be 4 MiB.
 */
const residentSlackBytes = 64 * mebibyte;
const ownSlackBytes = 3 * mebibyte;
/** So few that what looks like connections fills the table in the first round, and makes room for itself afterwards. */
const tappedConnections = 512;

interface Watch {
  readonly tap: Tap;
  readonly source: TapSource;
  readonly gone: readonly unknown[];
  readonly pump: () => void;
}

describeUnless(noRules)('noise', () => {
  let made: HardLab;
  let kernel: NodeKernel;
  let wire: RawWire;
  beforeAll(async () => {
    made = await startHardLab();
    kernel = await openNodeKernel();
    wire = openRawWire(kernel, made.lab.net, { from: made.lab.client, to: made.lab.pod });
    made.mark();
  });
  afterAll(async () => {
    wire[Symbol.dispose]();
    kernel.close();
    await made[Symbol.asyncDispose]();
  });
  afterEach(() => made.expectUnharmed());

  /** The tap of the pod, read by this thread: `pump` hands over what has come. */
  function watch(): Watch {
    const { pod } = made.lab;
    const gone: unknown[] = [];
    let connections = 0;
    const tap = createTap({
      scope: () => ({
        addresses: new Set([pod.ipv4, pod.ipv6]),
        ports: new Set([http]),
        reports: 'destination',
        enrolled: () => false,
      }),
      claimed: () => false,
      newConnection: () => ++connections,
      routes: createRouteLearner(),
      seed: 7,
      limits: { connections: tappedConnections },
      output: {
        observe: () => undefined,
        gap: () => undefined,
        attempt: () => undefined,
        conflict: () => undefined,
        evicted: () => undefined,
      },
    });
    const source = createTapSource(kernel.libc, {
      onLost: () => undefined,
      onGone: (_, error) => void gone.push(error),
    });
    const geometry = usualGeometry();
    const fd = openInside({ libc: kernel.libc, door: kernel.door, netns: pod.path, geometry });
    source.attach({ pod: pod.name, fd, geometry, table: tap });
    const pump = (): void => {
      source.onReadable();
      source.tick(Date.now());
    };
    return { tap, source, gone, pump };
  }

  /** Calls `round` so often, looking after each; the memory of the first two is what there is to be. */
  async function inConstantMemory(rounds: number, round: (number: number) => Promise<void>): Promise<void> {
    const looks: Held[] = [];
    for (let number = 0; number < rounds; number++) {
      await round(number);
      await made.rest();
      looks.push(heldNow());
    }
    const grown = (of: keyof Held): number =>
      Math.max(...looks.slice(2).map((look) => look[of])) - (looks[1]?.[of] ?? 0);
    expect(grown('residentBytes')).toBeLessThan(residentSlackBytes);
    expect(grown('ownBytes')).toBeLessThan(ownSlackBytes);
  }

  test.each([
    ['nobody', []],
    ['a policy', [policyOn('no-admin', { match: { http: { paths: ['/admin'] } } })]],
  ])(
    'random bytes and half-random requests, where %s must read them, end with their connection',
    async (_, policies) => {
      const { lab, caller } = made;
      lab.setPolicies(policies);
      const before = lab.handle.stats().accepted;
      await inConstantMemory(5, async (seed) => {
        const host = seed % 2 === 0 ? lab.pod.ipv4 : lab.pod.ipv6;
        expect(await caller.ask({ order: 'noise', host, port: http, seed, count: 300 })).toBe(300);
      });
      lab.setPolicies([]);
      expect(lab.handle.stats().accepted - before).toBe(1_500);
    },
  );

  /** One thing wrong with a frame of IPv4 or IPv6 without options, each time another. */
  function spoil(frame: Buffer, random: (below: number) => number): void {
    const isV4 = frame.readUInt16BE(12) === 0x0800;
    const tcp = isV4 ? 34 : 54;
    const lengthAt = isV4 ? 16 : 18;
    const spoilers: readonly (() => void)[] = [
      () => (frame[tcp + 13] = random(256)),
      () => (frame[tcp + 12] = random(16) << 4),
      () => (frame[tcp + 12] = (5 + random(3)) << 4),
      () => frame.writeUInt16BE(random(70), lengthAt),
      () => frame.writeUInt16BE(random(65_536), lengthAt),
      () => frame.writeUInt16BE(random(65_536), tcp + 18),
      () => (frame[14] = random(256)),
      () => isV4 && frame.writeUInt16BE(random(65_536), 20),
      () => (frame[isV4 ? 23 : 20] = random(256)),
      () => {
        for (let at = tcp; at < frame.length; at++) if (random(8) === 0) frame[at] = random(256);
      },
    ];
    spoilers[random(spoilers.length)]?.();
  }

  function randomSegment(random: (below: number) => number): NobodysSegment {
    const flags = ['S', 'A', 'F', 'R', 'SF', 'SR', 'FA', 'SFRA', ''][random(9)] ?? '';
    const options = Array.from({ length: 4 * random(11) }, () => [0, 1, 2, 3, 5, 8, 255][random(7)] ?? 0);
    return {
      family: random(4) === 0 ? 'ipv6' : 'ipv4',
      sourcePort: 1 + random(65_535),
      destinationPort: http,
      sequence: random(2 ** 32),
      acknowledgement: random(2 ** 32),
      flags,
      options,
      payload: Buffer.from(Array.from({ length: random(300) }, () => random(256))),
    };
  }

  /** Two hours later nothing of all that is left in the tap. */
  function expectForgotten(tap: Tap): void {
    expect(tap.counters.segments).toBeGreaterThan(1_000);
    tap.tick(Date.now() + 7_200_000);
    expect(tap.counters).toMatchObject({ open: 0, bufferedBytes: 0 });
  }

  const body = 'x'.repeat(3_000);
  const stream = Buffer.from(
    `POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}GET /a HTTP/1.1\r\nHost: x\r\n\r\n`,
    'latin1',
  );

  /** A piece of the connection's stream, anywhere near what the other end waits for, right or wrong in one way. */
  function disturb(connection: RawConnection, random: (below: number) => number): void {
    const { port, sequence, acknowledgement } = connection;
    const at = random(stream.length);
    const payload = Buffer.from(stream.subarray(at, at + 1 + random(700)));
    const segment = {
      sourcePort: port,
      destinationPort: http,
      sequence: (sequence + at) >>> 0,
      acknowledgement,
      payload,
    };
    const send = (changes: Partial<NobodysSegment> = {}): void => wire.send({ ...segment, ...changes });
    const twice = (changes: Partial<NobodysSegment> = {}): void => {
      send();
      send(changes);
    };
    const kinds: readonly (() => void)[] = [
      send,
      send,
      twice,
      // The same place with other bytes.
      () => twice({ payload: Buffer.from(payload).reverse() }),
      () => send({ flags: 'SA' }),
      () => send({ flags: 'FA' }),
      () => send({ flags: 'R', sequence: (sequence + 100_000 + at) >>> 0 }),
      () => send({ acknowledgement: (acknowledgement + random(2 ** 32)) >>> 0 }),
      () => send({ sequence: (sequence - 1 - random(5_000)) >>> 0 }),
      () => send({ sequence: random(2 ** 32) }),
      () => send({ options: Array.from({ length: 12 }, () => random(256)) }),
      // Urgent, at a random place.
      () =>
        wire.send(segment, (frame) => {
          frame[47] = 0x38;
          frame.writeUInt16BE(random(2_000), 52);
        }),
      () => wire.send(segment, (frame) => spoil(frame, random)),
    ];
    kinds[random(kinds.length)]?.();
  }

  test('connections by hand, with overlaps, wrong numbers, flags and options, are carried or dropped, and all end', async () => {
    const { lab } = made;
    const { tap, source, gone, pump } = watch();
    try {
      await inConstantMemory(4, async (seed) => {
        const random = randomFrom(seed);
        const ports = Array.from({ length: 100 }, (_, index) => 20_000 + seed * 100 + index);
        const before = lab.handle.stats().accepted;
        const connections = await connectByHand(wire, ports, http);
        await until('the gear has them', () => lab.handle.stats().accepted - before === ports.length, 100);
        for (let sent = 0; sent < 40; sent++) {
          for (const connection of connections.values()) disturb(connection, random);
          listen(wire, connections);
          pump();
        }
        await resetByHand(wire, connections, () => lab.handle.stats().open === 0);
        pump();
      });
      expect(tap.counters.connections).toBeGreaterThanOrEqual(400);
      expect(tap.counters.outOfOrder + tap.counters.retransmitted + tap.counters.conflicts).toBeGreaterThan(
        500,
      );
      expectForgotten(tap);
      expect(gone).toEqual([]);
    } finally {
      source.close();
    }
  });

  // Last, because the kernel repeats its answers to what looked like openings for a minute.
  test('20,000 malformed segments without a connection leave nothing at the inline port and at the tap', async () => {
    const { tap, source, gone, pump } = watch();
    try {
      await inConstantMemory(5, async (seed) => {
        const random = randomFrom(seed);
        const before = tap.counters.frames;
        for (let sent = 0; sent < 4_000; sent++) {
          wire.send(randomSegment(random), (frame) => spoil(frame, random));
          if (sent % 64 === 0) pump();
        }
        // Frames of other kinds than TCP are not the tap's: the filter leaves those out.
        await until('the tap has them', () => (pump(), tap.counters.frames - before > 2_500));
      });
      expect(tap.counters.malformed).toBeGreaterThan(1_000);
      expect(tap.counters.open).toBeLessThanOrEqual(tappedConnections);
      expectForgotten(tap);
      expect(gone).toEqual([]);
    } finally {
      source.close();
    }
  });
});
