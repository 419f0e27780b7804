// What is remembered per route over all its callers: totals that make a baseline, and how far each credential reaches (peers).
// Only routes that answer are remembered: made-up paths cost nothing here.
import type { Facts } from './facts.ts';
import type { DetectLimits } from './limits.ts';
import type { Measure, Peers } from './measure.ts';

interface Peer {
  readonly caller: string;
  /** Highest value by position of the measure. */
  readonly highest: number[];
  /** What it was told of the others last, good as long as nobody's highest value changes. */
  readonly told: { readonly all: Told; readonly own: Told };
}

interface Told {
  version: number;
  position: number;
  peers: Peers;
}

/** What is remembered of one route. */
export interface RouteBook {
  readonly firstMs: number;
  /** By position of the measure. */
  readonly totals: number[];
  readonly peers: Map<string, Peer>;
  readonly peersByCaller: Map<string, number>;
  /** Counts changes of any peer's highest values. */
  version: number;
}

/** The routes that answered. */
export interface Routes {
  /** Adds the flow to its route; undefined for a route that never answered. */
  add(facts: Facts, key: string): RouteBook | undefined;
  size(): number;
}

/** No routes yet; `plan` are the measures of scope `route`. */
export function createRoutes(plan: readonly Measure[], limits: DetectLimits): Routes {
  const books = new Map<string, RouteBook>();
  return {
    add: (facts, key) => {
      let book = books.get(key);
      if (!book) {
        if (!facts.ok) return undefined;
        const oldest = books.size >= limits.routes ? books.keys().next().value : undefined;
        if (oldest !== undefined) books.delete(oldest);
        book = { firstMs: facts.nowMs, totals: [], peers: new Map(), peersByCaller: new Map(), version: 0 };
        books.set(key, book);
      }
      for (let position = 0; position < plan.length; position += 1) {
        const value = plan[position]?.value(facts) ?? 0;
        if (value !== 0) book.totals[position] = (book.totals[position] ?? 0) + Number(value);
      }
      return book;
    },
    size: () => books.size,
  };
}

/** Notes how far a credential of a caller got in a measure. */
export function notePeer(
  book: RouteBook,
  peer: {
    readonly caller: string;
    /** Of caller and credential. */
    readonly key: string;
    readonly position: number;
    readonly value: number;
  },
  limits: DetectLimits,
): void {
  const known = book.peers.get(peer.key);
  if (known) {
    if (peer.value > (known.highest[peer.position] ?? 0)) {
      known.highest[peer.position] = peer.value;
      book.version += 1;
    }
    return;
  }
  const own = book.peersByCaller.get(peer.caller) ?? 0;
  if (own >= limits.peersPerCaller || book.peers.size >= limits.peersPerRoute) return;
  book.peersByCaller.set(peer.caller, own + 1);
  const highest: number[] = [];
  highest[peer.position] = peer.value;
  const told = { all: nothingTold(), own: nothingTold() };
  book.peers.set(peer.key, { caller: peer.caller, highest, told });
  book.version += 1;
}

const noPeers: Peers = { count: 0, p90: 0 };
const nothingTold = (): Told => ({ version: -1, position: -1, peers: noPeers });

/** Who asks how far the others got. */
interface Asking {
  readonly caller: string;
  /** Of caller and credential. */
  readonly key: string;
  readonly position: number;
}

/** The other credentials' highest values; with `sameCaller` only those of the same caller. */
export function peersOf(book: RouteBook, asking: Asking, sameCaller: boolean): Peers {
  const told = book.peers.get(asking.key)?.told;
  const last = sameCaller ? told?.own : told?.all;
  if (last?.version === book.version && last.position === asking.position) return last.peers;
  const peers = summarise(book, asking, sameCaller);
  if (last) {
    last.version = book.version;
    last.position = asking.position;
    last.peers = peers;
  }
  return peers;
}

function summarise(book: RouteBook, asking: Asking, sameCaller: boolean): Peers {
  const values: number[] = [];
  for (const [key, peer] of book.peers) {
    if (key === asking.key || (sameCaller && peer.caller !== asking.caller)) continue;
    values.push(peer.highest[asking.position] ?? 0);
  }
  values.sort((a, b) => a - b);
  return { count: values.length, p90: values[Math.floor((values.length - 1) * 0.9)] ?? 0 };
}
