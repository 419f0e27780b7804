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
export function createTimerWheel<Entry extends WheelEntry>(options: {
  readonly tickMs: number;
  readonly slots: number;
  readonly nowMs: number;
}): TimerWheel<Entry> {
  const { tickMs, slots } = options;
  const heads = new Array<Entry | undefined>(slots).fill(undefined);
  let tick = Math.floor(options.nowMs / tickMs);

  function cancel(entry: Entry): void {
    if (entry.wheelTick < 0) return;
    const { wheelNext, wheelPrevious } = entry;
    if (wheelPrevious) wheelPrevious.wheelNext = wheelNext;
    else heads[entry.wheelTick % slots] = wheelNext as Entry | undefined;
    if (wheelNext) wheelNext.wheelPrevious = wheelPrevious;
    entry.wheelTick = -1;
    entry.wheelNext = entry.wheelPrevious = undefined;
  }

  const tickOf = (atMs: number): number =>
    Math.min(Math.max(Math.ceil(atMs / tickMs), tick + 1), tick + slots - 1);

  function schedule(entry: Entry, atMs: number): void {
    cancel(entry);
    const at = tickOf(atMs);
    const first = heads[at % slots];
    entry.wheelTick = at;
    entry.wheelNext = first;
    if (first) first.wheelPrevious = entry;
    heads[at % slots] = entry;
  }

  return {
    schedule,
    hasten(entry, atMs) {
      if (entry.wheelTick < 0 || tickOf(atMs) < entry.wheelTick) schedule(entry, atMs);
    },
    cancel,
    advance(nowMs, due) {
      const target = Math.floor(nowMs / tickMs);
      // After a long sleep every slot is visited once: no tick within the horizon is missed.
      tick = Math.max(tick, target - slots);
      while (tick < target) {
        tick++;
        for (let entry = heads[tick % slots]; entry; entry = heads[tick % slots]) {
          cancel(entry);
          due(entry);
        }
      }
    },
  };
}
