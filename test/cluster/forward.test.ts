// The way past the aggregation layer: a certificate that somebody else approves, and a port of a pod through API server and kubelet.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CertificatesV1Api, CoreV1Api } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { diallingOf } from '../../src/io/kube/api/kube-transport.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { createCredentials } from '../../src/io/kube/config/kube-credentials.ts';
import { personCertificate } from '../../src/io/kube/forward/person-certificate.ts';
import { forwardToPod } from '../../src/io/kube/forward/port-forward.ts';
import { createKubeApi } from '../../src/io/kube/api/kube-api.ts';
import { describeUnless } from '../helpers/unless.ts';
import { makePerson } from './hub-door.ts';
import { clientOf, refusal } from './kube-clients.ts';
import type { Cluster } from './lab/cluster.ts';
import { deploy, nodeDeployment, podPort } from './lab/pods.ts';
import {
  configOf,
  makeNamespace,
  noLab,
  noNodes,
  sharedCluster,
  type OwnNamespace,
} from './lab/shared-cluster.ts';
import { until } from '../helpers/until.ts';

describeUnless(noLab)('a certificate of one’s own', () => {
  let cluster: Cluster;
  let admin: KubeApi;
  let own: OwnNamespace;

  beforeAll(async () => {
    cluster = await sharedCluster();
    admin = clientOf(cluster);
    own = await makeNamespace(configOf(cluster), 'forward');
    const metadata = { name: `${own.name}-may-ask` };
    const apiGroup = 'rbac.authorization.k8s.io';
    const rules = [
      {
        apiGroups: ['certificates.k8s.io'],
        resources: ['certificatesigningrequests'],
        verbs: ['create', 'get'],
      },
    ];
    await admin.create(roles('ClusterRole'), {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRole',
      metadata,
      rules,
    });
    await admin.create(roles('ClusterRoleBinding'), {
      ...{ apiVersion: `${apiGroup}/v1`, kind: 'ClusterRoleBinding', metadata },
      roleRef: { apiGroup, kind: 'ClusterRole', name: metadata.name },
      subjects: [{ apiGroup, kind: 'Group', name: `system:serviceaccounts:${own.name}` }],
    });
  });
  afterAll(async () => {
    for (const kind of ['ClusterRoleBinding', 'ClusterRole'])
      await admin.remove(roles(kind), { name: `${own.name}-may-ask` });
    await own[Symbol.asyncDispose]();
  });

  const asking = async (name: string) => {
    const { target, user } = await makePerson(cluster, admin, { namespace: own.name, name });
    const folder = mkdtempSync(join(tmpdir(), 'apidefense-certificate-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const api = createKubeApi({ target, env: {}, now: Date.now, sleep: () => Promise.resolve() });
    return { user, target, folder, ask: () => personCertificate({ api, folder, now: Date.now }) };
  };

  /** Says yes or no to a request, as whoever administers the cluster would. */
  const decide = async (name: string, type: 'Approved' | 'Denied'): Promise<void> => {
    const certificates = configOf(cluster).makeApiClient(CertificatesV1Api);
    const body = await certificates.readCertificateSigningRequest({ name });
    const condition = { type, status: 'True', reason: 'Test', message: 'as the test says' };
    await certificates.replaceCertificateSigningRequestApproval({
      name,
      body: Object.assign(body, { status: { conditions: [condition] } }),
    });
  };
  const requestIn = (words: string): string => /apidefense-[0-9a-f-]{36}/.exec(words)?.[0] ?? '';

  test('is pending, with the words that approve it; approved, it opens the API server as the person', async () => {
    const { user, target, folder, ask } = await asking('ada');
    const first = await refusal(ask());
    const request = requestIn(first);
    expect(first).toBe(
      `KUBE_CERTIFICATE_PENDING: Your certificate request ${request} has not been approved yet. Somebody who may approve for the signer kubernetes.io/kube-apiserver-client runs: kubectl certificate approve ${request}`,
    );
    // Asked again it is the same request, not another one.
    expect(requestIn(await refusal(ask()))).toBe(request);
    await decide(request, 'Approved');
    const { certificate, key } = await until('it is signed', () => ask().catch(() => undefined));
    const data = (pem: string): string => Buffer.from(pem).toString('base64');
    const asPerson = createKubeApi({
      target: {
        ...target,
        user: { 'client-certificate-data': data(certificate), 'client-key-data': data(key) },
      },
      ...{ env: {}, now: Date.now, sleep: () => Promise.resolve() },
    });
    expect(await asPerson.whoAmI()).toBe(user);
    // Kept, for the owner alone.
    expect(await ask()).toEqual({ certificate, key });
    expect(readdirSync(folder)).toEqual(['client-certificate.json']);
    expect(statSync(join(folder, 'client-certificate.json')).mode & 0o077).toBe(0);
    asPerson.close();
  });

  test('is refused with the reason, and the next try asks anew', async () => {
    const { ask } = await asking('bob');
    const request = requestIn(await refusal(ask()));
    await decide(request, 'Denied');
    expect(await refusal(ask())).toContain(
      `KUBE_CERTIFICATE_REFUSED: Your certificate request ${request} was refused: as the test says.`,
    );
    expect(requestIn(await refusal(ask()))).not.toBe(request);
  });

  test('a request that the cluster has forgotten is made anew', async () => {
    const { ask } = await asking('eve');
    const request = requestIn(await refusal(ask()));
    await admin.remove(kinds.signingRequests, { name: request });
    expect(requestIn(await refusal(ask()))).toMatch(/^apidefense-/);
  });
});

const roles = (kind: string) => ({
  ...{ group: 'rbac.authorization.k8s.io', version: 'v1', kind, namespaced: false },
  plural: `${kind.toLowerCase()}s`,
});

describeUnless(noNodes)('a port of a pod', () => {
  test('is reached through the API server and the kubelet of either node', async () => {
    const cluster = await sharedCluster();
    const config = configOf(cluster);
    const own = await makeNamespace(config, 'forward');
    onTestFinished(() => own[Symbol.asyncDispose]());
    const script = `require('node:http').createServer((_, answer) => answer.end(require('node:os').hostname())).listen(${podPort})`;
    const pods = await deploy(
      config,
      nodeDeployment({ name: 'web', namespace: own.name, replicas: 2, script }),
    );
    const { target } = clientOf(cluster);
    const credentials = createCredentials(target, Date.now);
    for (const { metadata } of pods) {
      const pod = metadata?.name ?? '';
      const stream = await forwardToPod(await diallingOf(target.cluster, credentials, {}), {
        ...{ namespace: own.name, pod, port: podPort },
      });
      stream.write('GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n');
      expect(await text(stream)).toContain(pod);
    }
    const closed = await forwardToPod(await diallingOf(target.cluster, credentials, {}), {
      ...{ namespace: own.name, pod: pods[0]?.metadata?.name ?? '', port: 9 },
    });
    await expect(text(closed)).rejects.toThrow(/The way to port 9 of the pod \S+ ended/);
    await config.makeApiClient(CoreV1Api).deleteCollectionNamespacedPod({ namespace: own.name });
  });
});
