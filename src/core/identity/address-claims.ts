// Which pod has an address, now and at a moment that is past: addresses are given again within seconds, so a claim counts by the pod's
// start and end, and what cannot be told is nobody's. Knows no Service and no node.
import type { PodRecord } from './cluster-objects.ts';

/** A pod's claim to an address. */
interface Claim {
  readonly pod: PodRecord;
  /** When it ended, epoch ms of whoever watches; Infinity while it lives. */
  readonly endMs: number;
}

/** Who has it: `several` when two pods claim it and neither started later. */
export type PodHolder =
  | { readonly type: 'pod'; readonly pod: PodRecord; readonly isLiving: boolean }
  | { readonly type: 'several' }
  | { readonly type: 'nobody' };

/** Claims by address (`addressKey`). */
export interface AddressClaims {
  /** The pod has it from now on; a newer record of the same pod takes the place of the last. */
  put(key: string, pod: PodRecord): void;
  /** It has it no longer. The claim stays, as ended, for `tombstoneMs`. */
  end(key: string, uid: string, endMs: number): void;
  /** Who has it now. Ended claims never count. */
  holder(key: string): PodHolder;
  /** Who had it then, ended ones included. */
  holderAt(key: string, atMs: number): PodHolder;
  /** The living pods that claim it. */
  living(key: string): readonly PodRecord[];
  /** Forgets what ended longer than `tombstoneMs` ago. */
  expire(nowMs: number): void;
  /** Claims looked at so far. */
  readonly looked: () => number;
  /** Ended claims that are kept. */
  readonly tombstones: () => number;
}

/** Bounds of what is remembered of the dead. */
export interface ClaimLimits {
  /** A flow is told when it ends; one that began before its pod died is named for so long. */
  readonly tombstoneMs: number;
  /** Of all addresses together: 10,000 pods replaced twice within `tombstoneMs`. */
  readonly tombstones: number;
  /** How far clocks of two nodes may lie apart before a flow that seems older than its pod is nobody's. */
  readonly slackMs: number;
}

/** What a hub uses. */
export const claimLimits: ClaimLimits = { tombstoneMs: 120_000, tombstones: 20_000, slackMs: 2_000 };

interface Book {
  readonly limits: ClaimLimits;
  readonly claims: Map<string, readonly Claim[]>;
  /** Ended ones in the order of their end; those before `head` are forgotten. */
  ended: { readonly key: string; readonly uid: string; readonly endMs: number }[];
  head: number;
  looked: number;
}

const isLiving = ({ endMs }: Claim): boolean => endMs === Infinity;

function claimsOf(book: Book, key: string): readonly Claim[] {
  const found = book.claims.get(key) ?? [];
  book.looked += found.length;
  return found;
}

function replace(book: Book, key: string, claims: readonly Claim[]): void {
  if (claims.length === 0) book.claims.delete(key);
  else book.claims.set(key, claims);
}

/** The latest start has it. Two that started in the same second cannot be told apart. */
function newest(claims: readonly Claim[]): PodHolder {
  const [first, ...rest] = claims;
  if (first === undefined) return { type: 'nobody' };
  const last = rest.reduce((best, claim) => (claim.pod.startMs > best.pod.startMs ? claim : best), first);
  const rivals = claims.filter(({ pod }) => pod.startMs === last.pod.startMs);
  if (rivals.length > 1) return { type: 'several' };
  return { type: 'pod', pod: last.pod, isLiving: isLiving(last) };
}

function holderAt(book: Book, key: string, atMs: number): PodHolder {
  const claims = claimsOf(book, key);
  const then = claims.filter(({ pod, endMs }) => pod.startMs <= atMs && atMs <= endMs);
  if (then.length > 0) return newest(then);
  const { slackMs } = book.limits;
  return newest(claims.filter(({ pod, endMs }) => pod.startMs - slackMs <= atMs && atMs <= endMs + slackMs));
}

function forgetOldest(book: Book): void {
  const oldest = book.ended[book.head];
  if (oldest === undefined) return;
  book.head += 1;
  const { key, uid, endMs } = oldest;
  // A pod that got the address back since has a claim that lives: it is not the one that ended here.
  replace(
    book,
    key,
    claimsOf(book, key).filter((claim) => claim.pod.uid !== uid || claim.endMs !== endMs),
  );
  if (book.head < 1_024 || book.head * 2 < book.ended.length) return;
  book.ended = book.ended.slice(book.head);
  book.head = 0;
}

function end(book: Book, ended: Book['ended'][number]): void {
  const { key, uid, endMs } = ended;
  const claims = claimsOf(book, key);
  if (!claims.some((claim) => claim.pod.uid === uid && isLiving(claim))) return;
  replace(
    book,
    key,
    claims.map((claim) => (claim.pod.uid === uid && isLiving(claim) ? { ...claim, endMs } : claim)),
  );
  book.ended.push(ended);
  while (book.ended.length - book.head > book.limits.tombstones) forgetOldest(book);
}

/** Nobody has anything yet. */
export function createAddressClaims(limits: ClaimLimits = claimLimits): AddressClaims {
  const book: Book = { limits, claims: new Map(), ended: [], head: 0, looked: 0 };
  return {
    put(key, pod) {
      const others = claimsOf(book, key).filter((claim) => claim.pod.uid !== pod.uid || !isLiving(claim));
      replace(book, key, [...others, { pod, endMs: Infinity }]);
    },
    end: (key, uid, endMs) => end(book, { key, uid, endMs }),
    holder: (key) => newest(claimsOf(book, key).filter(isLiving)),
    holderAt: (key, atMs) => holderAt(book, key, atMs),
    living: (key) => claimsOf(book, key).flatMap((claim) => (isLiving(claim) ? [claim.pod] : [])),
    expire(nowMs) {
      for (;;) {
        const oldest = book.ended[book.head];
        if (oldest === undefined || oldest.endMs + limits.tombstoneMs > nowMs) return;
        forgetOldest(book);
      }
    },
    looked: () => book.looked,
    tombstones: () => book.ended.length - book.head,
  };
}
