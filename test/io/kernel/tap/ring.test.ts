// How blocks and frames are walked, on memory laid out as the kernel does (Documentation/networking/packet_mmap.rst).
import { expect, test } from 'vitest';
import { loadLibc, type Libc } from '../../../../src/io/kernel/libc.ts';
import { mapRing, type FrameSink, type TapRing } from '../../../../src/io/kernel/tap/ring.ts';
import { describeUnless, lacking } from '../../../helpers/unless.ts';

const blockBytes = 1024;
const geometry = { blockBytes, blockCount: 3, retireMs: 20 };
const firstFrame = 48;
const macOffset = 82;

interface LaidFrame {
  readonly text: string;
  readonly wireLength?: number;
  readonly status?: number;
  readonly vlanTag?: number;
}

interface Laid {
  readonly ring: TapRing;
  readonly words: Int32Array;
  readonly closed: number[];
  /** Fills a block and hands it over, as the kernel does. */
  readonly fill: (block: number, frames: readonly LaidFrame[]) => void;
  /** 1: ours; 0: the kernel's again. */
  readonly status: (block: number) => number;
}

async function laidOut(): Promise<Laid> {
  const real = await loadLibc();
  const bytes = Buffer.from(new ArrayBuffer(blockBytes * geometry.blockCount));
  const words = new Int32Array(bytes.buffer);
  const closed: number[] = [];
  const libc: Libc = {
    ...real,
    mapShared: () => ({ bytes, words, unmap: () => void closed.push(-1) }),
    closeElsewhere: (fd) => void closed.push(fd),
  };
  const ring = mapRing(libc, 9, geometry);
  const fill = (block: number, frames: readonly LaidFrame[]): void => {
    const start = block * blockBytes;
    let at = start + firstFrame;
    for (const { text, wireLength, status = 1, vlanTag = 0 } of frames) {
      const next = Math.ceil((macOffset + text.length) / 16) * 16;
      const fields = [next, 1_700_000_000, 250_000_000, text.length, wireLength ?? text.length, status];
      for (const [index, value] of fields.entries()) bytes.writeUInt32LE(value, at + index * 4);
      bytes.writeUInt16LE(macOffset, at + 24);
      bytes.writeUInt16LE(macOffset + 14, at + 26);
      bytes.writeUInt32LE(vlanTag, at + 32);
      bytes.write(text, at + macOffset);
      at += next;
    }
    bytes.writeUInt32LE(frames.length, start + 12);
    bytes.writeUInt32LE(firstFrame, start + 16);
    bytes.writeUInt32LE(1, start + 8);
  };
  return { ring, words, closed, fill, status: (block) => words[(block * blockBytes) / 4 + 2] ?? -1 };
}

function collect(): FrameSink & { readonly seen: string[]; readonly details: (readonly [number, number])[] } {
  const seen: string[] = [];
  const details: (readonly [number, number])[] = [];
  return {
    seen,
    details,

    push: (bytes, start, end, wireLength, nowMs) => {
      seen.push(bytes.toString('latin1', start, end));
      details.push([wireLength, nowMs]);
    },
  };
}

const named = (...texts: readonly string[]): LaidFrame[] => texts.map((text) => ({ text }));

describeUnless(lacking(process.platform === 'linux', 'libc of Linux'))('a ring', () => {
  test('hands over the frames of each block in order, and gives the block back', async () => {
    const { ring, fill, status } = await laidOut();
    const sink = collect();
    fill(0, named('one', 'two'));
    fill(1, named('three'));
    expect(ring.read(sink, 100)).toBe(3);
    expect(sink.seen).toEqual(['one', 'two', 'three']);
    expect([0, 1].map(status)).toEqual([0, 0]);
    expect(ring.read(sink, 100)).toBe(0);
  });

  test('says the length on the wire and the time of arrival in milliseconds', async () => {
    const { ring, fill } = await laidOut();
    const sink = collect();
    fill(0, [{ text: 'cut', wireLength: 65_000 }]);
    ring.read(sink, 1);
    expect(sink.details).toEqual([[65_000, 1_700_000_000_250]]);
  });

  test('goes on inside a block where the limit stopped it, and keeps the block until then', async () => {
    const { ring, fill, status } = await laidOut();
    const sink = collect();
    fill(0, named('a', 'b', 'c', 'd', 'e'));
    fill(1, named('f'));
    expect([ring.read(sink, 2), status(0)]).toEqual([2, 1]);
    expect([ring.read(sink, 2), status(0)]).toEqual([2, 1]);
    expect([ring.read(sink, 2), status(0), status(1)]).toEqual([2, 0, 0]);
    expect(sink.seen.join('')).toBe('abcdef');
  });

  test('turns around at its end, waits for the block that is next, and passes over an empty one', async () => {
    const { ring, fill } = await laidOut();
    const sink = collect();
    for (const round of ['r', 's', 't']) {
      for (const block of [0, 1, 2]) {
        fill(block, named(`${round}${block}`));
        ring.read(sink, 10);
      }
    }
    expect(sink.seen).toEqual(['r0', 'r1', 'r2', 's0', 's1', 's2', 't0', 't1', 't2']);
    fill(1, named('early'));
    expect(ring.read(sink, 10)).toBe(0);
    fill(0, []);
    ring.read(sink, 10);
    expect(ring.read(sink, 10) + sink.seen.length).toBeGreaterThan(9);
    expect(sink.seen.at(-1)).toBe('early');
  });

  test('tells status and VLAN tag of the frame that is handed over', async () => {
    const { ring, fill } = await laidOut();
    const seen: (readonly [number, number])[] = [];
    fill(0, [
      { text: 'plain', status: 1 | 8 | 256 },
      { text: 'tagged', status: 1 | 16, vlanTag: 4095 },
    ]);
    ring.read({ push: () => void seen.push([ring.frameStatus(), ring.vlanTag()]) }, 10);
    expect(seen).toEqual([
      [265, -1],
      [17, 4095],
    ]);
  });

  test('does not hand over again what its reader threw at', async () => {
    const { ring, fill, status } = await laidOut();
    const seen: string[] = [];
    fill(0, named('good', 'bad', 'after'));
    const sink: FrameSink = {
      push(bytes, start, end) {
        const text = bytes.toString('latin1', start, end);
        if (text === 'bad') throw new Error('a bug');
        seen.push(text);
      },
    };
    expect(() => ring.read(sink, 10)).toThrow('a bug');
    expect(ring.read(sink, 10)).toBe(1);
    expect([seen, status(0)]).toEqual([['good', 'after'], 0]);
  });

  test('stops when its reader closes it, gives memory back before the descriptor, and closes once', async () => {
    const { ring, fill, closed } = await laidOut();
    fill(0, named('a', 'b'));
    let pushed = 0;
    const sink: FrameSink = {
      push() {
        pushed++;
        ring.close();
      },
    };
    expect(ring.read(sink, 10)).toBe(1);
    ring.close();
    expect([pushed, closed, ring.read(sink, 10)]).toEqual([1, [-1, 9], 0]);
  });

  test('that cannot be mapped is refused in words', async () => {
    const libc: Libc = { ...(await loadLibc()), mapShared: () => undefined, errno: () => 12 };
    expect(() => mapRing(libc, 9, geometry)).toThrow(
      "The tap's ring cannot be mapped: the machine has no memory for it.",
    );
  });
});
