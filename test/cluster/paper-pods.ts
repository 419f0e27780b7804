// Pods that are objects alone, and tokens as their kubelet would ask for them: what a hub cannot tell from real ones. No test runner is known here.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { hubAudience, names } from '../../src/core/install/names.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { fieldOf, textOf, type KubeObject } from '../../src/io/kube/api/kube-object.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';

const account = names.agent;
/** Of ServiceAccounts, which only tests write. */
export const accounts = { ...kinds.pods, plural: 'serviceaccounts', kind: 'ServiceAccount' };

/** A pod that its kubelet would call running. */
export async function makePod(
  api: KubeApi,
  name: string,
  how: { namespace: string; node: string; ip: string; account?: string },
): Promise<KubeObject> {
  const { namespace } = how;
  const pod = await api.create(kinds.pods, {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } },
    spec: {
      ...{ nodeName: how.node, serviceAccountName: how.account ?? account, terminationGracePeriodSeconds: 0 },
      containers: [{ name: 'main', image: 'none' }],
    },
  });
  const { ip } = how;
  await api.patchStatus(
    kinds.pods,
    { namespace, name },
    { phase: 'Running', podIP: ip, podIPs: [{ ip }], startTime: '2026-11-30T10:00:00Z' },
  );
  return pod;
}

/** As the kubelet asks for a projected token. */
export async function tokenOf(
  api: KubeApi,
  pod: KubeObject | undefined,
  how: { namespace: string; audience?: string; account?: string },
): Promise<string> {
  const { namespace } = how;
  const name = how.account ?? account;
  const bound = pod && { kind: 'Pod', apiVersion: 'v1', name: pod.meta.name, uid: pod.meta.uid };
  const made = await api.create(
    { ...accounts, plural: `serviceaccounts/${name}/token` },
    {
      ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: { name, namespace } },
      spec: {
        audiences: [how.audience ?? hubAudience],
        expirationSeconds: 3_600,
        ...(bound && { boundObjectRef: bound }),
      },
    },
  );
  return textOf(fieldOf(made.raw['status'], 'token')) ?? '';
}

/** A kubeconfig of a ServiceAccount, with a token as a pod has it; answers where it lies. */
export async function kubeconfigOf(
  api: KubeApi,
  { folder, ...whose }: { folder: string; namespace: string; account: string },
): Promise<string> {
  const token = await tokenOf(api, undefined, {
    ...whose,
    audience: 'https://kubernetes.default.svc.cluster.local',
  });
  const path = join(folder, 'kubeconfig');
  const { server, 'certificate-authority-data': authority } = api.target.cluster;
  const file = {
    'current-context': 'pod',
    clusters: [{ name: 'lab', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: whose.account, user: { token } }],
    contexts: [{ name: 'pod', context: { cluster: 'lab', user: whose.account } }],
  };
  writeFileSync(path, stringify(file), { mode: 0o600 });
  return path;
}
