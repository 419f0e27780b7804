// The Decider of explicit listeners: both identities fixed, judged over a snapshot's tables.
import type { ListenerConfig } from '../model/identity.ts';
import type { ThrottleBuckets } from './buckets.ts';
import type { Decider } from './decider.ts';

export function createDecider(
  buffer: SharedArrayBuffer,
  listeners: readonly ListenerConfig[],
  buckets: ThrottleBuckets,
): Decider {
  throw new Error(`being written: ${buffer.byteLength} ${listeners.length} ${buckets.size}`);
}
