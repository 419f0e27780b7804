// Agents that are made up around the real dialling code and a real feed: their pods are objects, their tokens come from the API server, and what
// they see a test says.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { hubAudience, names } from '../../src/core/install/names.ts';
import { dialHub, type HubDial } from '../../src/io/hub/hub-dial.ts';
import { hubDialLimits } from '../../src/io/hub/hub-limits.ts';
import { identityFile } from '../../src/io/hub/identity-file.ts';
import { openRemoteIdentity, type RemoteIdentity } from '../../src/io/hub/remote-identity.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { fieldOf, textOf, type KubeObject } from '../../src/io/kube/api/kube-object.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { loopbackLookup } from '../helpers/loopback-lookup.ts';
import { startAgent, type TestAgent } from '../io/feed/feed-samples.ts';

const account = names.agent;
/** Of ServiceAccounts, which only tests write. */
export const accounts = { ...kinds.pods, plural: 'serviceaccounts', kind: 'ServiceAccount' };
const limits = { ...hubDialLimits, firstMs: 20, mostMs: 200, keepMs: 10, trustMs: 50 };

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

/** As a Service: one port, whose connections go to the replicas in turn. */
export async function serviceOf(...hubs: readonly { readonly port: number }[]): Promise<number> {
  let turn = 0;
  const service = createServer((socket) => {
    const { port = 0 } = hubs[(turn += 1) % hubs.length] ?? {};
    const there = connect(port, '127.0.0.1');
    socket.on('error', () => there.destroy()).on('close', () => there.destroy());
    there.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.pipe(there).pipe(socket);
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  onTestFinished(() => void service.close());
  const address = service.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** One agent; it dials when it is told to. */
export interface SimulatedAgent {
  readonly remote: RemoteIdentity;
  readonly notices: string[];
  readonly feed: TestAgent;
  readonly tokenFile: string;
  dial(port: number): HubDial;
  readonly peers: () => readonly string[];
}

/** `caFile`: as kubelet mounts it. */
export async function agentOf(
  node: string,
  token: string,
  { namespace, caFile }: { readonly namespace: string; readonly caFile: string },
): Promise<SimulatedAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'apidefense-agent-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, token);
  let sequence = 0;
  const feed = await startAgent({ numbering: { epoch: `e-${node}`, sequence: () => sequence } });
  const notices: string[] = [];
  const onNotice = (sentence: string): void => void notices.push(sentence);
  const remote = await openRemoteIdentity({
    node,
    file: identityFile(folder),
    limits,
    now: Date.now,
    onNotice,
  });
  onTestFinished(() => remote.close());
  return {
    ...{ remote, notices, tokenFile },
    feed: {
      ...feed,
      say(...events) {
        sequence += events.filter(({ type }) => type === 'flow').length;
        feed.say(...events);
      },
    },
    dial(port) {
      const url = `https://${names.hub}.${namespace}.svc:${port}`;
      const how = { lookup: loopbackLookup, limits };
      const dial = dialHub({ url, caFile, tokenFile, server: feed.server, remote, onNotice, ...how });
      onTestFinished(() => dial.close());
      return dial;
    },
    peers: () =>
      remote
        .current()
        .peers.map(({ id }) => id)
        .toSorted(),
  };
}
