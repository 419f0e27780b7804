// `from:scanner` on the command line means the one workload of that name that was seen: its namespace is filled in from the
// agent's events, so that the policy written selects it and not a namesake. Pure.
import { AppError } from '../../core/model/app-error.ts';
import { assertNever } from '../../core/model/assert-never.ts';
import type { ApiEvent, Endpoint } from '../../core/model/event.ts';
import { compileFilter } from '../../core/filter/compile-filter.ts';
import type { FilterNode } from '../../core/filter/filter.ts';

/** A filter whose workloads have their namespaces. */
export interface QualifiedFilter {
  readonly node: FilterNode | undefined;
  /**
   * Where the policy belongs: the namespace of the destination that the filter names, else the only one among the
   * destinations of the flows it matches, else that of the source, else `otherwise`.
   */
  readonly namespace: string;
  /** Workloads that the filter names exactly and nobody has seen, as written. */
  readonly unseen: readonly string[];
  /** `namespace/workload` of everybody seen, sorted. */
  readonly known: readonly string[];
}

type Names = ReadonlyMap<string, ReadonlySet<string>>;

function seenNames(events: readonly ApiEvent[], ends: readonly Endpoint[]): Names {
  const names = new Map<string, Set<string>>();
  const add = (end: Endpoint): void => {
    const found = names.get(end.workload);
    if (found) found.add(end.namespace);
    else names.set(end.workload, new Set([end.namespace]));
  };
  ends.forEach(add);
  for (const event of events) {
    if (event.type === 'identity') add(event.endpoint);
    if (event.type === 'flow') {
      add(event.source);
      add(event.destination);
    }
  }
  return names;
}

function qualify(value: string, field: string, names: Names): string {
  if (value.includes('/') || value.includes('*')) return value;
  const namespaces = [...(names.get(value) ?? [])].sort();
  if (namespaces.length === 1) return `${namespaces[0] ?? ''}/${value}`;
  if (namespaces.length === 0) return value;
  throw new AppError({
    code: 'AMBIGUOUS_WORKLOAD',
    family: 'usage',
    message: `${field}:${value} could be ${namespaces.map((namespace) => `${namespace}/${value}`).join(' or ')}.`,
    hint: `Write ${field}:${namespaces[0] ?? ''}/${value}.`,
  });
}

function walk(node: FilterNode, names: Names): FilterNode {
  switch (node.type) {
    case 'and':
    case 'or':
      return { ...node, nodes: node.nodes.map((child) => walk(child, names)) };
    case 'not':
      return { ...node, node: walk(node.node, names) };
    case 'field':
      return node.field === 'from' || node.field === 'to'
        ? { ...node, value: qualify(node.value, node.field, names) }
        : node;
    case 'word':
      return node;
    default:
      return assertNever(node);
  }
}

/** Names without a glob, an address or an account: those are the ones that can be looked up. */
function unseenIn(node: FilterNode | undefined, names: Names): readonly string[] {
  if (node === undefined) return [];
  if (node.type === 'and' || node.type === 'or') return node.nodes.flatMap((child) => unseenIn(child, names));
  if (node.type === 'not') return unseenIn(node.node, names);
  if (node.type !== 'field' || (node.field !== 'from' && node.field !== 'to')) return [];
  const parts = node.value.split('/');
  if (/[*?:]|^[\d.]+(\/\d+)?$/.test(node.value) || parts.length > 3) return [];
  const namespaces = names.get(parts.at(-1) ?? '');
  const isSeen = namespaces !== undefined && (parts.length === 1 || namespaces.has(parts[0] ?? ''));
  return isSeen ? [] : [node.value];
}

function namespaceIn(node: FilterNode | undefined, field: 'from' | 'to'): string | undefined {
  if (node === undefined) return undefined;
  if (node.type === 'field')
    return node.field === field && node.value.includes('/') ? node.value.split('/')[0] : undefined;
  if (node.type === 'or') return shared(node.nodes.map((child) => namespaceIn(child, field)));
  if (node.type !== 'and') return undefined;
  for (const child of node.nodes) {
    const found = namespaceIn(child, field);
    if (found !== undefined) return found;
  }
  return undefined;
}

function namesDestination(node: FilterNode | undefined): boolean {
  if (node?.type === 'and' || node?.type === 'or') return node.nodes.some(namesDestination);
  return node?.type === 'field' && node.field === 'to';
}

const shared = (found: readonly (string | undefined)[]): string | undefined =>
  new Set(found).size === 1 ? found[0] : undefined;

/** The namespace that all destinations of the matching flows share, if they do. */
function namespaceSeen(node: FilterNode | undefined, events: readonly ApiEvent[]): string | undefined {
  const matches = node === undefined ? () => true : compileFilter(node);
  const namespaces = new Set<string>();
  for (const event of events)
    if (event.type === 'flow' && matches(event)) namespaces.add(event.destination.namespace);
  return namespaces.size === 1 ? [...namespaces][0] : undefined;
}

/** Who is known, and what is meant where nobody says. */
export interface Surroundings {
  readonly events: readonly ApiEvent[];
  /** Known besides the events: both sides of the agent's listeners. */
  readonly ends?: readonly Endpoint[];
  /** The namespace where nothing says another; `default` when absent. */
  readonly otherwise?: string | undefined;
}

/** @throws AppError when a bare name was seen in several namespaces. */
export function qualifyFilter(
  node: FilterNode | undefined,
  { events, ends = [], otherwise }: Surroundings,
): QualifiedFilter {
  const names = seenNames(events, ends);
  const qualified = node === undefined ? undefined : walk(node, names);
  const namespace =
    namespaceIn(qualified, 'to') ??
    namespaceSeen(qualified, events) ??
    // A bare destination is of the namespace that is meant, whoever calls it.
    (otherwise !== undefined && namesDestination(qualified) ? undefined : namespaceIn(qualified, 'from')) ??
    otherwise ??
    'default';
  const known = [...names]
    .flatMap(([name, namespaces]) => [...namespaces].map((one) => `${one}/${name}`))
    .sort();
  return { node: qualified, namespace, unseen: unseenIn(qualified, names), known };
}
