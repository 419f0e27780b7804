// R1.7: 5,000 seeded mutated requests, and some 900 crafted ones as they are and mutated, through a real data plane to two servers of
// different make. What policy judged (method, path,
// host, body length) is what the server saw, or we refused. A server that sees anything else has been smuggled to.
import { connect } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { millis } from '../../src/core/model/brand.ts';
import type { Exchange } from '../../src/core/model/exchange.ts';
import { peerFromName } from '../../src/core/model/identity.ts';
import { compilePolicies } from '../../src/core/policy/compile.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import { startDataPlane } from '../../src/io/kernel/data-plane.ts';
import { describeUnless } from '../helpers/unless.ts';
import { mutate, requestSeeds } from '../core/protocol/http1/mutations.ts';
import { createRandom } from '../core/protocol/http1/random.ts';
import { compare, type Judged, type Tally } from './differential-compare.ts';
import { starts, traps } from './differential-traps.ts';
import {
  goMissing,
  pythonMissing,
  startGoUpstream,
  startNodeUpstream,
  startPythonUpstream,
  type Upstream,
} from './differential-upstreams.ts';

const requests = 5000;
/** Connections under way at once, each to a server of its own so that its connections can be counted. */
const lanes = 4;

/** Any enforcing policy that reads requests makes parsing strict. */
const policy: Policy = {
  apiVersion: 'apidefense.dev/v1alpha1',
  kind: 'FlowPolicy',
  metadata: { name: 'no-admin', namespace: 'lab' },
  spec: {
    mode: 'Enforce',
    from: { scope: 'All' },
    to: { peers: [{ workload: { name: 'api' } }] },
    match: { http: { paths: ['/users/*'] } },
    action: { type: 'Block' },
  },
};

const seeds: readonly string[] = [
  ...requestSeeds,
  'POST /a HTTP/1.1\r\nHost: shop.local\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi',
  'POST /b HTTP/1.1\r\nHost: shop.local\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"b":2}\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: shop.local\r\n\r\n',
  'GET /chat HTTP/1.1\r\nHost: shop.local\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'GET /a/../users/7?x=%2f HTTP/1.1\r\nHost: shop.local\r\n\r\n',
];

const text = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.subarray(start, end)).toString('latin1');

function judgedOf(exchange: Exchange): Judged {
  const { head, pathStart, pathEnd, queryStart, queryEnd, hostStart, hostEnd, headLength } = exchange;
  const query = queryEnd > queryStart ? `?${text(head, queryStart, queryEnd)}` : '';
  return {
    method: text(head, exchange.methodStart, exchange.methodEnd),
    target: text(head, pathStart, pathEnd) + query,
    host: text(head, hostStart, hostEnd),
    wireBody: exchange.requestBytes - headLength,
    window: exchange.requestBodyTruncated ? undefined : exchange.requestBodyLength,
    chunked: /^transfer-encoding:/im.test(text(head, 0, headLength)),
    named: headLength > 0,
    broken: exchange.broken,
    local: exchange.local,
    refusedByPolicy: exchange.local && exchange.decision.policy >= 0,
  };
}

/** Sends the bytes and the FIN from a loopback address of its own; resolves when the connection has ended. */
function send(port: number, bytes: Uint8Array, localAddress: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    const hung = (): void =>
      reject(new Error(`no end: ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`));
    socket.setTimeout(10_000, hung);
    socket.on('connect', () => socket.end(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
  });
}

interface Sent {
  readonly bytes: Uint8Array;
  readonly lane: number;
  readonly connection: number;
  /** Of the client: an address per request, so that what was observed can be told apart. */
  readonly address: string;
}

function mutated(from: readonly string[], seed: number, count: number): Uint8Array[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) =>
    mutate(random, Buffer.from(from[index % from.length]!, 'latin1')),
  );
}

async function sendAll(ports: readonly number[], all: readonly Uint8Array[]): Promise<Sent[]> {
  const sent: Sent[] = [];
  const lane = async (number: number): Promise<void> => {
    for (let connection = 0; ; connection += 1) {
      const index = connection * lanes + number;
      const bytes = all[index];
      if (bytes === undefined) return;
      const address = `127.1.${Math.floor(index / 250)}.${1 + (index % 250)}`;
      await send(ports[number]!, bytes, address);
      sent.push({ bytes, lane: number, connection, address });
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  return sent;
}

interface Run {
  readonly upstream: Upstream;
  readonly all: readonly Uint8Array[];
  readonly policies: readonly Policy[];
}

async function differential({
  upstream,
  all,
  policies,
}: Run): Promise<{ tally: Tally; differentials: string[] }> {
  const judged = new Map<string, Judged[]>();
  const plane = await startDataPlane({
    listeners: upstream.ports.map((port) => ({
      listen: { host: '127.0.0.1', port: 0 },
      upstream: { host: '127.0.0.1', port },
      source: peerFromName('web', 'lab'),
      destination: peerFromName('api', 'lab'),
    })),
    snapshot: compilePolicies(policies, { generation: 1, nowMs: millis(Date.now()) }).buffer,
    onExchange: (exchange) => {
      const address = exchange.clientAddress.slice(0, exchange.clientAddress.lastIndexOf(':'));
      const list = judged.get(address) ?? [];
      judged.set(address, list);
      list.push(judgedOf(exchange));
    },
    onLost: (where, count) => {
      throw new Error(`${count} lost in ${where}`);
    },
    onFault: (error) => {
      throw error;
    },
  });
  const sent = await sendAll(plane.ports, all);
  await plane.stop(5_000);
  await upstream.settled(all.length);
  return compareAll(sent, judged, upstream);
}

function compareAll(
  sent: readonly Sent[],
  judged: ReadonlyMap<string, readonly Judged[]>,
  upstream: Upstream,
): { tally: Tally; differentials: string[] } {
  const tally: Tally = { same: 0, bodies: 0, byPolicy: 0, byParser: 0, byServer: 0 };
  const differentials: string[] = [];
  for (const { bytes, lane, connection, address } of sent) {
    const what = compare(judged.get(address) ?? [], upstream.seen(lane, connection), tally);
    if (what !== '')
      differentials.push(`${what} <- ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`);
  }
  return { tally, differentials };
}

const summaries: string[] = [];
afterAll(() => console.log(summaries.join('\n')));

function report(
  name: string,
  sent: string,
  { tally, differentials }: { tally: Tally; differentials: readonly string[] },
): void {
  summaries.push(
    `differential, ${sent} to ${name}: ${tally.same} requests seen as judged (${tally.bodies} with their body length), ` +
      `${tally.byParser} refused by strict parsing, ${tally.byPolicy} by policy, ${tally.byServer} admitted and refused by the server, ` +
      `${differentials.length} differentials`,
  );
  expect(differentials).toEqual([]);
}

const crafted = traps.map((trap) => Buffer.from(trap, 'latin1'));

async function seesWhatWasJudged(name: string, upstream: Upstream, seed: number): Promise<void> {
  const run = await differential({ upstream, policies: [policy], all: mutated(seeds, seed, requests) });
  report(name, `${requests} mutated requests`, run);
  expect(run.tally.same).toBeGreaterThan(1000);
  expect(run.tally.bodies).toBeGreaterThan(300);
  expect(run.tally.byParser).toBeGreaterThan(500);
  expect(run.tally.byPolicy).toBeGreaterThan(50);
}

async function fallsIntoNoTrap(name: string, upstream: Upstream, seed: number): Promise<void> {
  const all = [...crafted, ...mutated(traps, seed, 2 * crafted.length)];
  const run = await differential({ upstream, policies: [policy], all });
  report(name, `${crafted.length} crafted requests and ${2 * crafted.length} mutations of them`, run);
  expect(run.tally.same).toBeGreaterThan(500);
  expect(run.tally.byParser).toBeGreaterThan(1000);
}

test('node:http sees what was judged, or we refused', async () => {
  await using upstream = await startNodeUpstream(lanes);
  await seesWhatWasJudged('node:http', upstream, 0x11d1);
});

test('node:http falls into no trap that parsers are known to fall into', async () => {
  await using upstream = await startNodeUpstream(lanes);
  await fallsIntoNoTrap('node:http', upstream, 0x7a11);
});

test('the comparison is able to fail: without a policy that reads requests, the same bytes do reach the server unjudged', async () => {
  await using upstream = await startNodeUpstream(lanes);
  const { differentials } = await differential({ upstream, policies: [], all: mutated(seeds, 0x11d1, 400) });
  expect(differentials.length).toBeGreaterThan(5);
});

describeUnless(goMissing)('Go net/http', () => {
  test('Go net/http sees what was judged, or we refused', async () => {
    await using upstream = await startGoUpstream(lanes);
    await seesWhatWasJudged('Go net/http', upstream, 0x60d1);
  });

  test('Go net/http falls into no trap either', async () => {
    await using upstream = await startGoUpstream(lanes);
    await fallsIntoNoTrap('Go net/http', upstream, 0x7a60);
  });
});

/** Each whole, as one connection. */
const beginnings = starts.map((start) => Buffer.from(start, 'latin1'));

describeUnless(pythonMissing)('Python, which takes whatever stands before a blank for a method', () => {
  test('nothing that begins like another protocol brings a request past a policy', async () => {
    await using upstream = await startPythonUpstream(lanes);
    const run = await differential({ upstream, policies: [policy], all: beginnings });
    report('Python', `${beginnings.length} beginnings`, run);
    expect(run.tally.byParser).toBeGreaterThan(15);
  });

  test('without a policy that reads requests the same beginnings do bring it there', async () => {
    await using upstream = await startPythonUpstream(lanes);
    const { differentials } = await differential({ upstream, policies: [], all: beginnings });
    expect(differentials.length).toBeGreaterThan(10);
  });
});
