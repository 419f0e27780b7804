// One coarse wheel for all deadlines: an entry sits in one slot and is looked at when its slot comes round; whoever owns it then says
// when to look again. Moving a deadline later costs nothing, and ten thousand idle entries cost nothing. Knows no clock.

/** Embedded in what has a deadline, so that the wheel allocates nothing per entry. */
export interface WheelEntry {
  /** Tick at which it will be looked at, -1 when not scheduled. */
  wheelTick: number;
  wheelNext: WheelEntry | undefined;
  wheelPrevious: WheelEntry | undefined;
}

/** Times are ms of one clock that never jumps. */
export interface TimerWheel<Entry extends WheelEntry> {
  /** Look at the entry at `atMs` or up to one tick later; beyond the wheel's horizon it is looked at early. Replaces an earlier call. */
  schedule(entry: Entry, atMs: number): void;
  /** Like `schedule`, but only if that is sooner than what is scheduled. */
  hasten(entry: Entry, atMs: number): void;
  cancel(entry: Entry): void;
  /** Calls `due` for every entry whose tick has passed; they are unscheduled before the call. */
  advance(nowMs: number, due: (entry: Entry) => void): void;
}

/** `tickMs` is the resolution, `slots` x `tickMs` the horizon. */
interface WheelOptions {
  readonly tickMs: number;
  readonly slots: number;
  readonly nowMs: number;
}

class Wheel<Entry extends WheelEntry> implements TimerWheel<Entry> {
  readonly #tickMs: number;
  readonly #slots: number;
  readonly #heads: (Entry | undefined)[];
  #tick: number;

  constructor({ tickMs, slots, nowMs }: WheelOptions) {
    this.#tickMs = tickMs;
    this.#slots = slots;
    this.#heads = new Array<Entry | undefined>(slots).fill(undefined);
    this.#tick = Math.floor(nowMs / tickMs);
  }

  #tickOf(atMs: number): number {
    const tick = Math.ceil(atMs / this.#tickMs);
    return Math.min(Math.max(tick, this.#tick + 1), this.#tick + this.#slots - 1);
  }

  schedule(entry: Entry, atMs: number): void {
    this.cancel(entry);
    const at = this.#tickOf(atMs);
    const first = this.#heads[at % this.#slots];
    entry.wheelTick = at;
    entry.wheelNext = first;
    if (first) first.wheelPrevious = entry;
    this.#heads[at % this.#slots] = entry;
  }

  hasten(entry: Entry, atMs: number): void {
    if (entry.wheelTick < 0 || this.#tickOf(atMs) < entry.wheelTick) this.schedule(entry, atMs);
  }

  cancel(entry: Entry): void {
    if (entry.wheelTick < 0) return;
    const { wheelNext, wheelPrevious } = entry;
    if (wheelPrevious) wheelPrevious.wheelNext = wheelNext;
    else this.#heads[entry.wheelTick % this.#slots] = wheelNext as Entry | undefined;
    if (wheelNext) wheelNext.wheelPrevious = wheelPrevious;
    entry.wheelTick = -1;
    entry.wheelNext = entry.wheelPrevious = undefined;
  }

  advance(nowMs: number, due: (entry: Entry) => void): void {
    const target = Math.floor(nowMs / this.#tickMs);
    // After a long sleep every slot is visited once: no tick within the horizon is missed.
    this.#tick = Math.max(this.#tick, target - this.#slots);
    while (this.#tick < target) {
      const slot = ++this.#tick % this.#slots;
      for (let entry = this.#heads[slot]; entry; entry = this.#heads[slot]) {
        this.cancel(entry);
        due(entry);
      }
    }
  }
}

/** A wheel without entries, standing at `nowMs`. */
export function createTimerWheel<Entry extends WheelEntry>(options: WheelOptions): TimerWheel<Entry> {
  return new Wheel<Entry>(options);
}
