// `from:scanner` on the command line means the one workload of that name that was seen: its namespace is filled in from the
// agent's events, so that the policy written selects it and not a namesake. Pure.
import { AppError } from '../../core/model/app-error.ts';
import { assertNever } from '../../core/model/assert-never.ts';
import type { ApiEvent, Endpoint } from '../../core/model/event.ts';
import { compileFilter } from '../../core/filter/compile-filter.ts';
import type { FilterNode } from '../../core/filter/filter.ts';

export interface QualifiedFilter {
  readonly node: FilterNode | undefined;
  /**
   * Where the policy belongs: the namespace of the destination that the filter names, else the only one among the
   * destinations of the flows it matches, else that of the source, else `default`.
   */
  readonly namespace: string;
}

type Names = ReadonlyMap<string, ReadonlySet<string>>;

function seenNames(events: readonly ApiEvent[]): Names {
  const names = new Map<string, Set<string>>();
  const add = (end: Endpoint): void => {
    const found = names.get(end.workload);
    if (found) found.add(end.namespace);
    else names.set(end.workload, new Set([end.namespace]));
  };
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

function namespaceIn(node: FilterNode | undefined, field: 'from' | 'to'): string | undefined {
  if (node === undefined) return undefined;
  if (node.type === 'field')
    return node.field === field && node.value.includes('/') ? node.value.split('/')[0] : undefined;
  if (node.type !== 'and') return undefined;
  for (const child of node.nodes) {
    const found = namespaceIn(child, field);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The namespace that all destinations of the matching flows share, if they do. */
function namespaceSeen(node: FilterNode | undefined, events: readonly ApiEvent[]): string | undefined {
  const matches = node === undefined ? () => true : compileFilter(node);
  const namespaces = new Set<string>();
  for (const event of events)
    if (event.type === 'flow' && matches(event)) namespaces.add(event.destination.namespace);
  return namespaces.size === 1 ? [...namespaces][0] : undefined;
}

/** @throws AppError when a bare name was seen in several namespaces. */
export function qualifyFilter(node: FilterNode | undefined, events: readonly ApiEvent[]): QualifiedFilter {
  const qualified = node === undefined ? undefined : walk(node, seenNames(events));
  const namespace =
    namespaceIn(qualified, 'to') ??
    namespaceSeen(qualified, events) ??
    namespaceIn(qualified, 'from') ??
    'default';
  return { node: qualified, namespace };
}
