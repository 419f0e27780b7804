// Drives a tap source from the test's own thread, as a worker's loop would, and collects frames. Knows no lab.
import { setImmediate as turn } from 'node:timers/promises';
import { planRings, type RingGeometry } from '../../src/core/tap/ring-budget.ts';
import { tapFilter, wholeFrameBytes, type TapFilterOptions } from '../../src/core/tap/tap-filter.ts';
import type { Libc } from '../../src/io/kernel/libc.ts';
import { closeNetns, openNetns, type NetnsDoor } from '../../src/io/kernel/node/netns.ts';
import { openRing } from '../../src/io/kernel/tap/open-ring.ts';
import type { TapSource, TapTable } from '../../src/io/kernel/tap/tap-source.ts';

/** The ring of a pod that has the default budget for itself. */
export function usualGeometry(): RingGeometry {
  const [geometry] = planRings({ budgetBytes: 8 * 1024 * 1024, pods: ['only'] }).rings.values();
  if (geometry === undefined) throw new Error('8 MiB are enough for one pod');
  return geometry;
}

export interface OpenInside {
  readonly libc: Libc;
  readonly door: NetnsDoor;
  readonly netns: string;
  readonly geometry?: RingGeometry;
  readonly filter?: Partial<TapFilterOptions>;
  readonly interfaceName?: string;
  readonly replaces?: number;
}

/** A ring in the namespace; the thread is home again afterwards. */
export function openInside({ libc, door, netns, ...asked }: OpenInside): number {
  const opened = openNetns(netns);
  try {
    return door.within(opened, () =>
      openRing(libc, {
        interfaceName: asked.interfaceName ?? 'eth0',
        geometry: asked.geometry ?? usualGeometry(),
        filter: tapFilter({ snapBytes: wholeFrameBytes, ...asked.filter }),
        ...(asked.replaces === undefined ? {} : { replaces: asked.replaces }),
      }),
    );
  } finally {
    closeNetns(opened);
  }
}

/** One frame as it was handed over; a copy. */
export interface SeenFrame {
  readonly bytes: Buffer;
  readonly wireLength: number;
  readonly nowMs: number;
}

/** A table that keeps what it is given. */
export interface Collector extends TapTable {
  readonly frames: SeenFrame[];
  ticks: number;
  closed: number;
}

export function createCollector(): Collector {
  return {
    frames: [],
    ticks: 0,
    closed: 0,

    push(bytes, start, end, wireLength, nowMs) {
      this.frames.push({ bytes: Buffer.from(bytes.subarray(start, end)), wireLength, nowMs });
    },
    tick() {
      this.ticks++;
    },
    close() {
      this.closed++;
    },
  };
}

/** Turns the source until `done`, letting the test's own I/O run in between. */
export async function pumpUntil(source: TapSource, done: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 60_000;
  while (!done()) {
    if (performance.now() > giveUpAt) throw new Error('never happened while the tap was pumped');
    source.onReadable();
    source.tick(Date.now());
    await turn();
  }
}

/** Turns it until what is under way is over, and once more until nothing is left in the rings. */
export async function pumpDuring<T>(source: TapSource, work: Promise<T>): Promise<T> {
  let over = false;
  const watched = work.finally(() => (over = true));
  watched.catch(() => undefined);
  await pumpUntil(source, () => over);
  const restAt = performance.now() + 250;
  await pumpUntil(source, () => performance.now() > restAt);
  return watched;
}
