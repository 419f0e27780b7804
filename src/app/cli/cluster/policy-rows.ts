// Policies as they are written in a cluster, as rows: what was asked for, what agents say of it, who keeps it. Not the events of an agent: what
// nobody has reported is not called active. Pure.
import type { ListedPolicy } from '../../../io/kube/policies/list-policies.ts';
import { managerWords } from '../../../io/kube/policies/managed-by.ts';
import { padText, visibleText } from '../../../tui/render/visible.ts';

/** One policy, as -o json has it. */
export interface PolicyRow {
  readonly kind: string;
  /** `shop/block-scanner`; of a cluster-wide one its name alone. */
  readonly name: string;
  /** As asked for (`enforce`, `shadow`, `off`), or why it is nothing: `expired`, `rejected`. */
  readonly state: 'enforce' | 'shadow' | 'off' | 'expired' | 'rejected';
  /** Nodes on which it stands of those that are meant, `2/3`; absent when no agent has said anything of its present content. */
  readonly enforced?: string;
  readonly action?: string;
  readonly expiresAt?: string;
  readonly author?: string;
  readonly reason?: string;
  /** `Argo CD (application shop)`. */
  readonly managedBy?: string;
  /** Why it is rejected, or what is not as it should be, in sentences. */
  readonly notes: readonly string[];
  /** As it is written, without what the API server adds. */
  readonly object: unknown;
}

/** Conditions that are worth a word, by what they should be. */
const wanted: Readonly<Record<string, 'True' | 'False'>> = {
  ...{ Accepted: 'True', Programmed: 'True', Degraded: 'False' },
};

function complaints({ status }: ListedPolicy): string[] {
  return (status?.conditions ?? [])
    .filter(({ type, status: is }) => wanted[type] !== undefined && wanted[type] !== is)
    .map(({ type, reason, message }) => `${type}: ${reason}${message === '' ? '' : `, ${message}`}`);
}

/** What is wrong with a policy: why it is rejected, or what agents complain of. */
export const policyProblems = (listed: ListedPolicy): readonly string[] => [
  ...(listed.read.ok ? [] : [listed.read.rejection.message]),
  ...complaints(listed),
];

const stateWords = { Enforce: 'enforce', Shadow: 'shadow', Off: 'off' } as const;

const managerOf = ({ manager }: ListedPolicy): string | undefined =>
  manager === undefined ? undefined : managerWords(manager);

const unreported = 'no agent has reported it yet';

function notesOf(listed: ListedPolicy, managedBy: string | undefined): readonly string[] {
  const { read, status } = listed;
  return [
    ...policyProblems(listed),
    ...(read.ok && status === undefined ? [unreported] : []),
    ...(managedBy === undefined ? [] : [`kept by ${managedBy}`]),
  ];
}

/** What one policy comes to at `nowMs`. */
export function policyRow(listed: ListedPolicy, nowMs: number): PolicyRow {
  const { kind, name, read, status } = listed;
  const managedBy = managerOf(listed);
  const shared = {
    ...{ kind, name, notes: notesOf(listed, managedBy) },
    ...(managedBy === undefined ? {} : { managedBy }),
    ...(status?.enforced === undefined ? {} : { enforced: status.enforced }),
  };
  if (!read.ok) return { ...shared, state: 'rejected', object: read.object };
  const { spec, metadata } = read.policy;
  const author = metadata.annotations?.['apidefense.dev/author'];
  const { expiresAt, reason } = spec;
  const isOver = expiresAt !== undefined && Date.parse(expiresAt) <= nowMs;
  return {
    ...shared,
    ...{ state: isOver ? 'expired' : stateWords[spec.mode], action: spec.action.type },
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(reason === undefined ? {} : { reason }),
    ...(author === undefined ? {} : { author }),
    object: read.policy,
  };
}

const columns: readonly {
  readonly title: string;
  readonly width: number;
  readonly cell: (row: PolicyRow) => string;
}[] = [
  { title: 'KIND', width: 17, cell: ({ kind }) => kind },
  { title: 'NAME', width: 44, cell: ({ name }) => name },
  { title: 'ACTION', width: 8, cell: ({ action = '' }) => action },
  { title: 'STATE', width: 8, cell: ({ state }) => state },
  { title: 'ENFORCED', width: 8, cell: ({ enforced = '' }) => enforced },
  { title: 'EXPIRES', width: 20, cell: ({ expiresAt }) => expiresAt?.slice(0, 19).concat('Z') ?? 'never' },
  { title: 'AUTHOR', width: 16, cell: ({ author = '' }) => author },
  { title: 'NOTE', width: 0, cell: ({ notes }) => notes.join('; ') },
];

/** A heading and a line each. */
export function policyTable(rows: readonly PolicyRow[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => padText(visibleText(cell), columns[at]?.width ?? 0))
      .join('  ')
      .trimEnd();
  return [
    line(columns.map(({ title }) => title)),
    ...rows.map((row) => line(columns.map(({ cell }) => cell(row)))),
  ];
}
