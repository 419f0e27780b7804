// The rings in real namespaces: every packet once, in both directions and families, cut where asked, counted where lost, replaced without a
// gap, and gone without a trace.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { RingGeometry } from '../../src/core/tap/ring-budget.ts';
import {
  mostCarriedPorts,
  mostExcludedPorts,
  nothingCarried,
  podFilter,
} from '../../src/core/tap/tap-filter.ts';
import { loadLibc, type Libc } from '../../src/io/kernel/libc.ts';
import { closeNetns, createNetnsDoor, openNetns, type NetnsDoor } from '../../src/io/kernel/node/netns.ts';
import { mapRing } from '../../src/io/kernel/tap/ring.ts';
import {
  createTapSource,
  type TapSource,
  type TapSourceOptions,
} from '../../src/io/kernel/tap/tap-source.ts';
import { ethernet, ipv4, tcp } from '../core/tap/frames.ts';
import { describeUnless } from '../helpers/unless.ts';
import { createTapLab, noNamespaces, type LabPod, type TapLab } from './tap-lab.ts';
import {
  type SeenFrame,
  createCollector,
  openInside,
  pumpDuring,
  pumpUntil,
  type Collector,
  type OpenInside,
} from './tap-pump.ts';
import { segmentOf, streamFrom } from './tap-segments.ts';

const peerProgram = join(import.meta.dirname, 'tap-peer.mjs');
const port = 8080;
const smallest: RingGeometry = { blockBytes: 128 * 1024, blockCount: 2, retireMs: 20 };
const sent = (bytes: number): string => 'abcdefgh'.repeat(Math.ceil(bytes / 8)).slice(0, bytes);

/** The port that the frame is the FIN of; 0 of none. */
function portEnded(frame: SeenFrame): number {
  const segment = segmentOf(frame);
  return segment !== undefined && (segment.flags & 1) !== 0 ? segment.from : 0;
}

describeUnless(noNamespaces)('the rings of the tap', () => {
  let lab: TapLab;
  let libc: Libc;
  let door: NetnsDoor;

  beforeAll(async () => {
    libc = await loadLibc();
    door = createNetnsDoor(libc);
    lab = createTapLab(3);
    await lab.run(server(), process.execPath, peerProgram, 'echo', String(port)).line(/listening/);
  });

  afterAll(() => {
    lab.remove();
    door.close();
  });

  const podAt = (index: number): LabPod => {
    const pod = lab.pods[index];
    if (pod === undefined) throw new Error(`the lab has no pod ${index}`);
    return pod;
  };
  const server = (): LabPod => podAt(0);
  const client = (): LabPod => podAt(1);

  const open = (pod: LabPod, asked: Partial<OpenInside> = {}): number =>
    openInside({ libc, door, netns: pod.netns, ...asked });

  interface Tapped {
    readonly source: TapSource;
    readonly table: Collector;
    readonly fd: number;
    readonly lost: [string, number][];
    readonly gone: [string, unknown][];
  }

  function tapped(pod: LabPod, asked: Partial<OpenInside> & Partial<TapSourceOptions> = {}): Tapped {
    const lost: [string, number][] = [];
    const gone: [string, unknown][] = [];
    const source = createTapSource(libc, {
      onLost: (name, count) => void lost.push([name, count]),
      onGone: (name, error) => void gone.push([name, error]),
      ...(asked.framesPerPass === undefined ? {} : { framesPerPass: asked.framesPerPass }),
    });
    onTestFinished(() => source.close());
    const table = createCollector();
    const geometry = asked.geometry ?? smallest;
    const fd = open(pod, { ...asked, geometry });
    source.attach({ pod: pod.name, fd, geometry, table });
    return { source, table, fd, lost, gone };
  }

  /** Connections from the client to the server; answers the client's ports. */
  async function send(host: string, bytes: number, times = 1): Promise<readonly number[]> {
    const words = [host, port, bytes, times].map(String);
    const all = await lab.run(client(), process.execPath, peerProgram, 'send', ...words).done();
    return /ports (.*)/.exec(all)?.[1]?.split(' ').map(Number) ?? [];
  }

  const v4 = (): string => server().v4;
  const v6 = (): string => server().v6;

  test.each([
    ['IPv4', v4],
    ['IPv6', v6],
  ])('both directions of a connection are seen whole, each packet once, over %s', async (_, host) => {
    const { source, table, lost } = tapped(server(), { geometry: { ...smallest, blockCount: 32 } });
    const [from = 0] = await pumpDuring(source, send(host(), 300_000));
    expect(streamFrom(table.frames, from).equals(Buffer.from(sent(300_000)))).toBe(true);
    const back = table.frames.filter((frame) => segmentOf(frame)?.to === from);
    expect(streamFrom(back, port).equals(Buffer.from(sent(300_000).toUpperCase()))).toBe(true);
    const keys = table.frames.map((frame) => frame.bytes.toString('latin1'));
    expect(new Set(keys).size).toBe(keys.length);
    expect(lost).toEqual([]);
  });

  test('frames are as large as the kernel merges them, whole, and carry the wall clock', async () => {
    const before = Date.now() - 1000;
    const { source, table } = tapped(server(), { geometry: { ...smallest, blockCount: 32 } });
    await pumpDuring(source, send(v4(), 2_000_000));
    expect(Math.max(...table.frames.map(({ bytes }) => bytes.length))).toBeGreaterThan(32_000);
    expect(table.frames.every(({ bytes, wireLength }) => bytes.length === wireLength)).toBe(true);
    expect(table.frames.every(({ nowMs }) => nowMs > before && nowMs < Date.now() + 1000)).toBe(true);
    expect(table.ticks).toBeGreaterThan(0);
  });

  test('what is longer than the snap length is cut there and says how long it was', async () => {
    const { source, table } = tapped(server(), { filter: { snapBytes: 2048 } });
    await pumpDuring(source, send(v4(), 300_000));
    const cut = table.frames.filter(({ bytes, wireLength }) => bytes.length < wireLength);
    expect(cut.length).toBeGreaterThan(0);
    expect(new Set(cut.map(({ bytes }) => bytes.length))).toEqual(new Set([2048]));
    expect(Math.max(...cut.map(({ wireLength }) => wireLength))).toBeGreaterThan(2048);
  });

  test('DNS passes, and nothing else of UDP', async () => {
    const { source, table } = tapped(server());
    const ask = (host: string, to: number): Promise<string> =>
      lab.run(client(), process.execPath, peerProgram, 'udp', host, String(to), '3').done();
    await pumpDuring(source, ask(v4(), 53));
    await pumpDuring(source, ask(v6(), 53));
    await pumpDuring(source, ask(v4(), 5353));
    expect(table.frames).toHaveLength(6);
    expect(table.frames.every(({ bytes }) => bytes.includes('question'))).toBe(true);
  });

  test('the kernel takes the longest filter, and the excluded ports are not seen', async () => {
    const excludedPorts = [
      port,
      ...Array.from({ length: mostExcludedPorts - 1 }, (_, index) => 20_000 + index),
    ];
    const { source, table } = tapped(server(), { filter: { excludedPorts } });
    await pumpDuring(source, send(v4(), 100));
    await pumpDuring(source, send(v6(), 100));
    expect(table.frames).toEqual([]);
  });

  test('of a carried port only beginnings and ends are seen, in both families, also with the longest filter', async () => {
    const ports = [port, ...Array.from({ length: mostCarriedPorts - 1 }, (_, index) => 20_000 + index)];
    const { source, table, lost } = tapped(server(), { filter: { carried: { ports, ipv6: true } } });
    await pumpDuring(source, send(v4(), 300_000, 5));
    await pumpDuring(source, send(v6(), 300_000, 5));
    const flags = table.frames.map((frame) => (segmentOf(frame)?.flags ?? 0) & 7);
    expect(flags.filter((each) => each === 2)).toHaveLength(20);
    expect(flags.filter((each) => each === 0)).toEqual([]);
    // SYN, SYN-ACK and two FINs for each; a FIN may take the last bytes with it.
    expect(table.frames.length).toBeLessThanOrEqual(50);
    expect(lost).toEqual([]);
  });

  test('the ring of a caller reads what it asks of a port that it carries itself', async () => {
    const carried = { ports: [port], ipv6: true };
    const { source, table } = tapped(client(), {
      ...{ filter: { carried }, geometry: { ...smallest, blockCount: 32 } },
    });
    const [from = 0] = await pumpDuring(source, send(v4(), 300_000));
    expect(streamFrom(table.frames, from).equals(Buffer.from(sent(300_000)))).toBe(true);
  });

  test('a filter is replaced under load without a frame that neither has seen', async () => {
    const { source, table, lost } = tapped(server(), { geometry: { ...smallest, blockCount: 64 } });
    const name = server().name;
    const pumping = pumpDuring(source, send(v4(), 2_000, 300));
    for (let at = 0; at < 40; at++) {
      const carried = at % 2 === 0 ? { ports: [port], ipv6: true } : nothingCarried;
      source.filter(name, podFilter(carried));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await pumping;
    const begun = table.frames.filter((frame) => ((segmentOf(frame)?.flags ?? 0) & 7) === 2);
    const opened = begun.filter((frame) => segmentOf(frame)?.to === port);
    const answered = begun.filter((frame) => segmentOf(frame)?.from === port);
    expect([opened.length, answered.length, lost]).toEqual([300, 300, []]);
  });

  test('a frame with a VLAN tag is seen with its tag beside it', async () => {
    const geometry = smallest;
    const fd = open(server(), { geometry });
    const ring = mapRing(libc, fd, geometry);
    onTestFinished(() => ring.close());
    const frame = ethernet(0x0800, ipv4({ protocol: 6 }, tcp({ payload: 'tagged' })), [0x8100]);
    frame.fill(0xff, 0, 6).fill(2, 6, 12);
    sendRaw(client(), frame);
    const seen: { tag: number; payload: string }[] = [];
    const sink = {
      push: (bytes: Buffer, _start: number, end: number) =>
        void seen.push({ tag: ring.vlanTag(), payload: bytes.toString('latin1', end - 6, end) }),
    };
    await expect.poll(() => ring.read(sink, 10) + seen.length).toBeGreaterThan(0);
    expect(seen).toEqual([{ tag: 7, payload: 'tagged' }]);
  });

  /** A frame out of the pod's eth0 as it is. */
  function sendRaw(pod: LabPod, frame: Buffer): void {
    const netns = openNetns(pod.netns);
    door.within(netns, () => {
      const fd = libc.socket(17, 3, 0);
      const name = libc.allocate(16);
      name.bytes.write('eth0');
      const address = libc.allocate(20);
      address.view.setUint16(0, 17, true);
      address.view.setInt32(4, libc.interfaceIndex(name.address), true);
      libc.bind(fd, address.address, 20);
      const memory = libc.allocate(frame.length);
      frame.copy(memory.bytes);
      expect(libc.send(fd, memory.address, frame.length, 0)).toBe(frame.length);
      libc.close(fd);
    });
    closeNetns(netns);
  }

  test('a ring that nobody reads runs full, says how much was lost, and goes on afterwards', async () => {
    const { source, table, lost } = tapped(server());
    await send(v4(), 4_000_000);
    const [from = 0] = await pumpDuring(source, send(v4(), 1_000));
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.reduce((sum, [, count]) => sum + count, 0)).toBe(source.stats().drops);
    expect(source.stats().freezes).toBeGreaterThan(0);
    expect(lost[0]?.[0]).toBe(server().name);
    const [later = 0] = await pumpDuring(source, send(v4(), 1_000));
    expect(streamFrom(table.frames, later).toString()).toBe(sent(1_000));
    expect(from).not.toBe(later);
  });

  test('a pass hands over no more frames than it may, stays readable, and loses none', async () => {
    const { source, table, lost } = tapped(server(), {
      framesPerPass: 4,
      geometry: { ...smallest, blockCount: 16 },
    });
    const ports = await send(v4(), 1_000, 20);
    let most = 0;
    await pumpUntil(source, () => {
      const before = table.frames.length;
      source.onReadable();
      most = Math.max(most, table.frames.length - before);
      return ports.every((from) =>
        table.frames.some((frame) => {
          const segment = segmentOf(frame);
          return segment?.from === from && (segment.flags & 1) !== 0;
        }),
      );
    });
    expect(most).toBe(4);
    expect(source.stats().cutPasses).toBeGreaterThan(0);
    for (const from of ports) expect(streamFrom(table.frames, from).toString()).toBe(sent(1_000));
    expect(lost).toEqual([]);
  });

  test('several namespaces share one descriptor, and each frame goes to its own', async () => {
    const { source, table } = tapped(server());
    const other = createCollector();
    source.attach({
      pod: client().name,
      fd: open(client(), { geometry: smallest }),
      geometry: smallest,
      table: other,
    });
    const idle = createCollector();
    source.attach({
      pod: podAt(2).name,
      fd: open(podAt(2), { geometry: smallest }),
      geometry: smallest,
      table: idle,
    });
    const [from = 0] = await pumpDuring(source, send(v4(), 5_000));
    expect(streamFrom(table.frames, from).toString()).toBe(sent(5_000));
    expect(streamFrom(other.frames, from).toString()).toBe(sent(5_000));
    expect(idle.frames).toEqual([]);
    expect(source.stats().rings).toBe(3);
    source.detach(client().name);
    const before = other.frames.length;
    await pumpDuring(source, send(v4(), 5_000));
    expect(other.frames).toHaveLength(before);
    expect([table.closed, other.closed, source.stats().rings]).toEqual([0, 1, 2]);
  });

  test('a ring is replaced under traffic without a byte missing', async () => {
    // Room for all of the traffic: a busy machine keeps the reader away for longer than a usual ring holds.
    const geometry: RingGeometry = { ...smallest, blockCount: 256 };
    const { source, table, fd, lost, gone } = tapped(server(), { geometry });
    let over = false;
    const traffic = send(v4(), 40_000, 150).finally(() => (over = true));
    let present = fd;
    for (let round = 0; round < 5; round++) {
      const reached = table.frames.length + 50;
      await pumpUntil(source, () => table.frames.length >= reached || over);
      const next = open(server(), { geometry, replaces: present });
      source.attach({ pod: server().name, fd: next, geometry, table });
      present = next;
    }
    const ports = await pumpDuring(source, traffic);
    // Each ring is read when the one before it is empty: on a busy machine later than the traffic ends.
    const ended = new Set<number>();
    let looked = 0;
    await pumpUntil(source, () => {
      for (const frame of table.frames.slice(looked)) ended.add(portEnded(frame));
      looked = table.frames.length;
      return lost.length > 0 || ports.every((from) => ended.has(from));
    });
    expect(lost).toEqual([]);
    expect(ports.filter((from) => streamFrom(table.frames, from).toString() !== sent(40_000))).toEqual([]);
    expect([lost, gone, table.closed, source.stats().rings]).toEqual([[], [], 0, 1]);
  });

  test('a table that throws ends its own tap and no other', async () => {
    const { source, gone } = tapped(podAt(2));
    const bug = new Error('a bug of ours');
    const broken = createCollector();
    broken.push = () => {
      throw bug;
    };
    source.attach({
      pod: server().name,
      fd: open(server(), { geometry: smallest }),
      geometry: smallest,
      table: broken,
    });
    await pumpDuring(source, send(v4(), 100));
    expect(gone).toEqual([[server().name, bug]]);
    expect(source.stats().rings).toBe(1);
  });

  test('an interface that goes down and comes back is tapped on; one that is deleted is let go of', async () => {
    const { source, table, gone } = tapped(server());
    lab.ip(server(), 'link', 'set', 'eth0', 'down');
    await pumpDuring(source, Promise.resolve());
    lab.ip(server(), 'link', 'set', 'eth0', 'up');
    const [from = 0] = await pumpDuring(source, send(v4(), 500));
    expect(streamFrom(table.frames, from).toString()).toBe(sent(500));
    expect(gone).toEqual([]);

    const extra = createCollector();
    lab.ip(podAt(2), 'link', 'add', 'eth9', 'type', 'veth', 'peer', 'name', 'eth8');
    lab.ip(podAt(2), 'link', 'set', 'eth9', 'up');
    const fd = open(podAt(2), { geometry: smallest, interfaceName: 'eth9' });
    source.attach({ pod: 'going', fd, geometry: smallest, table: extra });
    lab.ip(podAt(2), 'link', 'del', 'eth9');
    await pumpUntil(source, () => gone.length > 0);
    expect(gone).toEqual([['going', undefined]]);
    expect([extra.closed, source.stats().rings]).toEqual([1, 1]);
  });

  test('an interface that is not there is refused in words, and nothing stays open', () => {
    const before = readdirSync('/proc/self/fd').length;
    expect(() => open(server(), { interfaceName: 'eth7' })).toThrow(
      'The tap cannot have the interface eth7: there is no such interface in the namespace.',
    );
    expect(() => open(server(), { interfaceName: '' })).toThrow('no such interface');
    expect(() => open(server(), { interfaceName: 'a-name-that-is-too-long' })).toThrow('no such interface');
    // Not more: rings of the tests before may still be closing in another thread.
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
  });

  test('closing gives back descriptors and memory', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const mappings = (): number => readFileSync('/proc/self/maps', 'utf8').split('socket:').length;
    const mapped = mappings();
    const { source, table } = tapped(server());
    await pumpDuring(source, send(v4(), 5_000));
    expect(table.frames.length).toBeGreaterThan(0);
    expect(mappings()).toBe(mapped + 1);
    source.close();
    expect([mappings(), table.closed]).toEqual([mapped, 1]);
    await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
  });
});
