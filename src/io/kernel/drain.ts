// Empties the event ring on main: in batches while events come, asleep (no timer, no polling) while none do. Knows no socket.
import { setImmediate } from 'node:timers';
import type { Exchange } from '../../core/model/exchange.ts';
import { createRingReader, type RingReader } from './event-ring.ts';
import { createExchangeDecoder } from './exchange-codec.ts';
import type { DataPlaneLimits } from './limits.ts';
import type { QueueStats } from './shared-stats.ts';

/** The ring and who hears of what comes out of it. */
export interface DrainOptions {
  readonly ring: SharedArrayBuffer;
  readonly limits: Pick<DataPlaneLimits, 'drainEveryMs' | 'drainedPerTurn'>;
  /** Filled anew for each event. */
  readonly target: Exchange;
  readonly onExchange: (exchange: Exchange) => void;
  readonly onLost: (where: string, count: number) => void;
}

/** Main's reader of the ring, awake or asleep. */
export interface Drain {
  /** The worker wrote into a ring whose reader slept. */
  wake(): void;
  /** Events lost so far. */
  lost(): number;
  /** How full the ring is, and was at most when it was looked at: at the beginning of each turn and here. */
  queue(): QueueStats;
  /** The worker ended: deliver what is left, at once and entirely. */
  finish(): void;
}

/** How full the ring is, and was at most when somebody asked. */
function watchLevel(ring: Pick<RingReader, 'usedBytes' | 'capacityBytes'>): () => QueueStats {
  let peakBytes = 0;
  return () => {
    const usedBytes = ring.usedBytes();
    if (usedBytes > peakBytes) peakBytes = usedBytes;
    return { usedBytes, peakBytes, capacityBytes: ring.capacityBytes };
  };
}

function tellLost(ring: Pick<RingReader, 'takeLost'>, { onLost }: DrainOptions): void {
  const lost = ring.takeLost();
  if (lost > 0) onLost('worker-ring', lost);
}

/** Starts asleep: the first commit wakes it. */
export function createDrain(options: DrainOptions): Drain {
  const { limits, target } = options;
  const reader = createRingReader(options.ring);
  const decoder = createExchangeDecoder(reader);
  const queue = watchLevel(reader);
  let finished = false;

  /** Handles at most `most` events; returns how many. */
  function take(most: number): number {
    queue();
    let taken = 0;
    for (; taken < most; taken++) {
      const offset = reader.next();
      if (offset < 0) break;
      decoder.decode(offset, target);
      reader.release();
      options.onExchange(target);
    }
    tellLost(reader, options);
    return taken;
  }

  function turn(): void {
    if (finished) return;
    const taken = take(limits.drainedPerTurn);
    if (taken === limits.drainedPerTurn) setImmediate(turn);
    else if (taken > 0) setTimeout(turn, limits.drainEveryMs);
    else if (!reader.sleep()) setImmediate(turn);
  }
  reader.sleep();
  return {
    wake: turn,
    lost: () => reader.lost(),
    queue,
    finish() {
      finished = true;
      take(Number.POSITIVE_INFINITY);
    },
  };
}
