// Policy set -> compiled snapshot -> data plane, and back: which snapshot a verdict of generation n refers to.
// Recompiles when the store changes and when a policy expires. Knows the store's port and the compiler, not YAML or sockets.
import type { Verdict } from '../../core/model/event.ts';
import type { Decision, Exchange } from '../../core/model/exchange.ts';
import { millis } from '../../core/model/brand.ts';
import { createCompiler } from '../../core/policy/compiler.ts';
import type { Snapshot } from '../../core/policy/snapshot.ts';
import { noPolicy } from '../../core/policy/decision.ts';
import { describeVerdict } from '../../core/policy/describe-verdict.ts';
import type { Policy } from '../../core/policy/schema.ts';

/** Exchanges of an older snapshot can still be in the ring; this many generations stay describable. */
const keptGenerations = 16;
/** setTimeout's own limit; a later expiry is looked at again then. */
const longestTimerMs = 2 ** 31 - 1;

/** The compiled set in force, and the words of the last `keptGenerations` ones. */
export interface Snapshots {
  readonly current: () => Snapshot;
  /** Compile and hand over the given set; returns the new snapshot. */
  replace(policies: readonly Policy[]): Snapshot;
  /** Words for a decision made under a generation; `principal` is the caller's, '' where it is not known. */
  readonly describe: (
    decided: Pick<Exchange, 'decision' | 'generation'>,
    normalisedPath: string,
    principal: string,
  ) => { readonly verdict: Verdict; readonly shadow?: Verdict };
  close(): void;
}

/** Clock, data plane and mask that compiled sets are made for. */
export interface SnapshotOptions {
  readonly now: () => number;
  readonly install: (snapshot: Snapshot) => void;
  /** Policies as verdicts may quote them: what they say is told in events. */
  readonly told: (policy: Policy) => Policy;
  /** Called when a policy of the current set has just expired. */
  readonly onExpiry: () => void;
}

function nextExpiryMs(policies: readonly Policy[], nowMs: number): number | undefined {
  let next: number | undefined;
  for (const { spec } of policies) {
    if (spec.expiresAt === undefined || spec.mode === 'Off') continue;
    const atMs = Date.parse(spec.expiresAt);
    if (atMs > nowMs && (next === undefined || atMs < next)) next = atMs;
  }
  return next;
}

/** The verdict on most requests; one object for all of them. */
const allowed: { readonly verdict: Verdict } = { verdict: { action: 'allow', mode: 'enforce' } };

/** No policy had a say, neither enforcing nor shadow: the same words under every snapshot. */
const isDefaultAllow = ({ action, policy, shadowAction, shadowPolicy }: Decision): boolean =>
  action === 0 && policy === noPolicy && shadowAction === 0 && shadowPolicy === noPolicy;

/** What words for decisions are made of. */
type Kept = Pick<Snapshot, 'generation' | 'policies' | 'names' | 'rules'>;

/** Calls `onExpiry` at the next expiry of the set it was last given. */
function createExpiryTimer({ onExpiry }: SnapshotOptions): {
  watch(policies: readonly Policy[], nowMs: number): void;
  stop(): void;
} {
  let timer: NodeJS.Timeout | undefined;
  return {
    watch(policies, nowMs) {
      clearTimeout(timer);
      const expiryMs = nextExpiryMs(policies, nowMs);
      if (expiryMs === undefined) return;
      timer = setTimeout(() => onExpiry(), Math.min(expiryMs - nowMs + 1, longestTimerMs));
      timer.unref();
    },
    stop: () => clearTimeout(timer),
  };
}

const forgotten = (generation: number): { readonly verdict: Verdict } => ({
  verdict: {
    action: 'allow',
    mode: 'enforce',
    reason: `decided by generation ${generation}, no longer kept`,
  },
});

/** Starts with `policies` compiled as generation 1 (not installed: the data plane is started with it). */
export function createSnapshots(policies: readonly Policy[], options: SnapshotOptions): Snapshots {
  const kept: Kept[] = [];
  const expiry = createExpiryTimer(options);
  const compiler = createCompiler();
  const compile = (set: readonly Policy[]): Snapshot => {
    const nowMs = options.now();
    const generation = (kept.at(-1)?.generation ?? 0) + 1;
    const snapshot = compiler.compile(set, { generation, nowMs: millis(nowMs) });
    const { names, rules } = snapshot;
    kept.push({ generation, names, rules, policies: snapshot.policies.map(options.told) });
    if (kept.length > keptGenerations) kept.shift();
    expiry.watch(set, nowMs);
    return snapshot;
  };
  let current = compile(policies);
  return {
    current: () => current,
    replace(set) {
      current = compile(set);
      options.install(current);
      return current;
    },
    describe({ decision, generation }, normalisedPath, principal) {
      if (isDefaultAllow(decision)) return allowed;
      const snapshot = kept.find((one) => one.generation === generation);
      if (!snapshot) return forgotten(generation);
      return describeVerdict(decision, snapshot, { normalisedPath, principal });
    },
    close: () => expiry.stop(),
  };
}
