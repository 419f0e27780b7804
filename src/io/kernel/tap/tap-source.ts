// The rings of many namespaces behind one descriptor, so that one loop can host them all: reads a bounded number of frames per pass into each
// namespace's table, counts what the kernel dropped, and lets go of rings whose interface is gone. Knows no packet format.
import type { BpfInstruction } from '../../../core/tap/bpf.ts';
import type { RingGeometry } from '../../../core/tap/ring-budget.ts';
import { nothingFilter } from '../../../core/tap/tap-filter.ts';
import { createEpoll, type Epoll } from '../epoll.ts';
import { epollEvent } from '../linux.ts';
import type { Libc } from '../libc.ts';
import { attachRingFilter } from './open-ring.ts';
import { mapRing, type FrameSink, type TapRing } from './ring.ts';

/** What becomes of one namespace's frames: core's `Tap`. */
export interface TapTable extends FrameSink {
  /** Time goes on without frames. `nowMs` is the wall clock; frames that are handed over later may be up to a second older. */
  tick(nowMs: number): void;
  /** No frame comes any more. */
  close(nowMs: number): void;
}

/** A ring made by `openRing`, and whose frames they are. */
export interface TapAttachment {
  /** `namespace/name`. */
  readonly pod: string;
  /** Which of its interfaces; a pod may have a ring on each. Absent where nobody tells them apart. */
  readonly interfaceName?: string;
  /** The source owns it from here on. */
  readonly fd: number;
  readonly geometry: RingGeometry;
  /** One for all rings of a pod: answers may leave by another interface than their questions came. */
  readonly table: TapTable;
  /** Before frames of this ring are handed over. */
  readonly onTurn?: () => void;
}

/** What the source tells its surroundings. */
export interface TapSourceOptions {
  /** Most frames handed over in one pass, over all rings. */
  readonly framesPerPass?: number;
  /** The ring of the pod was full: `count` frames were never seen. To be told as `lost {where: 'tap-ring'}`. */
  readonly onLost: (pod: string, count: number) => void;
  /** The interface was deleted, and its ring is closed already; or our own code failed at the pod's frames (`error`), and all its rings are. */
  readonly onGone: (pod: string, error?: unknown, interfaceName?: string) => void;
}

/** Counts since the start, all rings together, those that are closed by now included. */
export interface TapStats {
  /** Interfaces that are listened on now. */
  readonly rings: number;
  /** Handed over. */
  readonly frames: number;
  /** Never seen, as the ring was full, and how often it was. */
  readonly drops: number;
  readonly freezes: number;
  /** Passes that stopped at `framesPerPass` with frames left: inline connections came first. */
  readonly cutPasses: number;
}

/** An object that an epoll loop can host. */
export interface TapSource {
  /** Readable while frames wait. */
  readonly fd: number;
  onReadable(): void;
  /** To be called about ten times a second. */
  tick(nowMs: number): void;
  /** An interface that has a ring already gets this one in its place: what the old one holds is read first. Throws AppError as `mapRing`. */
  attach(attachment: TapAttachment): void;
  /** From now on the pod's rings take what this program lets pass, without a packet in between that none has seen. @throws Error; then some have the one before. */
  filter(pod: string, program: readonly BpfInstruction[]): void;
  /** The interface, or all of the pod, is not tapped any more; frames that wait unread are told as lost. */
  detach(pod: string, interfaceName?: string): void;
  stats(): TapStats;
  close(): void;
}

/**
 * A frame with its request costs 1 to 5 µs: about 1 ms, so that inline connections of the same loop wait no longer than for a burst of
 * their own kind.
 */
const usualFramesPerPass = 256;
/** Rings looked at in one pass; the others are ready again in the next. */
const ringsPerPass = 64;
/** How often drops are asked for, ms. */
const countEveryMs = 250;
/** A ring that ends gives up its last frames when its block retires; after this long it is closed whatever it still holds, ms. */
const longestDrainMs = 1000;

/** A ring in use, or one that is replaced and still holds frames. */
interface AttachedRing {
  readonly pod: string;
  readonly interfaceName: string | undefined;
  readonly table: TapTable;
  readonly onTurn: (() => void) | undefined;
  readonly ring: TapRing;
  /** Distinguishes it from an earlier ring with the same descriptor. */
  readonly generation: number;
  /** Frames in it that were not handed over when it was last counted. */
  unread: number;
  /** Its interface went down: the kernel says so once, and is silent when it is deleted a moment later. */
  isDown: boolean;
  /** Nothing more comes into it: its interface is gone, or another ring takes its place. Closed once it is empty. */
  ending: boolean;
  next: AttachedRing | undefined;
  /** Since when `tick` knows that it ends. */
  endingSince: number | undefined;
}

/** Of one interface; no name has a space in it. */
const keyOf = ({ pod, interfaceName = '' }: Pick<AttachedRing, 'pod' | 'interfaceName'>): string =>
  `${pod} ${interfaceName}`;

/** The newest ring of an interface: those before it are being emptied. */
function lastOf(attached: AttachedRing): AttachedRing {
  let last = attached;
  while (last.next !== undefined) last = last.next;
  return last;
}

class Source implements TapSource {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #epoll: Epoll;
  readonly #options: Required<TapSourceOptions>;
  readonly #byFd = new Map<number, AttachedRing>();
  readonly #byKey = new Map<string, AttachedRing>();
  readonly #totals = { frames: 0, drops: 0, freezes: 0, cutPasses: 0 };
  #generation = 0;
  #countAt = 0;
  #nowMs = 0;

  constructor(libc: Libc, options: TapSourceOptions) {
    this.#libc = libc;
    this.#options = { framesPerPass: usualFramesPerPass, ...options };
    this.#epoll = createEpoll(libc, ringsPerPass);
    this.fd = this.#epoll.fd;
  }

  attach({ pod, interfaceName, fd, geometry, table, onTurn }: TapAttachment): void {
    const ring = mapRing(this.#libc, fd, geometry);
    const generation = ++this.#generation;
    const attached: AttachedRing = {
      ...{ pod, interfaceName, table, onTurn, ring, generation, unread: 0, isDown: false },
      ...{ ending: false, next: undefined, endingSince: undefined },
    };
    const present = this.#byKey.get(keyOf(attached));
    if (present === undefined) this.#listen(attached);
    else this.#replace(present, attached);
  }

  /** Behind those that wait already: each holds frames that the one before it does not. */
  #replace(present: AttachedRing, next: AttachedRing): void {
    const last = lastOf(present);
    attachRingFilter(this.#libc, last.ring.fd, nothingFilter);
    last.next = next;
    last.ending = true;
    this.#endIfEmpty(present);
  }

  #ringsOf(pod: string, interfaceName?: string): readonly AttachedRing[] {
    return [...this.#byKey.values()].filter(
      (one) => one.pod === pod && (interfaceName === undefined || one.interfaceName === interfaceName),
    );
  }

  filter(pod: string, program: readonly BpfInstruction[]): void {
    for (const attached of this.#ringsOf(pod))
      // Those before it hear nothing any more.
      if (!attachRingFilter(this.#libc, lastOf(attached).ring.fd, program))
        throw new Error(`the kernel refused another filter for its ring (error ${this.#libc.errno()}).`);
  }

  #listen(attached: AttachedRing): void {
    this.#byKey.set(keyOf(attached), attached);
    this.#byFd.set(attached.ring.fd, attached);
    this.#epoll.add(attached.ring.fd, epollEvent.in, attached.generation);
  }

  detach(pod: string, interfaceName?: string): void {
    for (const attached of this.#ringsOf(pod, interfaceName)) {
      this.#drop(attached);
      for (let next = attached.next; next !== undefined; next = next.next) this.#drop(next);
      this.#closeTable(lastOf(attached));
    }
  }

  /** Unless another ring of the pod has the same. */
  #closeTable({ pod, table }: AttachedRing): void {
    if (this.#ringsOf(pod).some((other) => other.table === table)) return;
    try {
      table.close(this.#nowMs);
    } catch (error) {
      this.#options.onGone(pod, error);
    }
  }

  /** Out of the tables and closed; what takes its place is not touched. Frames that were not read are lost, and said so. */
  #drop(attached: AttachedRing): void {
    this.#count(attached);
    if (attached.unread > 0) this.#options.onLost(attached.pod, attached.unread);
    const key = keyOf(attached);
    if (this.#byKey.get(key) === attached) this.#byKey.delete(key);
    this.#byFd.delete(attached.ring.fd);
    attached.ring.close();
  }

  onReadable(): void {
    const ready = this.#epoll.wait(0);
    if (ready === 0) return;
    const share = Math.max(1, Math.floor(this.#options.framesPerPass / ready));
    let cut = false;
    for (let index = 0; index < ready; index++) {
      const attached = this.#byFd.get(this.#epoll.fdAt(index));
      if (attached?.generation !== this.#epoll.generationAt(index)) continue;
      const events = this.#epoll.eventsAt(index);
      if (this.#read(attached, share) === share) cut = true;
      if ((events & (epollEvent.error | epollEvent.hangUp)) !== 0) this.#failed(attached);
    }
    if (cut) this.#totals.cutPasses++;
  }

  /** Frames handed over. A table that throws is our bug: that namespace is not tapped any more, the others are. */
  #read(attached: AttachedRing, most: number): number {
    try {
      attached.onTurn?.();
      const frames = attached.ring.read(attached.table, most);
      attached.unread -= frames;
      this.#totals.frames += frames;
      if (attached.ending) this.#endIfEmpty(attached);
      return frames;
    } catch (error) {
      this.#abandon(attached, error);
      return 0;
    }
  }

  #abandon(attached: AttachedRing, error: unknown): void {
    this.detach(attached.pod);
    this.#options.onGone(attached.pod, error);
  }

  /** An interface that is only down comes back; what had arrived before one went for good is still the pod's. */
  #failed(attached: AttachedRing): void {
    if (this.#byKey.get(keyOf(attached)) !== attached) return;
    attached.isDown = !attached.ring.isGone();
    if (attached.isDown) return;
    attached.ending = true;
    this.#endIfEmpty(attached);
  }

  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    const counting = nowMs >= this.#countAt || nowMs < this.#countAt - countEveryMs;
    if (counting) this.#countAt = nowMs + countEveryMs;
    const ticked = new Set<TapTable>();
    for (const attached of [...this.#byKey.values()]) {
      if (counting) this.#count(attached);
      if (counting && attached.isDown) this.#failed(attached);
      if (!ticked.has(attached.table)) this.#tickTable(attached, nowMs);
      ticked.add(attached.table);
      if (attached.ending) this.#endInTime(attached, nowMs);
    }
  }

  #tickTable(attached: AttachedRing, nowMs: number): void {
    if (!this.#byKey.has(keyOf(attached))) return;
    try {
      attached.table.tick(nowMs);
    } catch (error) {
      this.#abandon(attached, error);
    }
  }

  #endInTime(attached: AttachedRing, nowMs: number): void {
    attached.endingSince ??= nowMs;
    if (Math.abs(nowMs - attached.endingSince) < longestDrainMs) this.#endIfEmpty(attached);
    else this.#end(attached);
  }

  #endIfEmpty(attached: AttachedRing): void {
    this.#count(attached);
    if (attached.unread <= 0 && attached.ending) this.#end(attached);
  }

  #end(attached: AttachedRing): void {
    if (this.#byKey.get(keyOf(attached)) !== attached) return;
    const { pod, interfaceName, table, next } = attached;
    this.#drop(attached);
    if (next?.table !== table) this.#closeTable(attached);
    if (next === undefined) this.#options.onGone(pod, undefined, interfaceName);
    else this.#listen(next);
    if (next?.ending === true) this.#endIfEmpty(next);
  }

  #count(attached: AttachedRing): void {
    const { frames, drops, freezes } = attached.ring.counts();
    attached.unread += frames;
    this.#totals.drops += drops;
    this.#totals.freezes += freezes;
    if (drops > 0) this.#options.onLost(attached.pod, drops);
  }

  stats(): TapStats {
    return { rings: this.#byKey.size, ...this.#totals };
  }

  close(): void {
    for (const { pod } of [...this.#byKey.values()]) this.detach(pod);
    this.#epoll.close();
  }
}

/** A source without rings. */
export function createTapSource(libc: Libc, options: TapSourceOptions): TapSource {
  return new Source(libc, options);
}
