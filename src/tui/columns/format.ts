// Numbers and times as people read them: short, with units, never ambiguous. Pure.

/** A rate per second: `0.2/s`, `41/s`, `1,284/s`. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return '0/s';
  if (perSecond < 0.05) return '<0.1/s';
  return perSecond < 9.95 ? `${perSecond.toFixed(1)}/s` : `${formatCount(Math.round(perSecond))}/s`;
}

/** A whole number with thousands separated: `12,431`. */
export function formatCount(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A count in at most five cells: `999`, `12.4k`, `3.1M`. */
export function formatShortCount(value: number): string {
  const units: readonly (readonly [number, string])[] = [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ];
  for (const [size, unit] of units) {
    if (value < size * 0.9995) continue;
    const scaled = value / size;
    return `${scaled < 99.95 ? scaled.toFixed(1) : Math.round(scaled)}${unit}`;
  }
  return String(Math.round(value));
}

/** A share as a percentage: `0 %`, `<0.1 %`, `4.4 %`, `94 %`. Never `100 %` unless it is all. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (percent < 0.1) return '<0.1 %';
  if (percent < 9.95) return `${percent.toFixed(1)} %`;
  if (percent < 100 && percent > 99) return '>99 %';
  return `${Math.round(percent)} %`;
}

/** Latency in ms without the unit, for a column headed MS: `0.2`, `38.0`, `1204`. */
export function formatMs(ms: number): string {
  return ms < 99.95 ? ms.toFixed(1) : String(Math.round(ms));
}

/** A duration with its unit: `0.2 ms`, `61 ms`, `1.2 s`, `3m 05s`, `2h 10m`. */
export function formatDuration(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  return formatSpan(ms);
}

const two = (value: number): string => String(value).padStart(2, '0');

/** A longer span in two units at most: `45s`, `3m 05s`, `2h 10m`, `3d 4h`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** Size: `0 B`, `812 B`, `4.1 KiB`, `2.0 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** `HH:MM:SS` of epoch ms, moved by an offset in minutes (0: UTC). Nothing for a time that is none. */
export function formatClock(ms: number, utcOffsetMinutes: number): string {
  if (!Number.isFinite(ms) || ms <= 0) return '--:--:--';
  const date = new Date(ms + utcOffsetMinutes * 60_000);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** `HH:MM:SS.mmm`, as formatClock. */
export function formatClockMs(ms: number, utcOffsetMinutes: number): string {
  if (!Number.isFinite(ms) || ms <= 0) return '--:--:--.---';
  const millis = String(Math.floor(((ms % 1000) + 1000) % 1000)).padStart(3, '0');
  return `${formatClock(ms, utcOffsetMinutes)}.${millis}`;
}

/** `1 request`, `412 requests`. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : many}`;
}
