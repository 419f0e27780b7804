// A hub's door behind a real API server: authority, Service, endpoints and APIService as install makes them, a window of events that the test
// fills, and people with real tokens.
import { request } from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CoreV1Api } from '@kubernetes/client-node';
import { liveGroup, liveVersion } from '../../src/core/install/names.ts';
import { apiServiceName, authorityName } from '../../src/core/trust/trust-names.ts';
import { viewerLimits } from '../../src/io/feed/viewer-feed.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { fieldOf, listOf } from '../../src/io/kube/api/kube-object.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import type { KubeTarget } from '../../src/io/kube/config/kube-target.ts';
import { createAccessDesk } from '../../src/io/kube/door/access-desk.ts';
import { watchAuthentication } from '../../src/io/kube/door/authentication-watch.ts';
import { openDoor, type Door } from '../../src/io/kube/door/door.ts';
import type { AuditLine } from '../../src/io/kube/door/door-options.ts';
import { keepTrust, type HubTrust } from '../../src/io/kube/trust/trust-keeper.ts';
import { createTestHub, type TestHub } from '../helpers/door-samples.ts';
import { until } from '../helpers/until.ts';
import { testKinds } from './kube-clients.ts';
import type { Cluster } from './lab/cluster.ts';
import { startInsideRelay } from './lab/inside-relay.ts';
import { configOf } from './lab/shared-cluster.ts';

/** The objects that install makes for the authority, empty. */
export async function makeAuthorityObjects(api: KubeApi, namespace: string): Promise<void> {
  const metadata = { name: authorityName, namespace };
  await api.create(kinds.secrets, { apiVersion: 'v1', kind: 'Secret', metadata });
  await api.create(kinds.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
}

async function makeService(
  api: KubeApi,
  namespace: string,
  at: { readonly ip: string; readonly port: number },
) {
  const metadata = { name: 'apidefense-hub', namespace };
  await api.create(testKinds.services, {
    ...{ apiVersion: 'v1', kind: 'Service', metadata },
    spec: { ports: [{ port: 443, targetPort: at.port }] },
  });
  await api.create(testKinds.endpointSlices, {
    ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'apidefense-hub' } },
    endpoints: [{ addresses: [at.ip], conditions: { ready: true } }],
    ports: [{ name: '', port: at.port, protocol: 'TCP' }],
  });
  await api.create(kinds.apiServices, {
    ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: apiServiceName } },
    spec: {
      ...{ group: liveGroup, version: liveVersion, groupPriorityMinimum: 1_000, versionPriority: 10 },
      service: { name: 'apidefense-hub', namespace, port: 443 },
    },
  });
}

/** A hub's door that the API server reaches. */
export interface HubDoor extends AsyncDisposable, TestHub {
  readonly door: Door;
  readonly audit: AuditLine[];
  readonly trust: () => HubTrust;
  /** To the door itself, past the API server, as somebody without a certificate. */
  direct(path: string, headers: Readonly<Record<string, string>>): Promise<{ status: number; body: string }>;
}

async function firstTrust(api: KubeApi, namespace: string, stop: AbortController) {
  const seen: HubTrust[] = [];
  void keepTrust({
    ...{ api, namespace, isLeader: () => true, isAcknowledged: () => true, now: Date.now, lookMs: 200 },
    ...{ signal: stop.signal, onTrust: (trust) => void seen.push(trust) },
    onProblem: (problem) => problem && void process.stderr.write(`${problem.message}\n`),
  });
  await until('the hub has a certificate', () => seen.length > 0);
  return (): HubTrust => {
    const newest = seen.at(-1);
    if (newest === undefined) throw new Error('no trust');
    return newest;
  };
}

/** Opens it; rights are looked at often. */
export async function openHubDoor(cluster: Cluster, api: KubeApi, namespace: string): Promise<HubDoor> {
  const { facts } = cluster;
  if (facts === undefined) throw new Error('a hub outside of the cluster is only reached by a lab');
  const folder = mkdtempSync(join(tmpdir(), 'apidefense-door-'));
  const path = join(folder, 'door.sock');
  const relay = await startInsideRelay(facts, path);
  const stop = new AbortController();
  await makeAuthorityObjects(api, namespace);
  await makeService(api, namespace, relay);
  const trust = await firstTrust(api, namespace, stop);
  const authentication = watchAuthentication({
    ...{ api, now: Date.now, random: Math.random, onChange: () => undefined },
  });
  await authentication.synced();
  const hub = createTestHub();
  const audit: AuditLine[] = [];
  const door = await openDoor({
    ...{ address: { path }, leaf: () => trust().leaf, authentication: authentication.current, now: Date.now },
    ...{ access: createAccessDesk(api, Date.now), feed: () => hub.feed, isReady: () => true },
    audit: (line) => void audit.push(line),
    limits: { viewer: { ...viewerLimits, refreshMs: 500 } },
  });
  return {
    ...hub,
    ...{ door, audit, trust },
    async direct(url, headers) {
      const tls = { ca: trust().bundle, servername: `apidefense-hub.${namespace}.svc` };
      const sent = request({ socketPath: path, path: url, headers, agent: false, ...tls }).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      return { status: response.statusCode ?? 0, body: await text(response) };
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      authentication.close();
      await door.close();
      await relay[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The API server has looked at the hub and sends people to it. */
export async function untilTakenIn(api: KubeApi): Promise<void> {
  await until('the API server takes the hub in', async () => {
    const { raw } = await api.get(kinds.apiServices, { name: apiServiceName });
    return listOf(fieldOf(raw['status'], 'conditions')).some(
      (one) => fieldOf(one, 'type') === 'Available' && fieldOf(one, 'status') === 'True',
    );
  });
}

/** Somebody with a token of their own, and no rights yet. */
export async function makePerson(cluster: Cluster, api: KubeApi, at: { namespace: string; name: string }) {
  const core = configOf(cluster).makeApiClient(CoreV1Api);
  const { namespace, name } = at;
  await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name } } });
  const { status } = await core.createNamespacedServiceAccountToken({
    ...{ name, namespace, body: { spec: { audiences: [], expirationSeconds: 3_600 } } },
  });
  const target: KubeTarget = { ...api.target, user: { token: status?.token ?? '' }, namespace };
  return { user: `system:serviceaccount:${namespace}:${name}`, target };
}
