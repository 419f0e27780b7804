// The installation as a pure function: options in, all objects out, in stages and in an order that does not change. `install`, its dry run, the
// Helm chart and the table of rights are made from this and nothing else.
import type { Manifest, Stage, StageName } from './manifest.ts';
import { accessObjects } from './access-objects.ts';
import { agentObjects } from './agent-objects.ts';
import { definitionObjects } from './definition-objects.ts';
import { hubObjects } from './hub-objects.ts';
import { liveGroup, liveVersion, names, ports } from './names.ts';
import { namespaceObjects } from './namespace-objects.ts';
import { stateObjects } from './state-objects.ts';
import { clusterMeta, type BuildOptions } from './with-labels.ts';

const aggregatedObjects = (options: BuildOptions): readonly Manifest[] => [
  {
    object: {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: clusterMeta(names.apiService, 'hub', options),
      spec: {
        group: liveGroup,
        version: liveVersion,
        groupPriorityMinimum: 1000,
        versionPriority: 15,
        service: { name: names.hub, namespace: options.namespace, port: ports.hubService },
      },
    },
    notes: [
      {
        path: [],
        text: 'Last to come and first to go: while it is there and nobody serves it, discovery fails for the whole cluster. spec.caBundle is filled by the leading hub.',
      },
    ],
    when: 'aggregatedApi',
  },
];

interface StageRow {
  readonly name: StageName;
  readonly title: string;
  readonly build: (options: BuildOptions) => readonly Manifest[];
}

const rows: readonly StageRow[] = [
  { name: 'namespace', title: 'namespace and priority', build: namespaceObjects },
  { name: 'definitions', title: 'definitions of the policies', build: definitionObjects },
  { name: 'rights', title: 'accounts, roles and bindings', build: accessObjects },
  { name: 'state', title: 'objects that the hub fills', build: stateObjects },
  { name: 'hub', title: 'hub', build: hubObjects },
  { name: 'agents', title: 'agents', build: agentObjects },
  { name: 'aggregated-api', title: 'API for people', build: aggregatedObjects },
];

/** All stages with all objects, also those that an option leaves out: what the chart is made from. */
export const allStages = (options: BuildOptions): readonly Stage[] =>
  rows.map(({ name, title, build }) => ({ name, title, manifests: build(options) }));

/** The stages of an installation with these options; one without objects is left out. */
export const installStages = (options: BuildOptions): readonly Stage[] =>
  allStages(options)
    .map((stage) => ({
      ...stage,
      manifests: stage.manifests.filter(({ when }) => when === undefined || options[when]),
    }))
    .filter(({ manifests }) => manifests.length > 0);
