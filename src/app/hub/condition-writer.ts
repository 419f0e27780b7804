// Keeps the conditions of all policy objects true while this replica leads: looks at what may be different, writes what is, paced, a few at a
// time. What is judged how is core/conditions' business.
import { AppError } from '../../core/model/app-error.ts';
import { paceOf, type Written } from '../../core/conditions/condition-pace.ts';
import { policyConditions, type Condition } from '../../core/conditions/policy-conditions.ts';
import type { PolicyReports } from '../../core/conditions/policy-reports.ts';
import { nodeCountOf } from '../../core/conditions/policy-status.ts';
import type { KubeApi } from '../../io/kube/api/kube-api.ts';
import { apiVersionOf, objectTitle } from '../../io/kube/api/resource-kind.ts';
import type { JudgedPolicy } from '../../io/kube/policies/policy-status-object.ts';

/** As whom fields of status stand in managedFields; every replica is the same manager. */
export const statusManager = 'apidefense-hub';

/** Bounds of writing. */
export const writerLimits = {
  /** Between two looks at what is due, ms. */
  everyMs: 500,
  /** Writes under way. */
  atOnce: 4,
  /** Writes of counts are spread by so much, ms. */
  jitterMs: 10_000,
  /** After a refusal, ms. */
  againMs: 5_000,
} as const;

/** What is judged, and from what. */
export interface ConditionWriterOptions {
  readonly api: Pick<KubeApi, 'applyStatus'>;
  readonly policies: () => Iterable<JudgedPolicy>;
  readonly policy: (uid: string) => JudgedPolicy | undefined;
  readonly reports: Pick<PolicyReports, 'reportsOf'>;
  /** Nodes whose agents are to report. */
  readonly expected: () => readonly string[];
  /** False: another replica writes, or what is known is not whole. */
  readonly mayWrite: () => boolean;
  readonly onProblem: (sentence: string) => void;
  /** Epoch ms. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
}

/** Runs until it is closed. */
export interface ConditionWriter {
  /** These may be different; all of them without a list. */
  look(uids?: readonly string[]): void;
  /** Status patches so far. */
  readonly writes: () => number;
  close(): void;
}

interface Work {
  readonly options: ConditionWriterOptions;
  readonly dirty: Set<string>;
  readonly written: Map<string, Written & { readonly jitterMs: number }>;
  /** Not before, epoch ms, after a refusal. */
  readonly later: Map<string, number>;
  readonly underWay: Set<string>;
  /** Ends of lifetimes that were judged. */
  readonly ended: Set<string>;
  writes: number;
  problem: string | undefined;
}

function bodyOf(work: Work, policy: JudgedPolicy, conditions: readonly Condition[]) {
  const reports = work.options.reports.reportsOf(policy.name, policy.uid);
  const nodes = nodeCountOf(reports, policy.generation);
  return {
    ...{ apiVersion: apiVersionOf(policy.resource), kind: policy.resource.kind },
    // With its UID another object of the same name is refused instead of being told what was meant for this one.
    metadata: { ...policy.object, uid: policy.uid },
    status: { conditions, enforced: `${nodes.enforced}/${nodes.meant}`, nodes },
  };
}

function judged({ options }: Work, policy: JudgedPolicy): readonly Condition[] {
  const { uid, name, generation, mode, expiresAtMs, before } = policy;
  return policyConditions({
    ...{ generation, mode, before, nowMs: options.now() },
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    reports: options.reports.reportsOf(name, uid),
    expected: options.expected(),
  });
}

function failed(work: Work, policy: JudgedPolicy, error: unknown): void {
  if (!(error instanceof AppError)) throw error;
  // Deleted, or made anew, while it was judged.
  if (error.code === 'KUBE_NOT_FOUND' || error.code === 'KUBE_CONFLICT') return;
  work.dirty.add(policy.uid);
  work.later.set(policy.uid, work.options.now() + writerLimits.againMs);
  const sentence = `The conditions of ${objectTitle(policy.resource, policy.object)} cannot be written: ${error.message}`;
  if (work.problem !== error.code) work.options.onProblem(sentence);
  work.problem = error.code;
}

async function write(work: Work, policy: JudgedPolicy, conditions: readonly Condition[]): Promise<void> {
  const { options, written, underWay } = work;
  underWay.add(policy.uid);
  try {
    await options.api.applyStatus(policy.resource, bodyOf(work, policy, conditions), statusManager);
    work.writes += 1;
    work.problem = undefined;
    const jitterMs = options.random() * writerLimits.jitterMs;
    written.set(policy.uid, { conditions, atMs: options.now(), jitterMs });
  } catch (error) {
    failed(work, policy, error);
  } finally {
    underWay.delete(policy.uid);
  }
}

/** Looks at one that may be different; it stays due while its counts have to wait. */
function lookAt(work: Work, uid: string): void {
  const { options, dirty, written, later, underWay } = work;
  const nowMs = options.now();
  if (underWay.has(uid) || (later.get(uid) ?? 0) > nowMs) return;
  later.delete(uid);
  const policy = options.policy(uid);
  if (policy === undefined) {
    dirty.delete(uid);
    written.delete(uid);
    work.ended.delete(uid);
    return;
  }
  const conditions = judged(work, policy);
  // What stands on the object, whoever wrote it: another replica may have, before it lost the Lease.
  const last = written.get(uid);
  const standing =
    policy.before.length === 0 ? undefined : { conditions: policy.before, atMs: last?.atMs ?? 0 };
  const pace = paceOf(standing, conditions, { nowMs, jitterMs: last?.jitterMs ?? 0 });
  if (pace.type === 'wait') return;
  dirty.delete(uid);
  if (pace.type === 'write') void write(work, policy, conditions);
}

/** A lifetime that ended changes conditions without any event. */
function noteEnded({ options, ended, dirty }: Work): void {
  const nowMs = options.now();
  for (const { uid, expiresAtMs } of options.policies()) {
    if (expiresAtMs === undefined || expiresAtMs > nowMs) ended.delete(uid);
    else if (!ended.has(uid)) {
      ended.add(uid);
      dirty.add(uid);
    }
  }
}

function round(work: Work): void {
  const { options, dirty, underWay } = work;
  noteEnded(work);
  if (!options.mayWrite()) return;
  for (const uid of [...dirty]) {
    if (underWay.size >= writerLimits.atOnce) return;
    lookAt(work, uid);
  }
}

/** Writes nothing before something was said to be different. */
export function startConditionWriter(options: ConditionWriterOptions): ConditionWriter {
  const work: Work = {
    ...{ options, dirty: new Set(), written: new Map(), later: new Map(), underWay: new Set() },
    ...{ ended: new Set(), writes: 0, problem: undefined },
  };
  const timer = setInterval(() => round(work), writerLimits.everyMs);
  return {
    look(uids) {
      for (const uid of uids ?? [...options.policies()].map((policy) => policy.uid)) work.dirty.add(uid);
    },
    writes: () => work.writes,
    close: () => clearInterval(timer),
  };
}
