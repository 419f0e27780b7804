// The fourth stage: objects that are made empty and filled by the hub. So the hub needs no right to create anything, and what it fills is in
// no field set of ours: neither an upgrade nor Helm takes it away.
import type { JsonObject } from './kube-object.ts';
import type { Manifest } from './manifest.ts';
import { names } from './names.ts';
import { localMeta, type BuildOptions } from './with-labels.ts';

/** A field that is filled at run-time, and so never applied. */
export interface RunTimeField {
  readonly kind: string;
  readonly name: string;
  /** Top-level or `spec.` field. */
  readonly field: string;
  /** By whom and with what. */
  readonly text: string;
}

/** All of them. */
export const runTimeFields: readonly RunTimeField[] = [
  {
    kind: 'Secret',
    name: names.ca,
    field: 'data',
    text: "the internal CA's key and certificate, made by the leading hub",
  },
  {
    kind: 'ConfigMap',
    name: names.ca,
    field: 'data',
    text: 'the certificates that agents trust, old and new ones',
  },
  { kind: 'Lease', name: names.hub, field: 'spec', text: 'which replica of the hub leads' },
  {
    kind: 'APIService',
    name: names.apiService,
    field: 'spec.caBundle',
    text: 'the certificate by which the API server knows the hub',
  },
];

interface StateObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly fields?: JsonObject;
}

const objects: readonly StateObject[] = [
  { apiVersion: 'v1', kind: 'Secret', name: names.ca, fields: { type: 'Opaque' } },
  { apiVersion: 'v1', kind: 'ConfigMap', name: names.ca },
  { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: names.hub },
];

const filledBy = (kind: string): string =>
  runTimeFields
    .filter((field) => field.kind === kind)
    .map(({ field, text }) => `Empty on purpose: ${field} is ${text}.`)
    .join(' ');

/** Secret and ConfigMap of the internal CA, and the Lease. */
export const stateObjects = (options: BuildOptions): readonly Manifest[] =>
  objects.map(({ apiVersion, kind, name, fields }) => ({
    object: { apiVersion, kind, metadata: localMeta(name, 'hub', options), ...fields },
    notes: [{ path: [], text: filledBy(kind) }],
  }));
