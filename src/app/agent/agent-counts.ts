// What the agent has counted since it began: flows by verdict, hits by policy, losses by place. Grows only, whatever becomes of the
// policies; bounded by two named limits. Pure bookkeeping: knows no clock and no feed.
import type { ApiEvent, PolicyEvent, Verdict } from '../../core/model/event.ts';
import type { PolicyHits } from '../../io/metrics/figures.ts';

/** Most policies counted by name; more than a screen holds, and what a monitoring system takes from every agent of a cluster. */
const namedPolicies = 200;
/** Most places of loss; there are a handful, all named by us. */
const namedPlaces = 32;
/** Told from the start, so that a first loss shows as a rise. */
const knownPlaces = ['worker-ring', 'details'];
/** Name for what is over those limits. */
const others = 'other';

/** The sums of now. */
export interface CountsReading {
  readonly flows: Readonly<Record<Verdict['action'], number>>;
  /** Attempts that the kernel refused; no flow counts them. */
  readonly kernelRefused: number;
  readonly policies: readonly PolicyHits[];
  readonly lostBy: Readonly<Record<string, number>>;
}

/** Told of everything that passes. */
export interface AgentCounts {
  /** One flow was decided; openings are none. */
  flow(verdict: Verdict, shadow: Verdict | undefined): void;
  /** The kernel refused so much by a policy; the attempts that tell of it are counted nowhere else. */
  refused(policy: string, count: number): void;
  /** An event was told: losses are counted, and policies appear with 0 hits when they come into force. */
  event(event: ApiEvent): void;
  read(): CountsReading;
}

interface Row {
  enforced: number;
  shadow: number;
  /** No longer in force: its row is given to another policy when there is no other. */
  gone: boolean;
}

interface Book {
  readonly flows: Record<Verdict['action'], number>;
  readonly policies: Map<string, Row>;
  /** Of all policies without a row of their own. */
  readonly others: Row;
  readonly lost: Map<string, number>;
  kernelRefused: number;
}

const newRow = (): Row => ({ enforced: 0, shadow: 0, gone: false });

/** Asked for with every flow that a policy decided: the limit makes no search. */
function rowOf({ policies, others: common }: Book, name: string): Row {
  const found = policies.get(name);
  if (found) return found;
  if (policies.size >= namedPolicies) return common;
  const row = newRow();
  policies.set(name, row);
  return row;
}

/** Its sum ends and does not move to the others: a sum that jumps looks like an attack. */
function forgetGone(policies: Map<string, Row>): void {
  const [gone] = [...policies].find(([, row]) => row.gone) ?? [];
  if (gone !== undefined) policies.delete(gone);
}

function takePolicy(book: Book, { name, state }: PolicyEvent): void {
  const { policies } = book;
  if (state === 'active' || state === 'shadow') {
    if (policies.size >= namedPolicies && !policies.has(name)) forgetGone(policies);
    rowOf(book, name).gone = false;
    return;
  }
  const row = policies.get(name);
  if (row) row.gone = true;
}

function takeLost({ lost }: Book, where: string, count: number): void {
  const place = lost.has(where) || lost.size < namedPlaces ? where : others;
  lost.set(place, (lost.get(place) ?? 0) + count);
}

/** Everything at zero. */
export function createAgentCounts(): AgentCounts {
  const flows = { allow: 0, block: 0, throttle: 0, redact: 0 };
  const book: Book = {
    flows,
    policies: new Map(),
    others: newRow(),
    lost: new Map(knownPlaces.map((where) => [where, 0])),
    kernelRefused: 0,
  };
  return {
    flow(verdict, shadow) {
      flows[verdict.action] += 1;
      if (verdict.policy !== undefined) rowOf(book, verdict.policy).enforced += 1;
      if (shadow?.policy !== undefined) rowOf(book, shadow.policy).shadow += 1;
    },
    refused(policy, count) {
      rowOf(book, policy).enforced += count;
      book.kernelRefused += count;
    },
    event(event) {
      if (event.type === 'policy') takePolicy(book, event);
      else if (event.type === 'lost') takeLost(book, event.where, event.count);
    },
    read: () => ({
      flows: { ...flows },
      kernelRefused: book.kernelRefused,
      policies: [...book.policies, [others, book.others] as const].map(([policy, row]) => ({
        policy,
        enforced: row.enforced,
        shadow: row.shadow,
      })),
      lostBy: Object.fromEntries(book.lost),
    }),
  };
}
