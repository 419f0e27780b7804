// Reads what V8 prints with --trace-gc: how much each isolate allocated, from the heap sizes before and after collections.

export interface Allocation {
  /** `main` is the isolate that collected first; the data plane's worker is the other. */
  readonly isolate: 'main' | 'worker';
  readonly bytesPerSecond: number;
  /** Collections of any kind in the window. */
  readonly collections: number;
  readonly pauseMsPerSecond: number;
}

const pattern =
  /^\[\d+:(0x[0-9a-f]+)[^\]]*\]\s+(\d+) ms: (?:Scavenge|Mark-Compact)[^0-9]*?([\d.]+) \([\d.]+\) -> ([\d.]+) \([\d.]+\) MB.*?([\d.]+) \/ [\d.]+ ms/;

interface Collection {
  readonly isolate: string;
  readonly atMs: number;
  readonly beforeMb: number;
  readonly afterMb: number;
  readonly pauseMs: number;
}

/** Collections of a trace, in order. */
export function readCollections(trace: string): readonly Collection[] {
  return trace.split('\n').flatMap((line) => {
    const found = pattern.exec(line);
    if (found === null) return [];
    const [, isolate = '', atMs, beforeMb, afterMb, pauseMs] = found;
    return [
      {
        isolate,
        atMs: Number(atMs),
        beforeMb: Number(beforeMb),
        afterMb: Number(afterMb),
        pauseMs: Number(pauseMs),
      },
    ];
  });
}

/** Allocation between two moments, ms since the process began. An isolate with fewer than two collections has none to show. */
export function allocationsBetween(trace: string, fromMs: number, toMs: number): readonly Allocation[] {
  const all = readCollections(trace);
  const isolates = [...new Set(all.map(({ isolate }) => isolate))];
  return isolates.slice(0, 2).flatMap((isolate, index) => {
    const own = all.filter((each) => each.isolate === isolate && each.atMs >= fromMs && each.atMs <= toMs);
    const first = own[0];
    const last = own.at(-1);
    if (first === undefined || last === undefined || first === last) return [];
    const seconds = (last.atMs - first.atMs) / 1000;
    const allocatedMb = own
      .slice(1)
      .reduce((sum, each, place) => sum + each.beforeMb - (own[place]?.afterMb ?? 0), 0);
    const pauseMs = own.slice(1).reduce((sum, each) => sum + each.pauseMs, 0);
    return [
      {
        isolate: index === 0 ? ('main' as const) : ('worker' as const),
        bytesPerSecond: (allocatedMb * 2 ** 20) / seconds,
        collections: own.length,
        pauseMsPerSecond: pauseMs / seconds,
      },
    ];
  });
}
