// A policy folder that is gone after the test, and policies to put into it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Policy } from '../../../src/core/policy/schema.ts';
import type { PolicyStore, StoredPolicy } from '../../../src/core/policy/store.ts';
import type { FolderStoreOptions } from '../../../src/io/policies/folder-store.ts';
import { openFolderStore } from '../../../src/io/policies/folder-store.ts';

export const nowMs = Date.parse('2026-11-23T10:00:00.000Z');

export function policy(name: string, spec: Partial<Policy['spec']> = {}): Policy {
  return {
    apiVersion: 'apidefense.dev/v1alpha1',
    kind: 'FlowPolicy',
    metadata: { name, namespace: 'shop' },
    spec: {
      mode: 'Enforce',
      from: { peers: [{ workload: { name: 'scanner' } }] },
      to: { scope: 'All' },
      action: { type: 'Block' },
      ...spec,
    },
  };
}

/** Line 6 is the mode, line 12 the action's type. */
export const yaml = (
  name: string,
  mode = 'Enforce',
  extra = '',
): string => `apiVersion: apidefense.dev/v1alpha1
kind: FlowPolicy
metadata: { name: ${name}, namespace: shop }
# why this is here
spec:
  mode: ${mode}
  from:
    peers:
      - workload: { name: scanner }
  to: { scope: All }
  action:
    type: Block
${extra}`;

export interface Folder {
  readonly directory: string;
  put(file: string, text: string): void;
  open(options?: Partial<FolderStoreOptions>): Promise<PolicyStore>;
}

export function policyFolder(): Folder {
  const directory = mkdtempSync(join(tmpdir(), 'apidefense-policies-'));
  const stores: PolicyStore[] = [];
  onTestFinished(async () => {
    for (const store of stores) await store.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    directory,
    put: (file, text) => writeFileSync(join(directory, file), text),
    async open(options = {}) {
      const store = await openFolderStore({ directory, now: () => nowMs, ...options });
      stores.push(store);
      return store;
    },
  };
}

/** `valid shop/a`, `rejected a.yaml DUPLICATE_NAME`, … */
export const summary = (store: PolicyStore): string[] => store.entries().map(line);

function line(entry: StoredPolicy): string {
  if (entry.type === 'rejected') return `rejected ${entry.rejection.file} ${entry.rejection.code}`;
  const stale = entry.type === 'valid' && entry.rejection !== undefined ? ' (stale)' : '';
  return `${entry.type} ${entry.name}${stale}`;
}

export const messages = (store: PolicyStore): string[] =>
  store.entries().flatMap((entry) => (entry.type === 'rejected' ? [entry.rejection.message] : []));
