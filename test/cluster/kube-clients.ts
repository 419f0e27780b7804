// Clients of the cluster under test, made of the program's own parts: as its administrator, or as somebody with fewer rights.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { AppError } from '../../src/core/model/app-error.ts';
import { createKubeApi, type KubeApi, type KubeBody } from '../../src/io/kube/api/kube-api.ts';
import { kinds, type ResourceKind } from '../../src/io/kube/api/resource-kind.ts';
import { resolveTarget, type KubeChoice } from '../../src/io/kube/config/kube-target.ts';
import type { Cluster } from './lab/cluster.ts';
import { until } from '../helpers/until.ts';

/** A client; `choice` as kubectl's flags. */
export function clientOf(
  { kubeconfigPath }: Pick<Cluster, 'kubeconfigPath'>,
  choice: KubeChoice = {},
): KubeApi {
  const target = resolveTarget(
    { kubeconfig: kubeconfigPath, ...choice },
    { env: {}, homeDirectory: '/nonexistent' },
  );
  return createKubeApi({ target, env: {}, now: Date.now, sleep: (ms) => pause(ms) });
}

const row = (groupVersion: string, plural: string, kind: string, namespaced = true): ResourceKind => {
  const [version = '', group = ''] = groupVersion.split('/').toReversed();
  return { group, version, plural, kind, namespaced };
};

/** Kinds that only tests write. */
export const testKinds = {
  definitions: row('apiextensions.k8s.io/v1', 'customresourcedefinitions', 'CustomResourceDefinition', false),
  deployments: row('apps/v1', 'deployments', 'Deployment'),
  replicaSets: row('apps/v1', 'replicasets', 'ReplicaSet'),
  cronJobs: row('batch/v1', 'cronjobs', 'CronJob'),
  jobs: row('batch/v1', 'jobs', 'Job'),
  services: row('v1', 'services', 'Service'),
  endpointSlices: row('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice'),
  roles: row('rbac.authorization.k8s.io/v1', 'roles', 'Role'),
  roleBindings: row('rbac.authorization.k8s.io/v1', 'rolebindings', 'RoleBinding'),
} as const;

/** Code, message and hint of what is refused. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof AppError) return `${error.code}: ${error.message} ${error.hint}`;
    throw error;
  }
  return 'nothing was refused';
}

const isBody = (value: unknown): value is KubeBody =>
  typeof value === 'object' && value !== null && 'metadata' in value;

/** Our own kinds as `deploy/crds` has them; answers when objects of them can be written. */
export async function installDefinitions(api: KubeApi): Promise<void> {
  for (const file of ['flowpolicies', 'clusterflowpolicies']) {
    const path = join(import.meta.dirname, '..', '..', 'deploy', 'crds', `${file}.apidefense.dev.yaml`);
    for (const document of parseAllDocuments(readFileSync(path, 'utf8'))) {
      const body: unknown = document.toJS();
      if (isBody(body)) await api.apply(testKinds.definitions, body);
    }
  }
  await until('our kinds are served', () =>
    Promise.all(
      [kinds.flowPolicies, kinds.clusterFlowPolicies].map((kind) => api.list(kind, {}, () => undefined)),
    ).catch(() => false),
  );
}

/** Lets `user` do `verbs` with `resources` of a namespace. */
export async function allow(
  api: KubeApi,
  namespace: string,
  rule: {
    readonly user: string;
    readonly apiGroups: string[];
    readonly resources: string[];
    readonly verbs: string[];
    /** Of role and binding, where somebody has more than one; else the user's. */
    readonly name?: string;
  },
): Promise<void> {
  const { user, name = user, ...rules } = rule;
  const metadata = { name, namespace };
  const apiGroup = 'rbac.authorization.k8s.io';
  await api.apply(testKinds.roles, { apiVersion: `${apiGroup}/v1`, kind: 'Role', metadata, rules: [rules] });
  await api.apply(testKinds.roleBindings, {
    ...{ apiVersion: `${apiGroup}/v1`, kind: 'RoleBinding', metadata },
    roleRef: { apiGroup, kind: 'Role', name },
    subjects: [{ apiGroup, kind: 'User', name: user }],
  });
}
