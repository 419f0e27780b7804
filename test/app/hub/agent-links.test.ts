// Agents and hub over real sockets with TLS: the agent's own dialling code and feed server on one side, the hub's door and links on the other.
// Only who may enter is made up here; the API server's part is in test/cluster/hub.test.ts.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { createAgentLinks, type AgentLinks } from '../../../src/app/hub/agent-links.ts';
import type { EntryChange } from '../../../src/core/identity/identity-entry.ts';
import { createIdentityPublisher } from '../../../src/core/identity/identity-publisher.ts';
import { bundleMark } from '../../../src/core/trust/bundle-mark.ts';
import { createAgentPositions } from '../../../src/core/merge/agent-positions.ts';
import { createAgentEntrance, type AgentAdmission } from '../../../src/io/hub/agent-entrance.ts';
import { dialHub } from '../../../src/io/hub/hub-dial.ts';
import { hubDialLimits } from '../../../src/io/hub/hub-limits.ts';
import { identityFile } from '../../../src/io/hub/identity-file.ts';
import { openRemoteIdentity, type RemoteIdentity } from '../../../src/io/hub/remote-identity.ts';
import { openDoor } from '../../../src/io/kube/door/door.ts';
import { believesNobody } from '../../../src/io/kube/door/front-proxy.ts';
import { makeCertificates, type Certificates } from '../../helpers/certificates.ts';
import { until } from '../../helpers/until.ts';
import { flow, ids, startAgent } from '../../io/feed/feed-samples.ts';

let own: Certificates;
let stranger: Certificates;
beforeAll(() => {
  own = makeCertificates();
  stranger = makeCertificates();
});
afterAll(() => {
  own.remove();
  stranger.remove();
});

const limits = { ...hubDialLimits, firstMs: 5, mostMs: 20, keepMs: 1, trustMs: 5 };

const pod = (name: string, node: string): EntryChange => ({
  key: `pod:shop/${name}`,
  entry: {
    ...{ type: 'pod', namespace: 'shop', name, node, workload: { kind: 'Deployment', name: 'web' } },
    ...{
      serviceAccount: 'web',
      labels: [],
      ports: [8080],
      addresses: [`10.0.0.${name.length}`],
      isEnrollable: true,
    },
  },
});

/** `token-of-NODE-2` is the agent of NODE whose pod started second. */
const admitNode = (token: string): Promise<AgentAdmission> => {
  const [, node, start = '1'] = /^token-of-([a-z0-9]+)(?:-(\d))?$/.exec(token) ?? [];
  return Promise.resolve(
    node === undefined
      ? { type: 'refused', status: 401, reason: 'The token is not taken: it is made up.' }
      : { type: 'agent', agent: { node, podUid: `uid-${node}-${start}`, startMs: Number(start) } },
  );
};

interface TestHub {
  readonly port: number;
  readonly links: AgentLinks;
  readonly publisher: ReturnType<typeof createIdentityPublisher>;
  readonly flows: string[];
  publish(...changes: readonly EntryChange[]): void;
  close(): Promise<void>;
}

async function startHub(
  kept: { port?: number; positions?: ReturnType<typeof createAgentPositions> } = {},
): Promise<TestHub> {
  const publisher = createIdentityPublisher('h');
  const positions = kept.positions ?? createAgentPositions();
  const flows: string[] = [];
  const links = createAgentLinks({
    ...{ publisher, isReady: () => true, onNotice: () => undefined },
    resumeOf: (node) => positions.resumeOf(node),
    onHello: (node, { epoch = '' }) => void positions.greet(node, epoch),
    onBatch(node, batch) {
      for (const event of positions.take(node, batch).events)
        if (event.type === 'flow') flows.push(`${node} ${event.id}`);
    },
    onStatus: () => undefined,
    onAway: () => undefined,
  });
  const entrance = createAgentEntrance({
    async admit(token) {
      const admission = await admitNode(token);
      if (admission.type === 'refused' || links.accepts(admission.agent)) return admission;
      return { type: 'refused', status: 409, reason: 'A later start is connected.' };
    },
    onAgent: (socket, agent) => links.enter(socket, agent),
  });
  const door = await openDoor({
    address: { host: '127.0.0.1', port: kept.port ?? 0 },
    leaf: () => ({ certificate: own.tls.cert, key: own.tls.key }),
    ...{ authentication: () => believesNobody, feed: () => undefined, isReady: () => true, now: Date.now },
    ...{ access: () => Promise.resolve(false), audit: () => undefined },
    takeUpgrade: (request, socket, head) => entrance.take(request, socket, head),
  });
  const close = async (): Promise<void> => {
    entrance.close();
    await door.close();
  };
  onTestFinished(close);
  return {
    ...{ port: door.port, links, publisher, flows },
    publish(...changes) {
      if (publisher.apply(changes) !== undefined) links.changed();
    },
    close,
  };
}

async function startNode(
  node: string,
  port: number,
  how: { ca?: string; token?: string; state?: string } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'apidefense-hub-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, how.token ?? `token-of-${node}`);
  let sequence = 0;
  const agent = await startAgent({ numbering: { epoch: `e-${node}`, sequence: () => sequence } });
  const notices: string[] = [];
  const onNotice = (sentence: string): void => void notices.push(sentence);
  const remote: RemoteIdentity = await openRemoteIdentity({
    ...{ node, limits, now: Date.now, onNotice, file: identityFile(how.state ?? folder) },
  });
  onTestFinished(() => remote.close());
  const dial = dialHub({
    ...{
      url: `https://localhost:${port}`,
      caFile: how.ca ?? own.caFile,
      tokenFile,
      server: agent.server,
      remote,
      onNotice,
      limits,
    },
  });
  onTestFinished(() => dial.close());
  return {
    ...{ remote, notices, tokenFile, folder, dial },
    say(number: number): void {
      sequence += 1;
      agent.say(flow(number));
    },
    peers: () => remote.current().peers.map(({ id }) => id),
  };
}

test('agents of two nodes are told who is elsewhere, and the hub hears their flows', async () => {
  const hub = await startHub();
  hub.publish(pod('a', 'n1'), pod('bb', 'n2'));
  const [one, other] = [await startNode('n1', hub.port), await startNode('n2', hub.port)];
  await until(
    'both know the other',
    () => one.peers().join() === 'shop/bb' && other.peers().join() === 'shop/a',
  );
  one.say(1);
  other.say(2);
  await until('both flows', () => hub.flows.length === 2);
  expect(hub.flows.toSorted()).toEqual(['n1 f1', 'n2 f2']);
  hub.publish(pod('ccc', 'n2'));
  await until('a change arrives', () => one.peers().length === 2);
  await until('the hub knows that it has', () => hub.links.current() === 2);
});

test('a hub that comes back gets what it missed once, and a change of address reaches agents that were away', async () => {
  const positions = createAgentPositions();
  const hub = await startHub({ positions });
  hub.publish(pod('a', 'n2'));
  const node = await startNode('n1', hub.port);
  await until('it knows', () => node.peers().length === 1);
  node.say(0);
  await until('the first flow', () => hub.flows.length === 1);
  await hub.close();
  await until('it says so', () => node.notices.some((text) => text.includes('is away')));
  expect(node.peers()).toEqual(['shop/a']);
  expect(node.remote.age().isConnected).toBe(false);
  for (const number of [1, 2, 3]) node.say(number);
  const next = await startHub({ port: hub.port, positions });
  next.publish(pod('bb', 'n2'));
  await until('what was missed', () => next.flows.length === 3);
  expect(next.flows).toEqual(ids(1, 4).map((id) => `n1 ${id}`));
  await until('what is new', () => node.peers().join() === 'shop/bb');
  expect(node.notices.at(-1)).toContain('is back');
});

test('a start without a hub knows what was kept, and since when', async () => {
  const hub = await startHub();
  hub.publish(pod('a', 'n2'));
  const node = await startNode('n1', hub.port);
  const file = identityFile(node.folder);
  await until('it is kept', async () => (await file.read()) !== undefined);
  await hub.close();
  const again = await startNode('n1', hub.port, { state: node.folder });
  expect(again.peers()).toEqual(['shop/a']);
  expect(again.remote.age()).toEqual({ isConnected: false, heardMs: (await file.read())?.heardMs });
});

test('a file that is damaged is left aside, with a sentence', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'apidefense-hub-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const hub = await startHub();
  writeFileSync(identityFile(folder).path, 'ADID');
  appendFileSync(identityFile(folder).path, Buffer.alloc(100, 7));
  const node = await startNode('n1', hub.port, { state: folder });
  expect(node.notices[0]).toContain('is left aside');
  expect(node.peers()).toEqual([]);
});

test('a hub whose certificate is of another authority is told nothing, not even the token', async () => {
  const hub = await startHub();
  const node = await startNode('n1', hub.port, { ca: stranger.caFile });
  await until('it says why', () =>
    node.notices.some((text) => /is away \(.*(certificate|signature)/.test(text)),
  );
  expect(hub.links.nodes()).toEqual([]);
});

test('a token that is not taken is refused with its reason, and its rotation is noticed', async () => {
  const hub = await startHub();
  const node = await startNode('n1', hub.port, { token: 'made-up' });
  await until('it says why', () =>
    node.notices.some((text) => text.includes('HTTP 401: The token is not taken')),
  );
  writeFileSync(node.tokenFile, 'token-of-n1\n');
  await until('it is in', () => hub.links.nodes().join() === 'n1');
});

test('agents say which authority they trust, and say it again when it is another', async () => {
  const hub = await startHub();
  const folder = mkdtempSync(join(tmpdir(), 'apidefense-ca-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const ca = join(folder, 'ca.crt');
  const [old, next] = [readFileSync(own.caFile, 'utf8'), readFileSync(stranger.caFile, 'utf8')];
  writeFileSync(ca, old);
  await startNode('n1', hub.port, { ca });
  await startNode('n2', hub.port);
  await until(
    'both trust what there is',
    () => hub.links.nodes().length === 2 && hub.links.trust(bundleMark(old)),
  );
  expect(hub.links.trust(bundleMark(old + next))).toBe(false);
  writeFileSync(ca, old + next);
  await until('one has heard of the next', () => !hub.links.trust(bundleMark(old)));
  // Not everybody has.
  expect(hub.links.trust(bundleMark(old + next))).toBe(false);
});

test('without a token, from a web page, or elsewhere nobody gets in', async () => {
  const { port } = await startHub();
  const answer = (path: string, headers: Record<string, string>): Promise<number> =>
    new Promise((done) => {
      const socket = new WebSocket(`wss://localhost:${port}${path}`, {
        ca: readFileSync(own.caFile),
        headers,
      });
      socket.on('unexpected-response', (_request, { statusCode = 0 }) => {
        done(statusCode);
        socket.terminate();
      });
      socket.on('open', () => done(101));
      socket.on('error', () => undefined);
    });
  const authorization = 'Bearer token-of-n1';
  expect(await answer('/agent', {})).toBe(401);
  expect(await answer('/agent', { authorization, origin: 'https://evil.example' })).toBe(403);
  // Elsewhere an agent's token is nothing.
  expect(await answer('/feed', { authorization })).toBe(401);
  expect(await answer('/agent', { authorization: 'Bearer ' + 'x'.repeat(20_000) })).toBe(401);
});

test('of two agents of one node the pod that started later counts, whichever came first', async () => {
  const hub = await startHub();
  hub.publish(pod('a', 'n2'));
  const old = await startNode('n1', hub.port, { token: 'token-of-n1-1' });
  await until('the old one knows', () => old.peers().length === 1);
  const fresh = await startNode('n1', hub.port, { token: 'token-of-n1-2' });
  await until('the new one knows', () => fresh.peers().length === 1);
  await until('the old one is told', () =>
    old.notices.some((text) => text.includes('HTTP 409: A later start')),
  );
  hub.publish(pod('bb', 'n2'));
  await until('the new one goes on', () => fresh.peers().length === 2);
  expect(old.peers()).toEqual(['shop/a']);
});
