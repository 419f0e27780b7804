// Seeded policies for the preview's property test: blocks and throttles, enforced and in shadow, alone or changing a current set.
// Throttles refill one token in twenty minutes or more, so that the clock decides nothing while the test runs.
import fc from 'fast-check';
import type { Policy } from '../../src/core/policy/schema.ts';
import { policy, type PolicyParts } from '../core/policy/build.ts';
import { apiKeys } from './preview-traffic.ts';

/** One change to try. `current` is in force before and after it. */
export interface Trial {
  readonly current: readonly Policy[];
  readonly changed: Policy;
  /** `add`: `changed` comes to `current`. `remove`: it is taken away from it. */
  readonly type: 'add' | 'remove';
}

const named = (name: string): unknown => ({ peers: [{ workload: { name } }] });
const source = fc.oneof(
  { weight: 3, arbitrary: fc.constant<unknown>({ scope: 'All' }) },
  { weight: 3, arbitrary: fc.constantFrom('storefront', 'scanner', 'partner').map(named) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      { peers: [{ workload: { name: 'nightly', kind: 'CronJob' } }] },
      { peers: [{ namespace: 'partners' }, { workload: { name: 'scanner' } }] },
      { peers: [{ serviceAccount: { name: 'storefront' } }] },
      { peers: [{ namespace: 'shop', minAssurance: 'MTLS' }] },
      { peers: [{ cidr: '127.1.0.0/16' }] },
      { peers: [{ cidr: '127.0.0.0/30' }] },
    ),
  },
);
const destination = fc.oneof(
  { weight: 2, arbitrary: fc.constant<unknown>({ scope: 'All' }) },
  { weight: 1, arbitrary: fc.constantFrom('orders', 'users').map(named) },
);
const http = fc
  .record(
    {
      methods: fc.uniqueArray(fc.constantFrom('GET', 'POST', 'DELETE', 'HEAD'), {
        minLength: 1,
        maxLength: 3,
      }),
      paths: fc.uniqueArray(
        fc.constantFrom(
          '/orders/{id}',
          '/orders',
          '/orders/7',
          '/admin/**',
          '/admin/*',
          '/admin/export',
          '/users/{id}/profile',
          '/users/*',
          '/users/ann@example.com',
          '/users/{id}',
          '/caf%C3%A9/{id}',
          '/adm*',
          '/*',
          '/orders/7/items',
          '/health',
        ),
        { minLength: 1, maxLength: 3 },
      ),
      hosts: fc.uniqueArray(fc.constantFrom('orders.shop', '*.shop', 'users', '10.0.0.9'), {
        minLength: 1,
        maxLength: 2,
      }),
      headers: fc.uniqueArray(
        fc.constantFrom(
          { name: 'X-Tenant', values: ['acme'] },
          { name: 'x-tenant', values: ['', 'initech'] },
          { name: 'x-version', values: ['1'] },
          { name: 'x-api-key', values: [apiKeys[0]] },
          { name: 'x-note', values: ['café', '\u202eadmin'] },
          { name: 'user-agent', values: ['sqlmap/1.8'] },
        ),
        { minLength: 1, maxLength: 2 },
      ),
    },
    { requiredKeys: [] },
  )
  .filter((match) => Object.keys(match).length > 0);
const sparse = http.map(({ headers, hosts, ...rest }) =>
  Object.keys(rest).length > 0 ? rest : { ...(headers === undefined ? { hosts } : { headers }) },
);
const action = fc.oneof(
  fc.constantFrom<unknown>(
    { type: 'Block' },
    { type: 'Block' },
    { type: 'Block', block: { answer: 'Reset' } },
  ),
  fc
    .record({
      rate: fc.constantFrom('1/h', '2/h', '3/h'),
      burst: fc.constantFrom(1, 3, 10, 40),
      key: fc.uniqueArray(
        fc.constantFrom(
          'principal',
          'workload',
          'destination',
          'route',
          'method',
          'header:x-tenant',
          'header:x-api-key',
        ),
        { minLength: 1, maxLength: 2 },
      ),
    })
    .map((throttle): unknown => ({ type: 'Throttle', throttle })),
);
const parts = (mode: fc.Arbitrary<string>): fc.Arbitrary<PolicyParts> =>
  fc.record(
    {
      mode,
      from: source,
      to: destination,
      http: fc.oneof(sparse, http, fc.constant(undefined)),
      action,
      failure: fc.constantFrom('Open', 'Closed'),
    },
    { requiredKeys: ['mode', 'from', 'to', 'action'] },
  );

const trial = fc.record({
  type: fc.constantFrom<'add' | 'remove'>('add', 'add', 'add', 'remove'),
  changed: parts(fc.constantFrom('Enforce', 'Enforce', 'Enforce', 'Shadow')),
  current: fc.oneof(
    fc.constant<PolicyParts[]>([]),
    fc.array(parts(fc.constantFrom('Enforce', 'Enforce', 'Shadow')), { minLength: 1, maxLength: 3 }),
  ),
});

/** The same seed gives the same trials. */
export function trialsOf(seed: number, count: number): readonly Trial[] {
  return fc.sample(trial, { seed, numRuns: count }).map(({ type, changed, current }) => ({
    type,
    changed: policy({ name: 'changed', ...changed }),
    current: current.map((each, at) => policy({ name: `current-${at}`, ...each })),
  }));
}
