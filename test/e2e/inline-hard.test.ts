// The inline gear under what breaks proxies, in real namespaces: gigabytes, half-closed connections, storms of resets, slow attacks, floods and odd
// segments. It keeps bytes, memory and connections in order; shown by hashes and counters, never by times.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { withoutTools } from '../helpers/debian-tools.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { describeUnless, testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import {
  hardPort,
  heldNow,
  sentBy,
  setLinks,
  startHardLab,
  type HardLab,
  type Links,
  type Told,
} from './inline-hard-lab.ts';

const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;
/** One read; reading stops while anything is queued the other way, so one connection never has more queued for it. */
const readBytes = 64 * 1024;
const { http, answersAtEnd, endsFirst, resets } = hardPort;

interface Sent {
  readonly sent: Told;
  readonly got: Told;
}

describeUnless(noRules)('the inline gear', () => {
  let made: HardLab;
  beforeAll(async () => void (made = await startHardLab()));
  afterAll(() => made[Symbol.asyncDispose]());
  afterEach(() => made.expectUnharmed());

  const host = (family: string): string => (family === 'IPv4' ? made.lab.pod.ipv4 : made.lab.pod.ipv6);
  const upload = (family: string, bytes: number): Promise<Sent> =>
    made.caller.ask({ order: 'up', host: host(family), port: http, bytes }) as Promise<Sent>;
  const download = (family: string, bytes: number): Promise<Told> =>
    made.caller.ask({ order: 'down', host: host(family), port: http, bytes }) as Promise<Told>;

  /** The resident memory each time that 64 MiB more have been carried while `work` goes on. */
  async function watched<T>(carried: () => number, work: Promise<T>): Promise<[T, number[]]> {
    const looks: number[] = [];
    let over = false;
    let next = carried() + 64 * mebibyte;
    const done = work.finally(() => (over = true));
    done.catch(() => undefined);
    const look = (): boolean => {
      if (carried() >= next) {
        next += 64 * mebibyte;
        looks.push(heldNow().residentBytes);
      }
      return over;
    };
    await until('all of it has gone by', look, 10_000);
    return [await done, looks];
  }

  /** Past the first quarter, in which buffers and compiled code come to be, no sixteenth of a GiB may stay. */
  function expectConstant(looks: readonly number[]): void {
    const settled = looks.slice(Math.ceil(looks.length / 4));
    expect(settled.length).toBeGreaterThanOrEqual(8);
    expect(Math.max(...settled) - (settled[0] ?? 0)).toBeLessThan(64 * mebibyte);
    expect(made.lab.plane.stats().pendingPeakBytes).toBeLessThanOrEqual(readBytes);
  }

  test('1 GiB goes up, whole, in constant memory', async () => {
    const carried = (): number => made.lab.plane.stats().fromClientBytes;
    const [{ sent, got }, looks] = await watched(carried, upload('IPv4', gibibyte));
    expect(sent.bytes).toBe(gibibyte);
    expect(got).toEqual(sent);
    expectConstant(looks);
  });

  test('1 GiB comes down, whole, in constant memory', async () => {
    const carried = (): number => made.lab.plane.stats().fromUpstreamBytes;
    const [got, looks] = await watched(carried, download('IPv6', gibibyte));
    expect(got.bytes).toBe(gibibyte);
    expect(got).toEqual(await made.lastTold());
    expectConstant(looks);
  });

  test.each(['IPv4', 'IPv6'])(
    'whoever ends its half first still gets all of the other half, over %s',
    async (family) => {
      const ask = (order: string, port: number): Promise<unknown> =>
        made.caller.ask({ order, port, host: host(family), bytes: 5 * mebibyte + 77 });
      const { sent, got } = (await ask('endThenRead', answersAtEnd)) as Sent;
      expect(got).toEqual(sent);
      const late = (await ask('readThenSend', endsFirst)) as { sent: Told; read: string };
      expect(late.read).toBe('hello');
      await until('the service has it all', async () => (await made.lastTold())?.bytes === late.sent.bytes);
      expect(await made.lastTold()).toEqual(late.sent);
    },
  );

  test.each(['IPv4', 'IPv6'])('2,000 resets at every stage leave nothing behind, over %s', async (family) => {
    const { lab, caller } = made;
    const storm = (stage: string, count: number, port: number = http): Promise<unknown> =>
      caller.ask({ order: 'storm', host: host(family), port, stage, count });
    const before = lab.handle.stats().accepted;
    for (const stage of ['opened', 'halfHead', 'asked', 'halfBody', 'answered'])
      expect(await storm(stage, 300)).toEqual({ '': 300 });
    expect(await storm('halfAnswer', 100)).toEqual({ '': 100 });
    expect(await storm('serverBreaks', 200)).toEqual({ ECONNRESET: 200 });
    expect(await storm('serverRefuses', 200, resets)).toEqual({ ECONNRESET: 200 });
    await made.rest();
    expect(lab.handle.stats().accepted - before).toBe(2_000);
    // A caller that is gone, or a server that resets, is not a server that cannot be reached.
    expect(lab.handle.stats()).toMatchObject({ errors: 0, refused: 0 });
  });

  const attacks: readonly (readonly [name: string, words: readonly string[], path: string])[] = [
    ['slow heads', ['-H', '-i', '1'], 'quiet'],
    ['slow bodies', ['-B', '-i', '1', '-s', '8192'], 'up'],
    ['slow readers', ['-X', '-w', '8', '-y', '16', '-n', '1', '-z', '8', '-k', '3'], 'down/200000'],
  ];

  testUnless(withoutTools('slowhttptest'))(
    'a quiet caller is served under slow heads, bodies and readers',
    async () => {
      const { lab, caller } = made;
      const { accepted } = lab.handle.stats();
      const { expired } = lab.plane.stats();
      const enter = [
        'netns',
        'exec',
        lab.other.name,
        'slowhttptest',
        '-c',
        '200',
        '-r',
        '200',
        '-l',
        '4',
        '-p',
        '1',
      ];
      let running = attacks.length;
      const ended = attacks.map(async ([, words, path]) => {
        const url = `http://${lab.pod.ipv4}:${http}/${path}`;
        await promisify(execFile)('ip', [...enter, ...words, '-u', url]);
        running--;
      });
      const over = Promise.all(ended);
      over.catch(() => undefined);
      const quiet = async (kept: boolean): Promise<void> => {
        const order = { order: 'quiet', host: lab.pod.ipv4, port: http, count: 50, kept };
        expect(await caller.ask(order)).toEqual({ 200: 50 });
      };
      await until('the attacks are there', () => lab.handle.stats().open > 300);
      while (running > 0) for (const kept of [true, false]) await quiet(kept);
      await over;
      expect(lab.handle.stats().accepted - accepted).toBeGreaterThan(600);
      // Slow heads end at their deadline; bodies and readers that go on moving are the service's to judge.
      expect(lab.plane.stats().expired - expired).toBeGreaterThan(100);
    },
  );

  test('a flood from one peer takes one read of each of its connections in a pass, and the quiet one is served', async () => {
    const { lab, caller, other } = made;
    const flooders = 8;
    const start = lab.plane.stats().fromClientBytes;
    await other.ask({ order: 'flood', host: lab.pod.ipv4, port: http, connections: flooders });
    try {
      await until('the flood is there', () => lab.plane.stats().fromClientBytes - start > 32 * mebibyte);
      const before = lab.plane.stats();
      for (const kept of [true, false]) {
        // Of another service of the pod: what the flooded one makes of it is not our doing.
        const order = { order: 'quiet', host: lab.pod.ipv4, port: 8080, count: 100, kept };
        expect(await caller.ask(order)).toEqual({ 200: 100 });
      }
      const after = lab.plane.stats();
      const flooded = after.fromClientBytes - before.fromClientBytes;
      // It never paused: more than its connections' buffers hold went by between the first and the last quiet request.
      expect(flooded).toBeGreaterThan(flooders * 4 * mebibyte);
      expect(after.readCapped).toBeGreaterThan(before.readCapped);
      expect(after.readPeakBytes).toBeLessThanOrEqual(readBytes);
      expect(flooded / (after.passes - before.passes)).toBeLessThanOrEqual((flooders + 1) * readBytes);
    } finally {
      const sums = (await other.ask({ order: 'ebb' })) as readonly number[];
      expect(sums.filter((bytes) => bytes > 0)).toHaveLength(flooders);
    }
  });

  const links: readonly (Links & { readonly families: readonly string[] })[] = [
    { mtu: 9000, joined: 65535, families: ['IPv4', 'IPv6'] },
    { mtu: 9000, joined: 1, families: ['IPv4', 'IPv6'] },
    { mtu: 1280, joined: 1, families: ['IPv6'] },
    { mtu: 576, joined: 1, families: ['IPv4'] },
    { mtu: 1500, joined: 1, families: ['IPv4', 'IPv6'] },
    { mtu: 1500, joined: 65535, families: ['IPv4', 'IPv6'] },
  ];

  test.each(links)(
    'bytes are equal on links of MTU $mtu with $joined segments joined at most',
    async (link) => {
      const { lab } = made;
      setLinks(lab, link);
      for (const family of link.families) {
        const before = sentBy(lab.client);
        const { sent, got } = await upload(family, 8 * mebibyte + 3);
        const after = sentBy(lab.client);
        expect(got).toEqual(sent);
        expect(await download(family, 8 * mebibyte + 3)).toEqual(await made.lastTold());
        const mean = (after.bytes - before.bytes) / (after.packets - before.packets);
        // An Ethernet header in front of each; acknowledgements make the mean smaller.
        if (link.joined === 1) expect(mean).toBeLessThanOrEqual(link.mtu + 14);
        else expect(mean).toBeGreaterThan(2 * link.mtu);
      }
    },
  );
});
