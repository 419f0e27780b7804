// The columns of the policies list, one row each. Counters are the larger of what the agent reports and what was seen here.
import { rejectionWords } from '../../core/model/last-good-words.ts';
import { enforcementWord } from '../../core/model/enforcement-words.ts';
import type { PolicyEvent } from '../../core/model/event.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { PolicyTally } from '../state/data-view.ts';
import type { Role } from '../theme/roles.ts';
import type { Column } from './column.ts';
import { formatClock, formatShortCount, formatSpan } from './format.ts';
import { shortPolicy } from './verdict-words.ts';

/** A policy with what is known of it: its checked object and what flows showed. */
export interface PolicyRow {
  readonly event: PolicyEvent;
  readonly policy: Policy | undefined;
  readonly tally: PolicyTally | undefined;
}

const stateLooks: Readonly<Record<PolicyEvent['state'], { readonly word: string; readonly role: Role }>> = {
  active: { word: 'active', role: 'policy.active' },
  shadow: { word: 'shadow', role: 'policy.shadow' },
  off: { word: 'off', role: 'policy.off' },
  rejected: { word: 'REJECTED', role: 'policy.rejected' },
  expired: { word: 'expired', role: 'policy.expired' },
  removed: { word: 'removed', role: 'policy.expired' },
};

/** On a node what stands of it, and loudly what does not. */
function stateLook(event: PolicyEvent): { readonly word: string; readonly role: Role } {
  const found = enforcementWord(event);
  const look = stateLooks[event.state];
  if (found === undefined) return look;
  return { word: found.word, role: found.isWanting ? 'policy.rejected' : look.role };
}

/** Requests it decided (or would have), as far as anyone knows. */
export function policyHits(row: PolicyRow): number {
  if (row.event.state === 'shadow') return Math.max(row.event.shadowHits ?? 0, row.tally?.shadowHits ?? 0);
  return Math.max(row.event.hits ?? 0, row.tally?.hits ?? 0);
}

/** Epoch ms of the last request it decided; 0 for none. */
export function policyLastHitMs(row: PolicyRow): number {
  const reported = row.event.lastHit === undefined ? 0 : Date.parse(row.event.lastHit);
  return Math.max(Number.isFinite(reported) ? reported : 0, row.tally?.lastHitMs ?? 0);
}

/** `in 29m 40s`, `never`, or `passed` when its time is over and the agent has not said so yet. */
export function expiryText(row: PolicyRow, nowMs: number): string {
  const at = row.event.expiresAt ?? row.policy?.spec.expiresAt;
  if (at === undefined) return row.event.state === 'rejected' ? '' : 'never';
  const left = Date.parse(at) - nowMs;
  if (row.event.state === 'expired' || left <= 0) return 'passed';
  return `in ${formatSpan(left)}`;
}

function actionText(row: PolicyRow): string {
  const action = row.policy?.spec.action;
  if (!action) return '';
  return action.type === 'Throttle' ? `Throttle ${action.throttle.rate}` : action.type;
}

/** A column that only a cluster has something to say in. */
const clusterColumn = 'enforced';

/** The columns of the policies list where it is of a cluster, or not. */
export const policyColumnsOf = (isCluster: boolean): readonly Column<PolicyRow>[] =>
  isCluster ? policyColumns : policyColumns.filter(({ id }) => id !== clusterColumn);

/** All columns of the policies list, in reading order; which of them show is decided by width. */
export const policyColumns: readonly Column<PolicyRow>[] = [
  {
    id: 'name',
    title: 'POLICY',
    about: 'Name without its namespace.',
    min: 22,
    max: 48,
    grow: 3,
    priority: 1,
    align: 'left',
    cell: (row) => shortPolicy(row.event.name),
    role: () => 'strong',
    sortKey: (row) => shortPolicy(row.event.name),
  },
  {
    id: 'namespace',
    title: 'NAMESPACE',
    about: 'Where it lives.',
    min: 9,
    max: 20,
    grow: 1,
    priority: 9,
    align: 'left',
    cell: (row) => row.event.name.slice(0, Math.max(0, row.event.name.indexOf('/'))),
    role: () => 'dim',
  },
  {
    id: 'action',
    title: 'ACTION',
    about: 'What it does to requests that match.',
    min: 14,
    max: 18,
    grow: 1,
    priority: 3,
    align: 'left',
    cell: actionText,
    role: (row) => (row.policy?.spec.action.type === 'Throttle' ? 'verdict.throttle' : 'verdict.block'),
    sortKey: actionText,
  },
  {
    id: 'state',
    title: 'STATE',
    about: 'As the agent reports it.',
    min: 9,
    max: 9,
    grow: 0,
    priority: 1,
    align: 'left',
    cell: (row) => stateLook(row.event).word,
    role: (row) => stateLook(row.event).role,
    sortKey: (row) => stateLook(row.event).word.toLowerCase(),
  },
  {
    id: clusterColumn,
    title: 'ENFORCED',
    about: 'Nodes on which it stands of those that are meant, as its status says.',
    min: 8,
    max: 8,
    grow: 0,
    priority: 2,
    align: 'left',
    cell: (row) => row.event.cluster?.enforced ?? '-',
    role: (row) => (stateLook(row.event).role === 'policy.rejected' ? 'policy.rejected' : 'number'),
  },
  {
    id: 'expires',
    title: 'EXPIRES',
    about: 'Time left.',
    min: 11,
    max: 12,
    grow: 0,
    priority: 2,
    align: 'left',
    cell: (row, env) => expiryText(row, env.nowMs),
    role: () => 'time',
    sortKey: (row) => row.event.expiresAt ?? row.policy?.spec.expiresAt ?? '~',
  },
  {
    id: 'hits',
    title: 'HITS',
    about: 'Requests it decided, or would have in shadow.',
    min: 6,
    max: 7,
    grow: 0,
    priority: 2,
    align: 'right',
    cell: (row) => formatShortCount(policyHits(row)),
    role: () => 'number',
    sortKey: policyHits,
  },
  {
    id: 'last',
    title: 'LAST HIT',
    about: 'When it last decided one.',
    min: 8,
    max: 8,
    grow: 0,
    priority: 4,
    align: 'left',
    cell: (row, env) => {
      const at = policyLastHitMs(row);
      return at === 0 ? '' : formatClock(at, env.utcOffsetMinutes);
    },
    role: () => 'time',
    sortKey: policyLastHitMs,
    greatestFirst: true,
  },
  {
    id: 'author',
    title: 'BY',
    about: 'Who wrote it, where known.',
    min: 8,
    max: 24,
    grow: 1,
    priority: 7,
    align: 'left',
    cell: (row) => row.event.author ?? '',
    role: () => 'dim',
    sortKey: (row) => row.event.author ?? '',
  },
  {
    id: 'reason',
    title: 'REASON',
    about: "The policy's own reason, or why it was rejected.",
    min: 16,
    max: 80,
    grow: 4,
    priority: 6,
    align: 'left',
    cell: (row) => rejectionWords(row.event) || (row.policy?.spec.reason ?? ''),
    role: (row) => (row.event.error ? 'policy.rejected' : 'dim'),
  },
];
