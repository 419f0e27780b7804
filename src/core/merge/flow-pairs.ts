// One connection that the agents of both its ends tell of: the destination's account stands, the source's is left out. Agents leave out
// what they know to be told at the other end; this is for when they did not know yet. Knows no order and no queue.
import type { FlowEvent } from '../model/event.ts';
import { addressText } from '../plan/address-block.ts';
import { addressOf } from '../policy/ip-address.ts';
import type { Waiting } from './lateness-queue.ts';

/** Where addresses are, as far as the hub knows. */
export interface FlowPlaces {
  /** Node of the pod that had the address at `atMs`; undefined when it is none's. */
  nodeAt(address: string, atMs: number): string | undefined;
  isService(address: string): boolean;
  /** Whether the pod that had one address is behind the Service that has the other. */
  isBehind(serviceAddress: string, podAddress: string, atMs: number): boolean;
}

/** Pairs what is told twice. */
export interface FlowPairs {
  /** A flow that waits: drops it, or the one that it stands for. @param atMs when it began, by our clock. */
  take(waiting: Waiting<FlowEvent>, atMs: number): void;
  /** Forgets connections that were not told of for `withinMs`. */
  expire(nowMs: number): void;
  /** Accounts left out so far. */
  readonly paired: () => number;
  readonly size: () => number;
}

/** Bounds of what is remembered of connections. */
export interface PairLimits {
  /** Requests of one connection that begin further apart are not taken for one connection: a port is given again after a minute. */
  readonly withinMs: number;
  /** Ends of connections remembered; beyond that the oldest are forgotten, and what they said may be told twice. */
  readonly connections: number;
}

/** What a hub uses. */
export const pairLimits: PairLimits = { withinMs: 30_000, connections: 65_536 };

/** One connection as the destination's agent told of it. */
interface Told {
  readonly to: string;
  atMs: number;
}

/** What is known of the connections from one address and port. */
interface FromThere {
  readonly told: Told[];
  /** Length of `waiting` at which those that are gone are taken out: so that it costs nothing per flow. */
  tidyAt: number;
  waiting: { readonly one: Waiting<FlowEvent>; readonly atMs: number }[];
}

interface Book {
  readonly places: FlowPlaces;
  readonly limits: PairLimits;
  /** By `ip:port` of the source, which both ends see alike; least lately told first. */
  readonly connections: Map<string, FromThere>;
  paired: number;
}

/** `10.0.0.7` of `10.0.0.7:8080`. */
const bare = (endpoint: string): string => {
  const words = addressOf(endpoint);
  return words === undefined ? endpoint : addressText(words);
};

/** At the source a packet still carries the Service's address, at the destination the pod's. */
function isSameDestination(
  { places }: Book,
  ends: { source: string; destination: string },
  atMs: number,
): boolean {
  const { source, destination } = ends;
  return source === destination || places.isBehind(bare(source), bare(destination), atMs);
}

const tidyFrom = 16;
/** Destinations remembered of one source port; a port is used towards few at a time. */
const destinationsTold = 16;

const isNear = ({ limits }: Book, a: number, b: number): boolean => Math.abs(a - b) <= limits.withinMs;

function thereOf({ connections, limits }: Book, from: string): FromThere {
  const known = connections.get(from) ?? { told: [], waiting: [], tidyAt: tidyFrom };
  connections.delete(from);
  connections.set(from, known);
  if (connections.size > limits.connections) {
    const [oldest] = connections.keys();
    if (oldest !== undefined) connections.delete(oldest);
  }
  return known;
}

function drop(book: Book, one: Waiting<FlowEvent>): void {
  if (one.state !== 'waiting') return;
  one.state = 'dropped';
  book.paired += 1;
}

/** The account that stands: remembered, and what waits of the other end is dropped. */
function tellAtDestination(book: Book, { from, to, atMs }: { from: string; to: string; atMs: number }): void {
  const there = thereOf(book, from);
  const known = there.told.find((told) => told.to === to);
  if (known === undefined) {
    there.told.push({ to, atMs });
    if (there.told.length > destinationsTold) there.told.shift();
  } else known.atMs = Math.max(known.atMs, atMs);
  for (const { one, atMs: waitingMs } of there.waiting) {
    const source = one.value.destination.address ?? '';
    if (isNear(book, waitingMs, atMs) && isSameDestination(book, { source, destination: to }, atMs))
      drop(book, one);
  }
  tidy(there);
}

const isWaiting = ({ one }: FromThere['waiting'][number]): boolean => one.state === 'waiting';

function tidy(there: FromThere): void {
  there.waiting = there.waiting.filter(isWaiting);
  there.tidyAt = Math.max(tidyFrom, 2 * there.waiting.length);
}

function tellAtSource(
  book: Book,
  one: Waiting<FlowEvent>,
  ends: { from: string; to: string; atMs: number },
): void {
  const { from, to, atMs } = ends;
  const there = thereOf(book, from);
  const isTold = there.told.some(
    (told) =>
      isNear(book, told.atMs, atMs) && isSameDestination(book, { source: to, destination: told.to }, atMs),
  );
  if (isTold) drop(book, one);
  else {
    there.waiting.push({ one, atMs });
    if (there.waiting.length >= there.tidyAt) tidy(there);
  }
}

function take(book: Book, one: Waiting<FlowEvent>, atMs: number): void {
  const { node, source, destination } = one.value;
  const [from, to] = [source.address, destination.address];
  if (node === undefined || from === undefined || to === undefined) return;
  const sourceNode = book.places.nodeAt(bare(from), atMs);
  // A caller outside of all pods, or of the same node: nobody else can tell of it.
  if (sourceNode === undefined) return;
  const toNode = book.places.nodeAt(bare(to), atMs);
  if (toNode === node) {
    if (sourceNode !== node) tellAtDestination(book, { from, to, atMs });
  } else if (sourceNode === node && (toNode !== undefined || book.places.isService(bare(to))))
    tellAtSource(book, one, { from, to, atMs });
}

function expire({ connections, limits }: Book, nowMs: number): void {
  const floorMs = nowMs - limits.withinMs;
  for (const [from, { told, waiting }] of connections) {
    // Least lately told first: behind the first that stays all stay.
    if (told.some(({ atMs }) => atMs >= floorMs) || waiting.some(({ atMs }) => atMs >= floorMs)) return;
    connections.delete(from);
  }
}

/** Nothing told yet. */
export function createFlowPairs(places: FlowPlaces, limits: PairLimits = pairLimits): FlowPairs {
  const book: Book = { places, limits, connections: new Map(), paired: 0 };
  return {
    take: (waiting, atMs) => take(book, waiting, atMs),
    expire: (nowMs) => expire(book, nowMs),
    paired: () => book.paired,
    size: () => book.connections.size,
  };
}
