// Seeded traffic of a small shop for the preview's property test: who calls whom from where, and requests as bytes, most of them
// ordinary, some with paths, hosts and headers that servers read in more than one way. Knows no policy.
import fc from 'fast-check';
import { peerFromName, type Peer } from '../../src/core/model/identity.ts';

/** One way through the data plane: a listener of its own, and where the client connects from. */
export interface Lane {
  readonly source: Peer;
  readonly destination: Peer;
  readonly clientAddress: string;
}

const nightly: Peer = {
  workload: { kind: 'CronJob', name: 'nightly', namespace: 'shop' },
  principal: 'sa:shop/nightly',
  assurance: 'mtls',
};

const orders = peerFromName('orders', 'shop');
const users = peerFromName('users', 'shop');
const payments = peerFromName('payments', 'pay');
const storefront = peerFromName('storefront', 'shop');
const scanner = peerFromName('scanner', 'shop');

export const lanes: readonly Lane[] = [
  { source: storefront, destination: orders, clientAddress: '127.0.0.1' },
  { source: storefront, destination: users, clientAddress: '127.0.0.1' },
  { source: storefront, destination: payments, clientAddress: '127.0.0.2' },
  { source: scanner, destination: orders, clientAddress: '127.1.0.7' },
  { source: scanner, destination: users, clientAddress: '127.1.0.7' },
  { source: nightly, destination: orders, clientAddress: '127.0.0.3' },
  { source: peerFromName('partner', 'partners'), destination: users, clientAddress: '127.2.0.1' },
];

export interface Ask {
  readonly lane: number;
  readonly method: string;
  /** As sent, with a query where there is one; one character is one byte. */
  readonly target: string;
  readonly host: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** Sent instead of a well-formed request; the connection is not used again. */
  readonly raw?: string;
}

const ordinary = [
  '/',
  '/orders',
  '/orders/',
  '/orders/7',
  '/orders/1042',
  '/orders/7/items',
  '/orders/7?expand=items',
  '/users/42',
  '/users/42/profile',
  '/users/6f1d8f0e-55c5-4a3e-9a53-2f1f0e5b1c11',
  '/users?email=ann%40example.com',
  '/admin',
  '/admin/export',
  '/admin/users/42',
  '/charges',
  '/missing/7',
  '/health',
  '/users/ann@example.com',
];
const odd = [
  '/admin%2Fexport',
  '/%61dmin/export',
  '/%2561dmin/export',
  '//admin//export',
  '/a/../admin/export',
  '/orders/..;/admin/export',
  '/orders;v=1/7',
  '/admin/./export/',
  '/a%5c..%5cadmin/export',
  '/orders\\7',
  '/orders/%2e%2e/users/42',
  '/orders/7%2Fitems',
  '/caf%C3%A9/7',
  '/caf\u00c3\u00a9/7',
  '/orders/%00',
  '/orders/%ff',
  '/orders/%0a',
  '/orders/\u00ff',
  '/users/\u00e2\u0080\u00ae7',
  '/a//b/../%252f;x/c\\d%2f/',
];
const secret = 'Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLW9mLWFubg';
export const apiKeys = ['k-9f8e7d6c5b4a3928', 'k-0011223344556677'] as const;

const header: fc.Arbitrary<readonly [string, string]> = fc.constantFrom<readonly [string, string]>(
  ['X-Tenant', 'acme'],
  ['x-tenant', 'initech'],
  ['X-Tenant', ''],
  ['x-version', '1'],
  ['x-version', '2'],
  ['X-Api-Key', apiKeys[0]],
  ['x-api-key', apiKeys[1]],
  ['authorization', secret],
  ['cookie', 'theme=dark; session=5f1d8f0e55c54a3e'],
  ['x-note', 'caf\u00e9'],
  ['x-note', '\u00e2\u0080\u00aeadmin'],
  ['user-agent', 'sqlmap/1.8'],
);
const many: readonly (readonly [string, string])[] = [
  ...Array.from({ length: 70 }, (_, at): readonly [string, string] => [`x-filler-${at}`, 'y']),
  ['x-tenant', 'acme'],
];
const headers = fc.oneof(
  { weight: 30, arbitrary: fc.array(header, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(many, [['x-tenant', 'a'.repeat(2_000)] as const]) },
);

const wellFormed: fc.Arbitrary<Ask> = fc
  .record({
    lane: fc.nat({ max: lanes.length - 1 }),
    method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD'),
    target: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom(...ordinary) },
      { weight: 2, arbitrary: fc.constantFrom(...odd) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 99_999 }).map((id) => `/orders/${id}`) },
    ),
    host: fc.constantFrom('orders.shop', 'ORDERS.shop:8080', 'api.shop.', 'users', '10.0.0.9:80'),
    headers,
  })
  .map((ask) => ({ ...ask, body: ask.method === 'POST' || ask.method === 'PUT' ? '{"item":7}' : '' }));

const malformed: fc.Arbitrary<Ask> = fc
  .record({
    lane: fc.nat({ max: lanes.length - 1 }),
    raw: fc.constantFrom(
      'GET /orders/7 HTTP/1.1\r\nHost: orders\r\nHost: users\r\n\r\n',
      'GET /admin/export HTTP/1.1\r\nHost: orders\r\nX-Tenant : acme\r\n\r\n',
      'POST /orders HTTP/1.1\r\nHost: orders\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      '\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000\u00a1\u0003\u0003not really a hello',
      'not http at all\r\n\r\n',
    ),
  })
  .map(({ lane, raw }) => ({ lane, raw, method: '', target: '', host: '', headers: [], body: '' }));

/** The same seed gives the same traffic. */
export function trafficOf(seed: number, count: number): readonly Ask[] {
  const ask = fc.oneof({ weight: 40, arbitrary: wellFormed }, { weight: 1, arbitrary: malformed });
  return fc.sample(ask, { seed, numRuns: count });
}

/** One character is one byte. */
export function bytesOf(ask: Ask): Buffer {
  if (ask.raw !== undefined) return Buffer.from(ask.raw, 'latin1');
  const lines = [`${ask.method} ${ask.target} HTTP/1.1`, `Host: ${ask.host}`];
  for (const [name, value] of ask.headers) lines.push(`${name}: ${value}`);
  if (ask.body !== '') lines.push('Content-Type: application/json', `Content-Length: ${ask.body.length}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${ask.body}`, 'latin1');
}
