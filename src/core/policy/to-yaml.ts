// A policy as the YAML people read, keep and review: stable key order, so that diffs show changes only.
import { stringify } from 'yaml';
import type { FlowPolicy } from './schema.ts';

/** YAML text ending in a newline. */
export function policyToYaml(policy: FlowPolicy): string {
  return stringify(policy, { lineWidth: 0 });
}
