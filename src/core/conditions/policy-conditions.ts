// What becomes of a policy in the cluster as Kubernetes conditions: from the object, what the agents said of this generation of it, and
// the agents that are expected to say something. Reasons in the style of the Gateway API. Pure: time comes in.
import type { PolicyEvent } from '../model/event.ts';
import { mergedEnforcement, type NodeWord } from '../merge/merged-enforcement.ts';
import { listed } from '../plan/outcome.ts';

/** As `metav1.Condition` has it. */
export interface Condition {
  readonly type: 'Accepted' | 'Programmed' | 'Degraded' | 'Expired' | 'Conflicted';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  /** RFC 3339, whole seconds: since when the status is as it is. */
  readonly lastTransitionTime: string;
}

/** The last word of one node's agent. */
export interface NodeReport {
  readonly node: string;
  /** Of the object that it is about; another than the current one counts as nothing said. */
  readonly generation: number;
  readonly event: Pick<PolicyEvent, 'state' | 'enforcement' | 'error'>;
  /** Its agent is not connected now. */
  readonly isSilent: boolean;
}

/** What conditions are made of. */
export interface ConditionInput {
  readonly generation: number;
  readonly mode: 'Off' | 'Shadow' | 'Enforce';
  readonly expiresAtMs?: number;
  readonly reports: readonly NodeReport[];
  /** Nodes whose agents ought to report. */
  readonly expected: readonly string[];
  /** Policies that it contradicts; absent where nobody can say: then the condition is absent too. */
  readonly conflicts?: readonly string[];
  /** As they stand on the object. */
  readonly before: readonly Condition[];
  readonly nowMs: number;
}

type Outcome = Pick<Condition, 'status' | 'reason' | 'message'>;

/** What was found out once, for all conditions. */
interface Findings {
  readonly input: ConditionInput;
  /** Of this generation, by nodes that are expected. */
  readonly reports: readonly NodeReport[];
  readonly missing: readonly string[];
  readonly refusing: readonly NodeReport[];
  readonly isExpired: boolean;
  /** All that were expected have reported on this generation, now or once before: from then on a new node is behind, not unknown. */
  readonly isSettled: boolean;
}

/** Messages are read in a column; Kubernetes would take 32,768. */
const longestMessage = 1_024;

const bounded = (text: string): string =>
  text.length <= longestMessage ? text : `${text.slice(0, longestMessage - 1)}…`;

const outcome = (status: Condition['status'], reason: string, message: string): Outcome => ({
  ...{ status, reason },
  message: bounded(message),
});

const nodesOf = (reports: readonly NodeReport[]): string => listed(reports.map(({ node }) => node));

/** Also where the last good version stands in for it. */
const refuses = ({ event: { state, error } }: NodeReport): boolean =>
  state === 'rejected' || error !== undefined;

function findingsOf(input: ConditionInput): Findings {
  const expected = new Set(input.expected);
  const reports = input.reports
    .filter(({ node, generation }) => expected.has(node) && generation === input.generation)
    .toSorted((a, b) => (a.node < b.node ? -1 : 1));
  const said = new Set(reports.map(({ node }) => node));
  const missing = [...expected].filter((node) => !said.has(node)).sort();
  const programmed = input.before.find(({ type }) => type === 'Programmed');
  const wasSettled = programmed?.observedGeneration === input.generation && programmed.status !== 'Unknown';
  return {
    ...{ input, reports, missing },
    refusing: reports.filter(refuses),
    isExpired: input.expiresAtMs !== undefined && input.nowMs >= input.expiresAtMs,
    isSettled: expected.size > 0 && (missing.length === 0 || wasSettled),
  };
}

function waiting({ input, reports, missing }: Findings): string {
  if (input.expected.length === 0) return 'No agent is known that could say anything of it.';
  return `${reports.length}/${reports.length + missing.length} nodes have reported; waiting for ${listed(missing)}.`;
}

function accepted(found: Findings): Outcome {
  const { refusing, reports } = found;
  const [first] = refusing;
  if (first !== undefined) {
    const why = first.event.error?.message ?? 'it gives no reason';
    return outcome('False', 'Invalid', `Refused on ${nodesOf(refusing)}: ${why}${standingIn(refusing)}`);
  }
  if (reports.length === 0) return outcome('Unknown', 'Pending', waiting(found));
  return outcome('True', 'Accepted', 'Every agent that has reported takes it.');
}

/** Where an earlier version is still in force, as a sentence; '' when nowhere. */
function standingIn(refusing: readonly NodeReport[]): string {
  const those = refusing.filter(({ event }) => event.state !== 'rejected');
  return those.length === 0 ? '' : ` The last good version stands on ${nodesOf(those)}.`;
}

const wordsOf = (reports: readonly NodeReport[]): readonly NodeWord[] =>
  reports.flatMap(({ node, event: { enforcement }, isSilent }) =>
    enforcement === undefined ? [] : [{ node, enforcement, isSilent }],
  );

/** Of a policy that is to be enforced and that all expected agents know. */
function enforced({ reports, missing, refusing }: Findings): Outcome {
  // What stands where it is refused is an earlier version.
  const merged = mergedEnforcement(wordsOf(reports.filter((report) => !refuses(report))));
  const said = merged?.sentence ?? 'No agent says where it stands.';
  const behind = missing.length === 0 ? '' : ` Not reported yet: ${listed(missing)}.`;
  const refused = refusing.length === 0 ? '' : ` Refused on ${nodesOf(refusing)}.${standingIn(refusing)}`;
  const message = said + behind + refused;
  if (merged === undefined) return outcome('False', 'Invalid', message);
  const isWhole = missing.length + refusing.length === 0;
  if (merged.state === 'enforced' && isWhole) return outcome('True', 'Programmed', message);
  if (merged.state === 'idle' && isWhole) return outcome('True', 'NothingSelected', message);
  if (merged.state === 'unenforceable') return outcome('False', 'NotEnforceable', message);
  if (merged.state === 'partly' || merged.state === 'enforced')
    return outcome('False', 'PartiallyProgrammed', message);
  return outcome('False', 'Progressing', message);
}

function programmed(found: Findings): Outcome {
  const { input, isExpired, isSettled, reports, missing } = found;
  if (isExpired) return outcome('False', 'Expired', 'It has expired: nothing is enforced by it any more.');
  if (!isSettled) return outcome('Unknown', 'Pending', waiting(found));
  if (input.mode === 'Off') return outcome('False', 'Off', 'It is off: mode says so.');
  if (input.mode === 'Enforce') return enforced(found);
  const nodes = `${reports.length}/${reports.length + missing.length}`;
  return outcome('True', 'Shadow', `It is evaluated in shadow on ${nodes} nodes; nothing is refused by it.`);
}

function degraded(found: Findings, standing: Outcome): Outcome {
  const silent = found.reports.filter(({ isSilent }) => isSilent);
  if (standing.status === 'Unknown') return outcome('Unknown', 'Pending', waiting(found));
  if (found.isExpired || found.input.mode === 'Off')
    return outcome('False', 'AsExpected', 'There is nothing that could be wanting.');
  if (found.refusing.length > 0)
    return outcome('True', 'Invalid', `Agents refuse it on ${nodesOf(found.refusing)}.`);
  if (standing.status === 'False')
    return outcome('True', standing.reason, `Not all that it selects is covered. ${standing.message}`);
  if (silent.length > 0)
    return outcome(
      'True',
      'AgentsSilent',
      `Not heard now: ${nodesOf(silent)}. The last word of each stands; its policies go on there without the hub.`,
    );
  return outcome('False', 'AsExpected', 'All that was said of it is as it should be.');
}

function expired({ input: { expiresAtMs }, isExpired }: Findings): Outcome {
  if (expiresAtMs === undefined) return outcome('False', 'NoExpiry', 'It has no expiresAt.');
  const at = stampOf(expiresAtMs);
  return isExpired
    ? outcome('True', 'Expired', `It expired at ${at}.`)
    : outcome('False', 'NotExpired', `It expires at ${at}.`);
}

function conflicted(conflicts: readonly string[]): Outcome {
  return conflicts.length === 0
    ? outcome('False', 'NoConflicts', 'No other policy contradicts it.')
    : outcome('True', 'Conflicted', `It contradicts ${listed(conflicts)}.`);
}

/** As `metav1.Time` is written: whole seconds. */
const stampOf = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** All conditions, in the order of the table. `lastTransitionTime` moves when the status does, and never else. */
export function policyConditions(input: ConditionInput): readonly Condition[] {
  const found = findingsOf(input);
  const standing = programmed(found);
  const rows: readonly (readonly [Condition['type'], Outcome])[] = [
    ['Accepted', accepted(found)],
    ['Programmed', standing],
    ['Degraded', degraded(found, standing)],
    ['Expired', expired(found)],
    ...(input.conflicts === undefined ? [] : [['Conflicted', conflicted(input.conflicts)] as const]),
  ];
  return rows.map(([type, row]) => {
    const last = input.before.find((condition) => condition.type === type);
    return {
      type,
      ...row,
      observedGeneration: input.generation,
      lastTransitionTime: last?.status === row.status ? last.lastTransitionTime : stampOf(input.nowMs),
    };
  });
}
