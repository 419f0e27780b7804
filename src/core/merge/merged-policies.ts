// What the agents of several nodes say of policies, as one event a policy: the state that holds, sums that do not fall, enforcement by
// pods and nodes. Knows no order and no feed.
import type { PolicyEvent } from '../model/event.ts';
import type { EnforcementStatus } from '../model/node-status.ts';
import { listed } from '../plan/outcome.ts';
import { mergedEnforcement, type NodeWord } from './merged-enforcement.ts';
import { createSummedCount, type SummedCount } from './summed-counts.ts';

/** Policies by name. */
export interface MergedPolicies {
  take(node: string, event: PolicyEvent): void;
  /** The node's agent started anew: it counts from 0, and has said nothing yet. */
  restart(node: string): void;
  /** Its agent is connected, or not: what it said last is then told as that. */
  setSilent(node: string, isSilent: boolean): void;
  /** The node is no more. Its counts stay in the sums. */
  leave(node: string): void;
  /** What each node said last of the policy. */
  wordsOf(policy: string): readonly NodeWord[];
  /** The events of policies that are different since the last call. */
  takeChanged(nowMs: number): readonly PolicyEvent[];
}

interface Merged {
  readonly words: Map<string, PolicyEvent>;
  readonly hits: SummedCount;
  readonly shadowHits: SummedCount;
  lastHit: string | undefined;
  uid: string | undefined;
}

interface Book {
  readonly policies: Map<string, Merged>;
  readonly silent: Set<string>;
  readonly changed: Set<string>;
}

/** What holds where agents differ, first first: where one enforces, it is enforced, and what the others say is told beside it. */
const precedence: readonly PolicyEvent['state'][] = [
  'active',
  'shadow',
  'rejected',
  'off',
  'expired',
  'removed',
];

const newMerged = (uid: string | undefined): Merged => ({
  ...{ words: new Map(), lastHit: undefined, uid },
  hits: createSummedCount(),
  shadowHits: createSummedCount(),
});

/** Another object of the same name is another policy: nothing of the last one is counted for it. */
function mergedFor({ policies }: Book, { name, uid }: PolicyEvent): Merged {
  const known = policies.get(name);
  const isSame = known !== undefined && (uid === undefined || known.uid === undefined || known.uid === uid);
  const merged = isSame ? known : newMerged(uid);
  merged.uid ??= uid;
  policies.set(name, merged);
  return merged;
}

function take(book: Book, node: string, event: PolicyEvent): void {
  if (event.state === 'removed' && !book.policies.has(event.name)) return;
  const merged = mergedFor(book, event);
  book.changed.add(event.name);
  if (event.state === 'removed') merged.words.delete(node);
  else merged.words.set(node, event);
  // A policy that was taken away and given back counts from 0 on this node.
  if (event.state === 'removed') settle(merged, node);
  if (event.hits !== undefined) merged.hits.set(node, event.hits);
  if (event.shadowHits !== undefined) merged.shadowHits.set(node, event.shadowHits);
  if (event.lastHit !== undefined && event.lastHit > (merged.lastHit ?? '')) merged.lastHit = event.lastHit;
}

function settle(merged: Merged, node: string): void {
  merged.hits.restart(node);
  merged.shadowHits.restart(node);
}

/** For each policy that the node spoke of. */
function eachOf({ policies, changed }: Book, node: string, act: (merged: Merged) => void): void {
  for (const [name, merged] of policies) {
    if (!merged.words.has(node)) continue;
    act(merged);
    changed.add(name);
  }
}

function wordsOf({ policies, silent }: Book, policy: string): readonly NodeWord[] {
  return [...(policies.get(policy)?.words ?? [])].flatMap(([node, { enforcement }]) =>
    enforcement === undefined ? [] : [{ node, enforcement, isSilent: silent.has(node) }],
  );
}

/** Of the nodes that refuse it, who and the first one's reason. */
function errorOf(words: ReadonlyMap<string, PolicyEvent>): PolicyEvent['error'] {
  const refusing = [...words].filter(([, { error }]) => error !== undefined);
  const first = refusing[0]?.[1].error;
  if (first === undefined || words.size === refusing.length) return first;
  return { ...first, message: `Refused on ${listed(refusing.map(([node]) => node))}: ${first.message}` };
}

function eventOf(book: Book, name: string, nowMs: number): PolicyEvent {
  const time = new Date(nowMs).toISOString();
  const merged = book.policies.get(name);
  const byState = Map.groupBy(merged?.words.values() ?? [], ({ state }) => state);
  const state = precedence.find((one) => byState.has(one));
  const chosen = byState.get(state ?? 'removed')?.reduce((a, b) => (b.time > a.time ? b : a));
  if (merged === undefined || chosen === undefined) {
    book.policies.delete(name);
    return { type: 'policy', time, name, state: 'removed' };
  }
  const { object, expiresAt, author } = chosen;
  const enforcement: EnforcementStatus | undefined = mergedEnforcement(wordsOf(book, name));
  const error = errorOf(merged.words);
  return {
    ...{ type: 'policy', time, name, state: chosen.state },
    ...(object === undefined ? {} : { object }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(author === undefined ? {} : { author }),
    ...{ hits: merged.hits.total(), shadowHits: merged.shadowHits.total() },
    ...(merged.lastHit === undefined ? {} : { lastHit: merged.lastHit }),
    ...(error === undefined ? {} : { error }),
    ...(enforcement === undefined ? {} : { enforcement }),
    ...(merged.uid === undefined ? {} : { uid: merged.uid }),
  };
}

/** None known. */
export function createMergedPolicies(): MergedPolicies {
  const book: Book = { policies: new Map(), silent: new Set(), changed: new Set() };
  return {
    take: (node, event) => take(book, node, event),
    restart: (node) => eachOf(book, node, (merged) => settle(merged, node)),
    setSilent(node, isSilent) {
      if (isSilent === book.silent.has(node)) return;
      if (isSilent) book.silent.add(node);
      else book.silent.delete(node);
      eachOf(book, node, () => undefined);
    },
    leave(node) {
      eachOf(book, node, (merged) => {
        settle(merged, node);
        merged.words.delete(node);
      });
      book.silent.delete(node);
    },
    wordsOf: (policy) => wordsOf(book, policy),
    takeChanged(nowMs) {
      const names = [...book.changed];
      book.changed.clear();
      return names.map((name) => eventOf(book, name, nowMs));
    },
  };
}
