// Connections that inline ports let pass while no agent judged, as the kernel counted them: sums for whoever asks, and now and then a sentence
// for whoever runs the agent. Bounded by two named limits. Pure: knows no kernel and no feed.
import type { InlinePort, PodPlan } from '../../../core/plan/node-plan.ts';
import type { UnjudgedStatus } from '../../../core/model/node-status.ts';
import { unjudgedSentence } from '../../../core/model/unjudged-words.ts';

/** Most ports that are told apart; what is beyond them is summed in one row. */
const portLimit = 200;
/** Most policies named of one port. */
const policyLimit = 20;
/** A second sentence of one port comes no sooner than this, ms: while the data thread hangs, each look finds more. */
const tellEveryMs = 10_000;
/** Who has what is beyond the limit. */
const others = 'other';

interface Row {
  readonly pod: string;
  readonly port: number;
  count: number;
  policies: readonly string[];
  lastMs: number;
  /** Not told yet, and when something was told. */
  pending: number;
  toldMs: number;
}

/** The sums of one life of the agent. */
export interface Unjudged {
  /** So many more on the pod's port, as read now; `inline`: who asks for that port now. */
  add(
    pod: string,
    found: ReadonlyMap<number, number>,
    at: { readonly plan: PodPlan; readonly nowMs: number },
  ): void;
  /** Sentences that are due. */
  due(nowMs: number): readonly string[];
  /** A row for each port, in the order in which they came. */
  read(): readonly UnjudgedStatus[];
}

const newRow = (pod: string, port: number): Row => ({
  ...{ pod, port, count: 0, policies: [], lastMs: 0 },
  ...{ pending: 0, toldMs: Number.NEGATIVE_INFINITY },
});

const statusOf = ({ pod, port, count, policies, lastMs }: Row, sum = count): UnjudgedStatus => ({
  ...{ pod, port, count: sum, policies: [...policies] },
  lastSeen: new Date(lastMs).toISOString(),
});

/** Policies of the port; those before where it is not inline any more. */
const policiesOf = (of: InlinePort | undefined, before: readonly string[]): readonly string[] =>
  of?.policies.slice(0, policyLimit) ?? before;

/** Nothing passed yet. */
export function createUnjudged(): Unjudged {
  const rows = new Map<string, Row>();
  const rowOf = (pod: string, port: number): Row => {
    const key = `${pod} ${port}`;
    const known = rows.get(key);
    if (known !== undefined) return known;
    const isFull = rows.size >= portLimit;
    const row = isFull ? (rows.get(others) ?? newRow(others, 0)) : newRow(pod, port);
    rows.set(isFull ? others : key, row);
    return row;
  };
  return {
    add(pod, found, { plan, nowMs }) {
      for (const [port, count] of found) {
        const row = rowOf(pod, port);
        row.count += count;
        row.pending += count;
        row.lastMs = nowMs;
        if (row.pod !== others)
          row.policies = policiesOf(
            plan.inline.find((one) => one.port === port),
            row.policies,
          );
      }
    },
    due(nowMs) {
      const due = [...rows.values()].filter(
        ({ pending, toldMs }) => pending > 0 && nowMs - toldMs >= tellEveryMs,
      );
      return due.map((row) => {
        const sentence = unjudgedSentence(statusOf(row, row.pending));
        row.toldMs = nowMs;
        row.pending = 0;
        return sentence;
      });
    },
    read: () => [...rows.values()].map((row) => statusOf(row)),
  };
}
