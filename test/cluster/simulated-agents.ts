// Agents that are made up around the real dialling code and a real feed: their pods are objects, their tokens come from the API server, and what
// they see a test says.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { names } from '../../src/core/install/names.ts';
import { dialHub, type HubDial } from '../../src/io/hub/hub-dial.ts';
import { hubDialLimits } from '../../src/io/hub/hub-limits.ts';
import { identityFile } from '../../src/io/hub/identity-file.ts';
import { openRemoteIdentity, type RemoteIdentity } from '../../src/io/hub/remote-identity.ts';
import { loopbackLookup } from '../helpers/loopback-lookup.ts';
import { startAgent, type TestAgent } from '../io/feed/feed-samples.ts';

const limits = { ...hubDialLimits, firstMs: 20, mostMs: 200, keepMs: 10, trustMs: 50 };

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
