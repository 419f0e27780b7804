// The set of policies changes while requests flow: each is judged by one whole set, none is lost, and the servers have seen what callers were
// told. Inline comes and goes with its policies, and nobody notices.
import { afterAll, beforeAll, expect } from 'vitest';
import type { Policy } from '../../src/core/policy/schema.ts';
import { policy, workload } from '../core/policy/build.ts';
import { noRules } from '../helpers/netns-lab.ts';
import { testUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { createNodeField, type NodeField, type Served } from './node-field.ts';

const node = testUnless(noRules);
let field: NodeField;

beforeAll(async () => {
  if (noRules !== '') return;
  field = await createNodeField([
    { name: 'orders', namespace: 'shop', place: 'here' },
    { name: 'web', namespace: 'shop', place: 'here' },
    { name: 'scanner', namespace: 'lab', place: 'here' },
  ]);
  await field.start();
});

afterAll(async () => {
  if (noRules !== '') return;
  await field[Symbol.asyncDispose]();
});

/** Often enough that changes meet requests in every state; each waits until it is told. */
const flips = 12;
/** Between two changes at least so many requests of each caller are answered. */
const requestsPerSet = 40;

interface Asked {
  readonly id: string;
  readonly path: string;
  readonly status: number;
  readonly error: string;
  readonly fresh: boolean;
}
interface Load {
  readonly asked: readonly Asked[];
  readonly opened: number;
}

type Kind = Readonly<Record<string, unknown>> & { readonly path: string };
const callers = ['web', 'scanner'] as const;
type Caller = (typeof callers)[number];

const orders = (port?: number): unknown => ({
  peers: [{ workload: { name: 'orders' } }],
  ...(port === undefined ? {} : { ports: [port] }),
});
const scanner = workload('scanner', { namespace: 'lab' });
const drain = { type: 'Block', block: { existing: 'Drain' } };

async function startLoad(at: { readonly port: number; readonly paths: readonly Kind[] }): Promise<void> {
  const { ipv4: host } = field.member('orders').pod;
  await field.member('orders').server.ask({ order: 'clear' });
  for (const name of callers)
    await field.member(name).caller.ask({ order: 'steady', name, host, ...at, kept: 3, fresh: 2 });
  await moreRequests();
}

/** So many more of each caller are answered. */
async function moreRequests(): Promise<void> {
  const count = async (name: Caller): Promise<number> =>
    (await field.member(name).caller.ask({ order: 'count', name })) as number;
  for (const name of callers) {
    const before = await count(name);
    await until(`${name} goes on`, async () => (await count(name)) >= before + requestsPerSet);
  }
}

async function stopLoad(): Promise<Readonly<Record<Caller, Load>>> {
  const [web, ofScanner] = await Promise.all(
    callers.map(async (name) => (await field.member(name).caller.ask({ order: 'stop', name })) as Load),
  );
  return { web: web!, scanner: ofScanner! };
}

const outcomeOf = ({ path, status, error }: Asked): string => `${path} ${error === '' ? status : error}`;

/** How often each path was answered how. */
function tallyOf({ asked }: Load): Readonly<Record<string, number>> {
  const tally: Record<string, number> = {};
  for (const one of asked) tally[outcomeOf(one)] = (tally[outcomeOf(one)] ?? 0) + 1;
  return tally;
}

/** The server has seen exactly what was answered by it, each once. */
async function expectServed(loads: Readonly<Record<Caller, Load>>): Promise<void> {
  const log = (await field.member('orders').server.ask({ order: 'log' })) as readonly Served[];
  const told = callers.flatMap((name) =>
    loads[name].asked
      .filter(({ status }) => status === 200)
      .map(({ id, path }) => `${field.member(name).pod.ipv4} ${path}?id=${id}`),
  );
  const ids = new Map(callers.map((name) => [field.member(name).pod.ipv4, name]));
  const seen = log.filter(({ address }) => ids.has(address)).map(({ address, url }) => `${address} ${url}`);
  expect(seen.toSorted()).toEqual(told.toSorted());
  // Whatever comes and goes, an agent that is there judges: the kernel has let nothing pass for want of it.
  expect((await field.status()).unjudged).toEqual([]);
}

async function flipping(a: readonly Policy[], b: readonly Policy[]): Promise<void> {
  for (let count = 0; count < flips; count += 1) {
    await field.set(count % 2 === 0 ? b : a);
    await moreRequests();
  }
}

const block = (name: string, more: Parameters<typeof policy>[0]): Policy =>
  policy({ name, from: { scope: 'All' }, to: orders(8080), ...more });
const tagged = (tag: string): unknown => ({ headers: [{ name: 'x-tag', values: [tag] }] });

// What either whole set refuses passes only a set that is half there: /a by A's first and B's second policy, /b by A's second and B's first.
const setA = [
  block('a-path', { http: { paths: ['/a', '/only-a'] } }),
  block('a-tag', { http: tagged('one') }),
];
const setB = [
  block('b-path', { http: { paths: ['/b', '/only-b'] } }),
  block('b-tag', { http: tagged('two') }),
];
const crossed: readonly Kind[] = [
  { path: '/a', headers: { 'X-Tag': 'two' } },
  { path: '/b', headers: { 'X-Tag': 'one' } },
  { path: '/only-a' },
  { path: '/only-b' },
  { path: '/free', headers: { 'X-Tag': 'three' } },
];

node('each request is judged by one whole set, while sets of requests replace each other', async () => {
  await field.set(setA);
  await startLoad({ port: 8080, paths: crossed });
  await flipping(setA, setB);
  const loads = await stopLoad();
  for (const name of callers) {
    const told = Object.keys(tallyOf(loads[name])).toSorted();
    // Both sets did judge, and no answer is of neither.
    expect([name, told]).toEqual([
      name,
      ['/a 403', '/b 403', '/free 200', '/only-a 200', '/only-a 403', '/only-b 200', '/only-b 403'],
    ]);
  }
  await expectServed(loads);
  const policies = new Set(
    field
      .flows()
      .filter(({ request }) => request?.path === '/a' || request?.path === '/b')
      .map(({ request, verdict }) => `${request?.path} ${verdict.policy}`),
  );
  expect([...policies].toSorted()).toEqual([
    '/a shop/a-path',
    '/a shop/b-tag',
    '/b shop/a-tag',
    '/b shop/b-path',
  ]);
});

// Scanner's /a is refused by either: by address under A, by path under B. Web is nobody's business.
const byAddress = [policy({ name: 'address', from: scanner, to: orders(8080) })];
const byPath = [policy({ name: 'path', from: scanner, to: orders(8080), http: { paths: ['/a'] } })];

node('by address and by request replace each other: no opening slips through between the two', async () => {
  await field.set(byAddress);
  await startLoad({ port: 8080, paths: [{ path: '/a' }, { path: '/free' }] });
  await flipping(byAddress, byPath);
  const loads = await stopLoad();
  const { web, scanner: told } = { web: tallyOf(loads.web), scanner: tallyOf(loads.scanner) };
  expect(Object.keys(web).toSorted()).toEqual(['/a 200', '/free 200']);
  expect(told).not.toHaveProperty('/a 200');
  expect(told['/a 403']).toBeGreaterThan(0);
  expect(told['/free 200']).toBeGreaterThan(0);
  expect(told['/a ECONNREFUSED']).toBeGreaterThan(0);
  const known = /^\/(a|free) (403|ECONNREFUSED|ECONNRESET)$|^\/free 200$/;
  expect(Object.keys(told).filter((one) => !known.test(one))).toEqual([]);
  await expectServed(loads);
});

// Port 9090 is inline only under A, 8080 only under B: listeners and rules come and go, and the load on 9090 is never refused.
const other = (port: number): readonly Policy[] => [
  policy({ name: `on-${port}`, to: orders(port), http: { paths: ['/never'] }, action: drain }),
];

node('ports that come and go inline with a policy that drains fail no request', async () => {
  await field.set(other(9090));
  await startLoad({ port: 9090, paths: [{ path: '/x' }, { path: '/y' }] });
  await flipping(other(9090), other(8080));
  const loads = await stopLoad();
  for (const name of callers)
    expect([name, Object.keys(tallyOf(loads[name])).toSorted()]).toEqual([name, ['/x 200', '/y 200']]);
  await expectServed(loads);
});

node('inline switched on and off altogether with a policy that drains fails no request', async () => {
  await field.set([]);
  await startLoad({ port: 8080, paths: [{ path: '/x' }, { path: '/y' }] });
  const before = await field.accepted();
  await flipping([], other(8080));
  const loads = await stopLoad();
  for (const name of callers)
    expect([name, Object.keys(tallyOf(loads[name])).toSorted()]).toEqual([name, ['/x 200', '/y 200']]);
  expect((await field.accepted()) - before).toBeGreaterThan(flips);
  await expectServed(loads);
});
