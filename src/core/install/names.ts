// Names, ports, paths and labels that installation, agents and hub must agree on. Data only.

/** Group of the policies. */
export const policyGroup = 'apidefense.dev';
/** Group of the aggregated API, by which people reach flows, findings and bodies. */
export const liveGroup = 'live.apidefense.dev';
/** Version of the aggregated API. */
export const liveVersion = 'v1alpha1';

/** Names of the objects, one installation per cluster: the aggregated API and the definitions exist once. */
export const names = {
  agent: 'apidefense-agent',
  hub: 'apidefense-hub',
  hubAggregation: 'apidefense-hub-aggregation',
  /** Secret with the internal CA's key, and ConfigMap with the certificates that agents trust. */
  ca: 'apidefense-ca',
  priorityClass: 'apidefense',
  viewer: 'apidefense-viewer',
  operator: 'apidefense-operator',
  revealer: 'apidefense-revealer',
  policyReader: 'apidefense-policy-reader',
  apiService: `${liveVersion}.${liveGroup}`,
} as const;

/** Ports of the pods. The hub's is one that private clusters open from the API server towards nodes and pods. */
export const ports = { hub: 10_250, hubService: 443, agentHealth: 9_464, agentMetrics: 9_465 } as const;

/** Audience of the tokens by which agents prove themselves to the hub. */
export const hubAudience = 'apidefense-hub';

/** Field manager of everything that install applies. */
export const fieldManager = 'kubectl-api-defense';

/** Where things are inside the agent's container. */
export const agentPaths = {
  netns: '/host/run/netns',
  sysctl: '/host/proc/sys/net',
  /** A memory file system, which is everybody's in the pod; the agent makes folders of its own in it. */
  run: '/run/apidefense',
  feed: '/run/apidefense/agent/feed.sock',
  snapshot: '/var/lib/apidefense',
  ca: '/etc/apidefense/ca',
  hubToken: '/etc/apidefense/hub-token',
} as const;

/** Key of the ConfigMap, and so the file, with the certificates that agents trust. */
export const caFile = 'ca.crt';

const labelName = 'app.kubernetes.io/name';
const labelComponent = 'app.kubernetes.io/component';
/** The namespace of the installation that an object belongs to: what is ours carries it, and only that. */
export const installationLabel = 'apidefense.dev/installation';
/** Version of the program that installed an object. */
export const versionLabel = 'app.kubernetes.io/version';
/** Who keeps an object; Helm writes itself here. */
export const managedByLabel = 'app.kubernetes.io/managed-by';

/** Parts of the installation. */
export type Component = 'agent' | 'hub' | 'rights' | 'policies';

/** Labels that choose a component's pods: they can never change, so the version is not among them. */
export const selectorOf = (component: Component): Record<string, string> => ({
  [labelName]: 'api-defense',
  [labelComponent]: component,
});

/** Labels of every object of ours. */
export const labelsOf = (
  component: Component,
  { namespace, version }: { readonly namespace: string; readonly version: string },
): Record<string, string> => ({
  ...selectorOf(component),
  'app.kubernetes.io/part-of': 'api-defense',
  [versionLabel]: version,
  [managedByLabel]: fieldManager,
  [installationLabel]: namespace,
});
