// Kubeconfig files of people with more than one context, for programs that are started with them.
import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { KubeTarget } from '../../src/io/kube/config/kube-target.ts';

/** Writes one; the first context is the current one. Each gets its target's cluster, user and namespace. */
export function writeKubeconfig(path: string, contexts: Readonly<Record<string, KubeTarget>>): string {
  const entries = Object.entries(contexts);
  writeFileSync(
    path,
    stringify({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': entries[0]?.[0] },
      contexts: entries.map(([name, { namespace }]) => ({
        name,
        context: { cluster: name, user: name, namespace },
      })),
      clusters: entries.map(([name, { cluster }]) => ({ name, cluster })),
      users: entries.map(([name, { user }]) => ({ name, user })),
    }),
  );
  return path;
}
