// The demo's traffic for real: what passes on each edge when users, the job and the attacker are at work.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServices, type Shop } from '../../src/app/demo/shop.ts';
import { edges } from '../../src/app/demo/topology.ts';
import { openCountingListeners, type CountingListeners, type Seen } from './demo-listeners.ts';
import { until } from '../helpers/until.ts';

/** Looks at traffic that has its own pace: some 100 s. */
const patientLooks = 10_000;
let shop: Shop;
let listeners: CountingListeners;

beforeAll(async () => {
  shop = await startServices({ seed: 20, onExit: () => undefined });
  listeners = await openCountingListeners(shop.listeners);
  await shop.startTraffic(listeners.ports, { rate: 300, attacker: true });
});

afterAll(async () => {
  await shop.stop();
  await listeners.close();
});

test('every edge between the shop\u2019s own parts carries traffic', async () => {
  const own = listeners.seen.filter(({ caller }) => caller !== 'scanner');
  expect(own.length).toBe(edges.filter(({ caller }) => caller !== 'scanner').length);
  const quiet = (): Seen[] => own.filter(({ statuses }) => statuses.length === 0);
  await until('an answer on every edge', () => quiet().length === 0, patientLooks);
  expect(quiet()).toEqual([]);
});

test('almost all that customers do succeeds, and all that the nightly job does', async () => {
  const web = listeners.of('web', 'storefront');
  const job = listeners.seen.filter(({ caller }) => caller === 'nightly');
  const jobStatuses = (): number[] => job.flatMap(({ statuses }) => statuses);
  await until('500 answers to customers', () => web.statuses.length > 500, patientLooks);
  await until('20 answers to the job', () => jobStatuses().length > 20, patientLooks);
  const fine = web.statuses.filter((status) => status < 400).length;
  expect(fine / web.statuses.length).toBeGreaterThan(0.9);
  expect(web.statuses.filter((status) => status >= 500).length).toBeLessThan(10);
  expect(jobStatuses().filter((status) => status >= 300)).toEqual([]);
});

test('one trace id goes from the customer\u2019s click to the last service', () => {
  const traceOf = (head: string): string => /traceparent: 00-([0-9a-f]{32})-/i.exec(head)?.[1] ?? '';
  const clicks = new Set(listeners.of('web', 'storefront').heads.map(traceOf));
  const behind = listeners.of('orders', 'payments').heads.map(traceOf);
  expect(behind.length).toBeGreaterThan(0);
  expect(behind.filter((trace) => !clicks.has(trace))).toEqual([]);
});

test('calls carry the callee\u2019s name as host and a token of the right kind', () => {
  const [head = ''] = listeners.of('orders', 'payments').heads;
  expect(head).toMatch(/\r\nhost: payments\.pay\.svc\.cluster\.local\r\n/i);
  const payload = /authorization: Bearer [\w-]+\.([\w-]+)\.[\w-]+/i.exec(head)?.[1] ?? '';
  expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
    sub: 'svc:orders',
    role: 'service',
  });
});

test('the attacker gets through all of its phases', async () => {
  const scanner = listeners.seen.filter(({ caller }) => caller === 'scanner');
  const requests = (callee?: string): string[] =>
    scanner.filter((each) => callee === undefined || each.callee === callee).flatMap((each) => each.requests);
  const wants: readonly [string, () => boolean][] = [
    ['scan', () => requests().filter((line) => /\/(\.env|\.git|actuator|wp-|debug)/.test(line)).length > 3],
    [
      'log-ins',
      () => listeners.of('scanner', 'users').statuses.filter((status) => status === 401).length > 20,
    ],
    [
      'enumeration',
      () => new Set(requests('orders').filter((line) => /\/orders\/\d+$/.test(line))).size > 40,
    ],
    [
      'no token',
      () => listeners.of('scanner', 'legacy-v1').statuses.filter((status) => status === 200).length > 5,
    ],
    ['URL credential', () => requests('legacy-v1').some((line) => line.includes('?'))],
    ['differentials', () => scanner.some(({ statuses }) => statuses.includes(400))],
  ];
  const missing = (): string[] => wants.filter(([, seen]) => !seen()).map(([name]) => name);
  await until('the last phase', () => missing().length === 0, patientLooks).catch(() => undefined);
  expect(missing()).toEqual([]);
});
