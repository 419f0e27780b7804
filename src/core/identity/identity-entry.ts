// What agents are told of one pod, Service or node: outcomes, not claims. Two hubs that saw the same objects make the same entries,
// whatever the order. Knows no bytes.
import type { Workload } from '../model/identity.ts';

/** One thing that agents know by address, told apart by `type`; lists are sorted, so that equal entries are equal texts. */
export type IdentityEntry = PodEntry | ServiceEntry | NodeEntry;

/** A pod with the addresses that are its own beyond doubt; at least one. Never one in its node's network. */
export interface PodEntry {
  readonly type: 'pod';
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly workload: Pick<Workload, 'kind' | 'name'>;
  readonly serviceAccount: string;
  readonly labels: readonly (readonly [string, string])[];
  readonly ports: readonly number[];
  readonly addresses: readonly string[];
  /** An agent on its node would enrol it. */
  readonly isEnrollable: boolean;
}

/** A Service with addresses; `workload` of its own namespace, of kind Service where it is not one workload. */
export interface ServiceEntry {
  readonly type: 'service';
  readonly namespace: string;
  readonly name: string;
  readonly workload: Pick<Workload, 'kind' | 'name'>;
  readonly addresses: readonly string[];
  readonly ports: readonly { readonly port: number; readonly targetPort: number }[];
}

/** A node. */
export interface NodeEntry {
  readonly type: 'node';
  readonly name: string;
  readonly addresses: readonly string[];
  /** An agent works there. */
  readonly hasAgent: boolean;
}

/** An entry that came, changed or went; the key is that of `entryKey`. */
export interface EntryChange {
  readonly key: string;
  readonly entry: IdentityEntry | undefined;
}

/** `pod:ns/name`, `service:ns/name`, `node:name`. */
export function entryKey(entry: IdentityEntry): string {
  return entry.type === 'node' ? `node:${entry.name}` : `${entry.type}:${entry.namespace}/${entry.name}`;
}

/** The one text of an entry: equal exactly when the entries are. */
export function entryText(entry: IdentityEntry): string {
  switch (entry.type) {
    case 'pod':
      return JSON.stringify([
        ...['pod', entry.namespace, entry.name, entry.node, entry.workload.kind, entry.workload.name],
        ...[entry.serviceAccount, entry.labels, entry.ports, entry.addresses, entry.isEnrollable],
      ]);
    case 'service':
      return JSON.stringify([
        ...['service', entry.namespace, entry.name, entry.workload.kind, entry.workload.name],
        ...[entry.addresses, entry.ports.map(({ port, targetPort }) => [port, targetPort])],
      ]);
    case 'node':
      return JSON.stringify(['node', entry.name, entry.addresses, entry.hasAgent]);
  }
}
