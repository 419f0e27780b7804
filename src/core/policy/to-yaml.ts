// A policy as the YAML people read, keep and review: stable key order, so that diffs show changes only.
import { stringify } from 'yaml';
import type { Policy } from './schema.ts';
import { yamlOptions } from './yaml-options.ts';

/** Keys in reading order; names not listed (labels, annotations) come after, by name. */
const order: readonly string[] = [
  ...['apiVersion', 'kind', 'metadata', 'name', 'namespace', 'labels', 'annotations', 'spec'],
  ...[
    'mode',
    'from',
    'to',
    'scope',
    'peers',
    'workload',
    'serviceAccount',
    'labels',
    'cidr',
    'minAssurance',
    'ports',
  ],
  ...['match', 'http', 'methods', 'hosts', 'paths', 'headers', 'values'],
  ...['action', 'type', 'block', 'throttle', 'answer', 'existing', 'rate', 'burst', 'key'],
  ...['failure', 'expiresAt', 'reason'],
];

/** YAML text ending in a newline, for readers of YAML 1.1 too: to kubectl a bare Off is false. */
export function policyToYaml(policy: Policy): string {
  return stringify(ordered(policy), yamlOptions);
}

/** What a policy selects and does, one line a part: YAML too, `from: {peers: [{workload: {name: web}}]}`. */
export function policyGist({ spec }: Policy): readonly string[] {
  const { from, to, match, action } = spec;
  return Object.entries({ from, to, ...(match && { match }), action }).map(
    ([part, value]) => `${part}: ${oneLine(value)}`,
  );
}

const oneLine = (value: unknown): string =>
  stringify(ordered(value), {
    ...yamlOptions,
    collectionStyle: 'flow',
    flowCollectionPadding: false,
  }).trimEnd();

function rank(key: string): number {
  const at = order.indexOf(key);
  return at === -1 ? order.length : at;
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  return new Map(
    entries
      .filter(([, inner]) => inner !== undefined)
      .toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
      .map(([key, inner]) => [key, ordered(inner)]),
  );
}
