// Counters per second over the last minute, several fields at once, in one typed array. Time comes in as whole seconds.

/** Seconds kept. */
export const windowSeconds = 60;

/** Counters of the last minute by second and field; seconds are whole and may come out of order. */
export interface SecondWindow {
  /** Count one into `field` at `second`; older than the window is left out. */
  add(second: number, field: number): void;
  /** Sum of `field` over the `seconds` that end with `nowSecond` inclusive. */
  sum(field: number, nowSecond: number, seconds: number): number;
}

/** Counters with `fields` fields. */
export function createSecondWindow(fields: number): SecondWindow {
  const counts = new Uint32Array(fields * windowSeconds);
  const stamps = new Float64Array(windowSeconds).fill(-1);
  return {
    add(second, field) {
      const slot = ((second % windowSeconds) + windowSeconds) % windowSeconds;
      const stamp = stamps[slot] ?? -1;
      if (stamp > second) return;
      if (stamp < second) {
        counts.fill(0, slot * fields, (slot + 1) * fields);
        stamps[slot] = second;
      }
      const at = slot * fields + field;
      counts[at] = (counts[at] ?? 0) + 1;
    },
    sum(field, nowSecond, seconds) {
      let total = 0;
      for (let slot = 0; slot < windowSeconds; slot++) {
        const age = nowSecond - (stamps[slot] ?? -1);
        if (age >= 0 && age < seconds) total += counts[slot * fields + field] ?? 0;
      }
      return total;
    },
  };
}
