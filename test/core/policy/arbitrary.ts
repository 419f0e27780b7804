// Random policies and random requests that some of them meet, for what must hold for any of them.
import fc from 'fast-check';
import { peerFromName } from '../../../src/core/model/identity.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import { listener, policy, throttle, workload, type PolicyParts, type RequestParts } from './build.ts';

export const names = ['scanner', 'storefront', 'orders', 'users'] as const;
const segment = fc.constantFrom('a', 'b', 'orders', '7', '{id}');
const template = fc
  .tuple(fc.array(segment, { minLength: 0, maxLength: 3 }), fc.constantFrom('', '/*', '/**', '*'))
  .map(
    ([parts, tail]) =>
      `/${parts.join('/')}`.replace(/\/$/, tail === '' ? '/' : '') +
      (tail === '*' && parts.at(-1) === '{id}' ? '' : tail),
  )
  .map((path) => (path === '' ? '/' : path === '*' ? '/*' : path));
export const header = fc.tuple(fc.constantFrom('x-a', 'x-b'), fc.constantFrom('1', '2', ''));
const httpMatch = fc
  .record(
    {
      methods: fc.uniqueArray(fc.constantFrom('GET', 'PUT', 'POST'), { minLength: 1 }),
      paths: fc.uniqueArray(template, { minLength: 1, maxLength: 3 }),
      hosts: fc.uniqueArray(fc.constantFrom('orders', '*.shop', 'a.shop'), { minLength: 1 }),
      headers: fc
        .uniqueArray(header, { minLength: 1, maxLength: 2 })
        .map((list) => list.map(([name, value]) => ({ name, values: [value] }))),
    },
    { requiredKeys: [] },
  )
  .filter((http) => Object.keys(http).length > 0);
const side = fc
  .option(fc.constantFrom(...names), { nil: undefined })
  .map((name) => (name === undefined ? { scope: 'All' } : workload(name)));
const action = fc.oneof(
  fc.constant({ type: 'Block' }),
  fc
    .record({
      count: fc.integer({ min: 1, max: 3 }),
      burst: fc.integer({ min: 1, max: 3 }),
      key: fc.uniqueArray(fc.constantFrom('principal', 'destination', 'route', 'method', 'header:x-a'), {
        minLength: 1,
        maxLength: 2,
      }),
    })
    .map(({ count, burst, key }) => throttle(`${count}/s`, { burst, key })),
);
export const partsOf = fc.record({
  mode: fc.constantFrom('Enforce', 'Enforce', 'Shadow', 'Off'),
  from: side,
  to: side,
  http: fc.option(httpMatch, { nil: undefined }),
  action,
});
export const build = (name: string, parts: PolicyParts): Policy => policy({ name, ...parts });
export const policySet = fc
  .array(partsOf, { maxLength: 6 })
  .map((list) => list.map((parts, at) => build(`p${at}`, parts)));

const pathText = fc.oneof(
  fc
    .array(
      fc.constantFrom(
        'a',
        'b',
        'orders',
        '7',
        '9',
        '..',
        '.',
        '',
        '%2e%2e',
        'a;x=1',
        'a%2Fb',
        '%61',
        '%2561',
        'a\\b',
      ),
      { maxLength: 4 },
    )
    .map((parts) => `/${parts.join('/')}`),
  fc.constantFrom('/%00', '/%ff', '/'),
);
export interface Ask extends RequestParts {
  readonly path: string;
  readonly from: string;
  readonly to: string;
  readonly gapMs: number;
}
export const ask: fc.Arbitrary<Ask> = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'DELETE'),
  path: pathText,
  route: fc.constantFrom('/a', '/orders/{id}'),
  host: fc.constantFrom('orders', 'ORDERS:80', 'x.shop', ''),
  headers: fc.array(header, { maxLength: 2 }),
  from: fc.constantFrom(...names),
  to: fc.constantFrom(...names),
  gapMs: fc.integer({ min: 0, max: 800 }),
});
export const traffic = fc.array(ask, { minLength: 1, maxLength: 25 });

export const pairs = names.flatMap((from) => names.map((to) => ({ from, to })));
export const listeners = pairs.map(({ from, to }) =>
  listener(peerFromName(from, 'shop'), peerFromName(to, 'shop')),
);
