// What switching to a snapshot costs the data plane: groups of policies looked at and rows indexed per scope, counted, not timed.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { millis } from '../../../src/core/model/brand.ts';
import { peerFromName, type ListenerConfig } from '../../../src/core/model/identity.ts';
import { createBuckets } from '../../../src/core/policy/buckets.ts';
import { compilePolicies } from '../../../src/core/policy/compile.ts';
import { createDecider, type PolicyDecider } from '../../../src/core/policy/decide.ts';
import { parseAddress } from '../../../src/core/policy/ip-address.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import { createScopeMaker, selects } from '../../../src/core/policy/scope.ts';
import type { ScopeWork } from '../../../src/core/policy/scope-index.ts';
import { openTables } from '../../../src/core/policy/tables.ts';
import { listener, objectOf, policy, workload, type PolicyParts } from './build.ts';

const size = 10_000;
const names = Array.from({ length: 6 }, (_, at) => `w${at}`);
const listeners: readonly ListenerConfig[] = names.flatMap((from) =>
  names.slice(0, 5).map((to) => listener(peerFromName(from, 'shop'), peerFromName(to, 'shop'))),
);

function deciderOf(partsOf: (index: number) => PolicyParts): PolicyDecider {
  const policies = Array.from(
    { length: size },
    (_, at) => objectOf({ name: `p${at}`, ...partsOf(at) }) as Policy,
  );
  // The first goes through the parser, so that the shape is a real one; 10,000 of them would be most of the time here.
  policy(partsOf(0));
  const { buffer } = compilePolicies(policies, { generation: 1, nowMs: millis(0) });
  return createDecider(buffer, listeners, createBuckets());
}

function workOfAll(decider: PolicyDecider): ScopeWork {
  for (let at = 0; at < listeners.length; at += 1) decider.scopeOfClient(at, '10.0.1.5');
  return { ...decider.scopeWork };
}

test('making a decider over 10,000 policies makes no scope', () => {
  expect(deciderOf((at) => ({ http: { paths: [`/p${at}`] } })).scopeWork).toEqual({
    scopes: 0,
    groups: 0,
    prefixes: 0,
    policies: 0,
    rows: 0,
  });
});

test('policies for everyone are one group and are indexed once for all 30 listeners', () => {
  expect(workOfAll(deciderOf((at) => ({ http: { paths: [`/p${at}`] } })))).toEqual({
    scopes: 30,
    groups: 30,
    prefixes: 0,
    policies: size,
    rows: size,
  });
});

test.each([
  ['sources', (at: number): PolicyParts => ({ from: workload(`w${at}`), http: { paths: ['/a'] } })],
  ['destinations', (at: number): PolicyParts => ({ to: workload(`w${at}`), http: { paths: ['/a'] } })],
  [
    'service accounts',
    (at: number): PolicyParts => ({
      from: { peers: [{ serviceAccount: { name: `w${at}` } }] },
      http: { paths: ['/a'] },
    }),
  ],
  [
    'sources, all to one destination',
    (at: number): PolicyParts => ({ from: workload(`w${at}`), to: workload('w0'), http: { paths: ['/a'] } }),
  ],
  [
    'destinations, all from one source',
    (at: number): PolicyParts => ({ from: workload('w0'), to: workload(`w${at}`), http: { paths: ['/a'] } }),
  ],
  [
    'namespaces',
    (at: number): PolicyParts => ({ namespace: at < 30 ? 'shop' : `n${at}`, to: workload(`w${at}`) }),
  ],
])('policies of distinct %s cost each listener only its own', (_, partsOf) => {
  const work = workOfAll(deciderOf(partsOf));
  expect(work.scopes).toBe(30);
  expect(work.groups).toBeLessThanOrEqual(30 * 2);
  expect(work.policies).toBeLessThanOrEqual(30);
});

test('policies of the listeners themselves are indexed by pair: each once', () => {
  const work = workOfAll(
    deciderOf((at) => ({
      from: workload(`w${at % 6}`),
      to: workload(`w${at % 5}`),
      http: { paths: [`/p${at}`] },
    })),
  );
  expect(work).toMatchObject({ scopes: 30, policies: size, rows: size });
  expect(work.groups).toBeLessThanOrEqual(30 * 6);
});

test('a scope is made once, however often its listener asks', () => {
  const decider = deciderOf((at) => ({ http: { paths: [`/p${at}`] } }));
  const first = decider.scopeOf(0);
  expect([decider.scopeOf(0), decider.scopeOf(0)]).toEqual([first, first]);
  expect(decider.scopeWork.scopes).toBe(1);
});

const peer = fc.constantFrom<unknown>(
  { workload: { name: 'w0' } },
  { workload: { name: 'w1', namespace: 'other' } },
  { workload: { name: 'w1', kind: 'CronJob' } },
  { namespace: 'shop' },
  { namespace: 'other' },
  { serviceAccount: { name: 'w0' } },
  { serviceAccount: { name: 'w1', namespace: 'other' }, minAssurance: 'MTLS' },
  { cidr: '10.0.0.0/8' },
  { cidr: '10.1.0.0/16', namespace: 'shop' },
);
const side = fc.oneof(
  fc.constant<unknown>({ scope: 'All' }),
  fc.uniqueArray(peer, { minLength: 1, maxLength: 3 }).map((peers): unknown => ({ peers })),
);
const peerParts = fc.record({
  from: side,
  to: side,
  mode: fc.constantFrom('Enforce', 'Shadow'),
  http: fc.constantFrom(undefined, { paths: ['/a'] }),
});
const address = fc.constantFrom(undefined, '10.0.0.1', '10.1.0.1', '192.0.2.1');

test('a scope holds exactly the policies that select its pair, as looking at every policy would find', () => {
  const end = fc
    .tuple(fc.constantFrom('w0', 'w1', 'w2'), fc.constantFrom('shop', 'other', 'third'))
    .map(([name, namespace]) => peerFromName(name, namespace));
  fc.assert(
    fc.property(
      fc.array(peerParts, { maxLength: 12 }),
      end,
      end,
      address,
      (list, source, destination, from) => {
        const policies = list.flatMap((parts, at) => {
          // A destination elsewhere is only accepted from egress policies; the rest of the draw is still worth it.
          const namespace = at % 2 === 0 ? 'shop' : 'other';
          return [objectOf({ name: `p${at}`, namespace, ...parts }) as Policy];
        });
        const tables = openTables(compilePolicies(policies, { generation: 1, nowMs: millis(0) }).buffer);
        const sourceAddress = from === undefined ? undefined : parseAddress(from);
        const who = {
          source,
          destination,
          destinationPort: 80,
          sourceAddress,
          destinationAddress: undefined,
        };
        const scope = createScopeMaker(tables).make(who);
        const all = policies.map((_, at) => at);
        const held = [...scope.plain, ...scope.http, ...scope.shadowPlain, ...scope.shadowHttp];
        expect(held.toSorted((a, b) => a - b)).toEqual(all.filter((at) => selects(tables, at, who) !== 0));
        expect([...scope.unsure].toSorted((a, b) => a - b)).toEqual(
          all.filter((at) => selects(tables, at, who) === 2),
        );
      },
    ),
    { numRuns: 500 },
  );
});
