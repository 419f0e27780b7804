// The two CustomResourceDefinitions, from the zod schemas: names, columns and versions. Pure; deploy/crds holds what it yields.
import type { z } from 'zod';
import { policyStatusSchema } from '../policy/policy-status.ts';
import { apiVersion, clusterFlowPolicySchema, flowPolicySchema } from '../policy/schema.ts';
import { structuralSchema, type StructuralSchema } from './structural.ts';

interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** Above 0: shown with `-o wide` only. */
  readonly priority?: number;
}

/** A CustomResourceDefinition as `apiextensions.k8s.io/v1` takes it. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: Readonly<Record<string, string | readonly string[]>>;
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly storage: boolean;
      readonly subresources: { readonly status: Readonly<Record<string, never>> };
      readonly additionalPrinterColumns: readonly PrinterColumn[];
      readonly schema: { readonly openAPIV3Schema: StructuralSchema };
    }[];
  };
}

const [group = '', version = ''] = apiVersion.split('/');
const condition = (type: string, field: string): string =>
  `.status.conditions[?(@.type=="${type}")].${field}`;

const columns: readonly PrinterColumn[] = [
  { name: 'Action', type: 'string', jsonPath: '.spec.action.type', description: 'What it does.' },
  { name: 'Mode', type: 'string', jsonPath: '.spec.mode', description: 'Off, Shadow or Enforce.' },
  { name: 'From', type: 'string', jsonPath: '.status.from', description: 'Who calls.' },
  { name: 'To', type: 'string', jsonPath: '.status.to', description: 'Who is called.' },
  {
    name: 'Enforced',
    type: 'string',
    jsonPath: '.status.enforced',
    description: 'Nodes on which it stands of those that are meant.',
  },
  // As text: a date column shows how long ago something was, and this is yet to come.
  { name: 'Expires', type: 'string', jsonPath: '.spec.expiresAt', description: 'When it ends by itself.' },
  {
    name: 'Age',
    type: 'date',
    jsonPath: '.metadata.creationTimestamp',
    description: 'Since when it is there.',
  },
  {
    name: 'Accepted',
    type: 'string',
    jsonPath: condition('Accepted', 'reason'),
    description: 'Whether agents understand it.',
    priority: 1,
  },
  { name: 'Reason', type: 'string', jsonPath: '.spec.reason', description: 'Why it is there.', priority: 1 },
];

/** apiVersion, kind and metadata are the API server's to check; `spec` and `status` are ours. */
const rootSchema = (kind: KindFacts): StructuralSchema => ({
  type: 'object',
  description: kind.description,
  required: ['spec'],
  properties: {
    apiVersion: { type: 'string', description: `Group and version of the object: ${apiVersion}.` },
    kind: { type: 'string', description: `Kind of the object: ${kind.kind}.` },
    metadata: { type: 'object' },
    spec: structuralSchema(kind.spec, 'kept'),
    status: structuralSchema(policyStatusSchema, 'dropped'),
  },
  'x-kubernetes-preserve-unknown-fields': true,
});

interface KindFacts {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortName: string;
  readonly scope: 'Namespaced' | 'Cluster';
  readonly description: string;
  readonly spec: z.ZodType;
}

const kinds: readonly KindFacts[] = [
  {
    kind: 'FlowPolicy',
    plural: 'flowpolicies',
    singular: 'flowpolicy',
    shortName: 'fp',
    scope: 'Namespaced',
    description:
      'Blocks or throttles traffic between workloads. It protects destinations of its own namespace; destinations elsewhere may be selected only when all sources are of its own namespace. Agents refuse anything else in the condition Accepted (reason RefNotPermitted), because a CRD cannot see an object’s namespace.',
    spec: flowPolicySchema.shape.spec,
  },
  {
    kind: 'ClusterFlowPolicy',
    plural: 'clusterflowpolicies',
    singular: 'clusterflowpolicy',
    shortName: 'cfp',
    scope: 'Cluster',
    description:
      'Blocks or throttles traffic between workloads of any namespace. The same as a FlowPolicy without the limit to one namespace, so that each peer names its own.',
    spec: clusterFlowPolicySchema.shape.spec,
  },
];

/** FlowPolicy, then ClusterFlowPolicy. */
export function customResourceDefinitions(): readonly CustomResourceDefinition[] {
  return kinds.map((kind) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${group}` },
    spec: {
      group,
      scope: kind.scope,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        shortNames: [kind.shortName],
        categories: ['apidefense'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: rootSchema(kind) },
        },
      ],
    },
  }));
}
