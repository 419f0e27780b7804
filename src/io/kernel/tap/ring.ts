// A TPACKET_V3 receive ring read in place: blocks whose status word the kernel hands over with, frames inside them as spans. Knows neither
// the frames' contents nor who reads them.
import { AppError } from '../../../core/model/app-error.ts';
import type { RingGeometry } from '../../../core/tap/ring-budget.ts';
import { errno, level, option } from '../linux.ts';
import type { Libc, MappedMemory, NativeBuffer } from '../libc.ts';
import { blockWord, frameWord, packetLevel, packetOption, ringStatus, structBytes } from './packet-abi.ts';

/** Who takes the frames. */
export interface FrameSink {
  /**
   * One frame from its Ethernet header on, `bytes[start]` to before `bytes[end]`, which are the ring's own memory: valid during the call
   * only. `wireLength` is more than `end - start` when the filter cut it short. `nowMs` is the kernel's wall clock at its arrival, with
   * a fraction.
   */
  push(bytes: Buffer, start: number, end: number, wireLength: number, nowMs: number): void;
}

/** What the kernel counted since it was last asked. */
export interface RingCounts {
  /** Frames that passed the filter and found room. */
  readonly frames: number;
  /** Frames that passed the filter and found none. */
  readonly drops: number;
  /** How often the ring was full. */
  readonly freezes: number;
}

/** One ring. For one thread. */
export interface TapRing {
  readonly fd: number;
  /** Hands over at most `mostFrames` frames that are ready; answers how many. Goes on inside a block where the last call stopped. */
  read(sink: FrameSink, mostFrames: number): number;
  /** During `push`: TP_STATUS_* of the frame. */
  frameStatus(): number;
  /** During `push`: tag control information of the VLAN tag that the kernel took off the frame; -1: none. */
  vlanTag(): number;
  counts(): RingCounts;
  /** Whether the interface was deleted. One that is only down may come back. Clears the pending error, so that epoll is quiet again. */
  isGone(): boolean;
  /** Gives the memory back, and the descriptor soon after. Nothing is read after it. */
  close(): void;
}

/** Offset of sll_ifindex. */
const interfaceIndexOffset = 4;

class PacketRing implements TapRing {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #memory: MappedMemory;
  readonly #blockWords: number;
  readonly #blockCount: number;
  readonly #answer: NativeBuffer;
  readonly #length: NativeBuffer;
  /** The block that is read, or that comes next. */
  #block = 0;
  /** Frames of it that are left, and where the next one starts, in words. */
  #left = 0;
  #next = 0;
  /** The frame that was handed over last. */
  #frame = 0;
  #closed = false;

  constructor(libc: Libc, fd: number, parts: { memory: MappedMemory; geometry: RingGeometry }) {
    this.fd = fd;
    this.#libc = libc;
    this.#memory = parts.memory;
    this.#blockWords = parts.geometry.blockBytes / 4;
    this.#blockCount = parts.geometry.blockCount;
    this.#answer = libc.allocate(structBytes.linkAddress);
    this.#length = libc.allocate(4);
  }

  read(sink: FrameSink, mostFrames: number): number {
    let done = 0;
    while (done < mostFrames && !this.#closed) {
      if (this.#left === 0 && !this.#enterBlock()) break;
      done += this.#walk(sink, Math.min(this.#left, mostFrames - done));
      if (this.#left === 0) this.#releaseBlock();
    }
    return done;
  }

  #enterBlock(): boolean {
    const { words } = this.#memory;
    const start = this.#block * this.#blockWords;
    if ((Atomics.load(words, start + blockWord.status) & ringStatus.user) === 0) return false;
    this.#left = words[start + blockWord.frames] ?? 0;
    this.#next = start + ((words[start + blockWord.firstOffset] ?? 0) >>> 2);
    if (this.#left === 0) this.#releaseBlock();
    return this.#left > 0;
  }

  #releaseBlock(): void {
    if (this.#closed) return;
    Atomics.store(this.#memory.words, this.#block * this.#blockWords + blockWord.status, 0);
    this.#block = (this.#block + 1) % this.#blockCount;
  }

  #walk(sink: FrameSink, count: number): number {
    const { bytes, words } = this.#memory;
    let walked = 0;
    while (walked < count && !this.#closed) {
      const frame = this.#next;
      // On before the call: a frame that the sink throws at is not handed over again.
      this.#frame = frame;
      this.#next = frame + ((words[frame] ?? 0) >>> 2);
      this.#left--;
      walked++;
      const start = frame * 4 + ((words[frame + frameWord.macNet] ?? 0) & 0xffff);
      const seconds = (words[frame + frameWord.seconds] ?? 0) >>> 0;
      const nanoseconds = words[frame + frameWord.nanoseconds] ?? 0;
      sink.push(
        bytes,
        start,
        start + (words[frame + frameWord.capturedBytes] ?? 0),
        words[frame + frameWord.wireBytes] ?? 0,
        seconds * 1000 + nanoseconds / 1e6,
      );
    }
    return walked;
  }

  frameStatus(): number {
    return this.#memory.words[this.#frame + frameWord.status] ?? 0;
  }

  vlanTag(): number {
    if ((this.frameStatus() & ringStatus.vlanValid) === 0) return -1;
    return (this.#memory.words[this.#frame + frameWord.vlanTag] ?? 0) & 0xffff;
  }

  counts(): RingCounts {
    const { view, address } = this.#answer;
    this.#length.view.setInt32(0, structBytes.statistics, true);
    const asked = this.#libc.getsockopt(
      this.fd,
      packetLevel,
      packetOption.statistics,
      address,
      this.#length.address,
    );
    if (asked !== 0) return { frames: 0, drops: 0, freezes: 0 };
    const drops = view.getUint32(4, true);
    return { frames: view.getUint32(0, true) - drops, drops, freezes: view.getUint32(8, true) };
  }

  isGone(): boolean {
    const { view, address } = this.#answer;
    this.#length.view.setInt32(0, 4, true);
    this.#libc.getsockopt(this.fd, level.socket, option.error, address, this.#length.address);
    this.#length.view.setInt32(0, structBytes.linkAddress, true);
    if (this.#libc.getsockname(this.fd, address, this.#length.address) !== 0) return true;
    return view.getInt32(interfaceIndexOffset, true) <= 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#memory.unmap();
    this.#libc.closeElsewhere(this.fd);
  }
}

/**
 * Maps the ring of a socket that `openRing` made, in whatever thread is to read it. The socket stays the caller's until this has answered.
 * @throws AppError when the kernel does not map it.
 */
export function mapRing(libc: Libc, fd: number, geometry: RingGeometry): TapRing {
  const memory = libc.mapShared(fd, geometry.blockBytes * geometry.blockCount);
  if (memory === undefined) throw notMapped(libc.errno());
  return new PacketRing(libc, fd, { memory, geometry });
}

function notMapped(error: number): AppError {
  return new AppError({
    code: 'TAP_REFUSED',
    family: 'cannotCreate',
    message: `The tap's ring cannot be mapped: ${error === errno.noMemory ? 'the machine has no memory for it' : `the kernel answered error ${error}`}.`,
    hint: 'Lower --tap-budget.',
  });
}
