// Medians and spreads over rounds. Pure.

export interface Summary {
  readonly median: number;
  /** Smallest and largest of the rounds. */
  readonly low: number;
  readonly high: number;
}

/** The value below which a share `q` (0 to 1) of the sorted numbers lies; NaN for none. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** Median and range of some rounds. */
export function summarise(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1
      ? (sorted[Math.floor(middle)] ?? Number.NaN)
      : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
  return { median, low: sorted[0] ?? Number.NaN, high: sorted.at(-1) ?? Number.NaN };
}

/** A number as a table shows it: three significant digits, no exponent. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return Number(value.toPrecision(3)).toString();
}

/** `median (low–high)`; a dash where nothing was measured. */
export const shown = ({ median, low, high }: Summary): string =>
  Number.isFinite(median) ? `${short(median)} (${short(low)}–${short(high)})` : '–';
