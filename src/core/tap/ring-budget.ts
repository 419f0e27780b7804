// How the node's memory for tap rings is shared among its pods: a ring is kernel memory that no container is charged for, so the sum is capped
// here. Knows no socket.

/** Shape of one TPACKET_V3 ring; plain data, so that it can go to a worker. */
export interface RingGeometry {
  /** A power of two of at least `leastBlockBytes`. */
  readonly blockBytes: number;
  readonly blockCount: number;
  /** After how long the kernel hands over a block that is not full, ms. */
  readonly retireMs: number;
}

/** Rings of the node until it says otherwise: 8 MiB each for 8 pods, 512 KiB each for 110. */
export const defaultTapBudgetBytes = 64 * 1024 * 1024;
/** A frame of 64 KiB with its headers must fit into one block. */
export const leastBlockBytes = 128 * 1024;
/** Larger blocks waste less at their end but are given back later. */
const mostBlockBytes = 512 * 1024;
/** One block fills while the other is read. */
const leastBlocks = 2;
const usualBlocks = 16;
/** What one pod needs at least, and gets at most: 8 MiB hold 40 ms at 200 MB/s. */
export const leastRingBytes = leastBlocks * leastBlockBytes;
const mostRingBytes = 8 * 1024 * 1024;
/** A reader may be away this long before a nearly idle ring runs full, since every retired block counts as full, ms. */
const awayMs = 320;
/** Less wakes the reader for nothing; more delays what people see. */
const leastRetireMs = 20;
const mostRetireMs = 100;
/** Rings grow only when they would still fit with this many times the pods: else a pod that comes and goes remakes all of them. */
const slack = 4 / 3;

/** Bytes of kernel memory of a ring. */
export const ringBytes = ({ blockBytes, blockCount }: RingGeometry): number => blockBytes * blockCount;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
const powerOfTwoBelow = (value: number): number => 2 ** Math.floor(Math.log2(Math.max(1, value)));

/** The shape of a ring of `bytes`, a power of two. */
function shapeOf(bytes: number): RingGeometry {
  const blockBytes = clamp(bytes / usualBlocks, leastBlockBytes, mostBlockBytes);
  const blockCount = bytes / blockBytes;
  return { blockBytes, blockCount, retireMs: clamp(awayMs / blockCount, leastRetireMs, mostRetireMs) };
}

/** What is known when pods come and go. */
export interface RingDemand {
  readonly budgetBytes: number;
  /** All pods to be tapped; the first ones are served first when not all can be. */
  readonly pods: readonly string[];
  /** What has a ring beside those, pods' further interfaces: served when all pods are. */
  readonly further?: readonly string[];
  /** The rings there are. */
  readonly current?: ReadonlyMap<string, RingGeometry>;
}

/** Who gets which ring. A pod whose ring equals its present one keeps it; all others are to be made anew. */
export interface RingPlan {
  readonly rings: ReadonlyMap<string, RingGeometry>;
  /** For whom the budget has no ring: they are not observed by the tap. */
  readonly untapped: readonly string[];
  /** What people should know, '' when every pod has a ring. */
  readonly sentence: string;
}

/** Bytes of each ring when `count` pods share the budget. */
const shareOf = (budgetBytes: number, count: number): number =>
  clamp(powerOfTwoBelow(budgetBytes / Math.max(1, count)), leastRingBytes, mostRingBytes);

function sizeFor(budgetBytes: number, count: number, currentBytes: number | undefined): number {
  const share = shareOf(budgetBytes, count);
  if (currentBytes === undefined || share <= currentBytes) return share;
  return Math.max(currentBytes, shareOf(budgetBytes, count * slack));
}

/** Those that have a ring first, else in the order given. */
function servedFirst(pods: readonly string[], current: ReadonlyMap<string, RingGeometry>): readonly string[] {
  return [...pods.filter((pod) => current.has(pod)), ...pods.filter((pod) => !current.has(pod))];
}

const namesShown = 3;

function sentenceFor(untapped: readonly string[], capacity: number, budgetBytes: number): string {
  if (untapped.length === 0) return '';
  const more = untapped.length - namesShown;
  const names = `${untapped.slice(0, namesShown).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const serves = `${Math.floor(budgetBytes / 1024)} KiB serves at most ${capacity} interfaces of pods`;
  return `The tap does not observe ${names}: its budget of ${serves}; raise --tap-budget.`;
}

/** Equal rings for all, as large as the budget lets them be; below the least size, pods without a ring. */
export function planRings({ budgetBytes, pods, further = [], current = new Map() }: RingDemand): RingPlan {
  const capacity = Math.floor(budgetBytes / leastRingBytes);
  const order = [...new Set([...servedFirst(pods, current), ...servedFirst(further, current)])];
  const served = order.slice(0, capacity);
  const untapped = order.slice(capacity);
  const kept = served.flatMap((pod) => current.get(pod) ?? []);
  const currentBytes = kept.length === 0 ? undefined : Math.min(...kept.map(ringBytes));
  const shape = shapeOf(sizeFor(budgetBytes, served.length, currentBytes));
  return {
    rings: new Map(served.map((pod) => [pod, shape])),
    untapped,
    sentence: sentenceFor(untapped, capacity, budgetBytes),
  };
}
