// A ClusterFlowPolicy beside FlowPolicies: whose traffic each may touch, and that their names are never taken for each other.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { peerFromName } from '../../../src/core/model/identity.ts';
import { counterName, policyOfCounter } from '../../../src/core/plan/counter-name.ts';
import { explainFlow } from '../../../src/core/policy/explain.ts';
import { parsePolicy } from '../../../src/core/policy/parse-policy.ts';
import { nameAt, nameOf, placeOf, titleOf, type PolicyPlace } from '../../../src/core/policy/policy-name.ts';
import { createPreview } from '../../../src/core/policy/preview.ts';
import { policyToYaml } from '../../../src/core/policy/to-yaml.ts';
import {
  benchOf,
  block,
  flowOf,
  listener,
  noon,
  objectOf,
  policy,
  throttle,
  throttled,
  workload,
} from './build.ts';

const cluster = { kind: 'ClusterFlowPolicy' } as const;
const scanner = workload('scanner', { namespace: 'web' });

/** What a policy does to a request from web/scanner to `orders` of a namespace. */
function actionIn(parts: Parameters<typeof policy>[0], namespace: string): number {
  const at = listener(peerFromName('scanner', 'web'), peerFromName('orders', namespace));
  return benchOf([policy(parts)], { at }).decide({ path: '/' }).action;
}

test('it holds in every namespace, where a FlowPolicy with the same words holds in its own', () => {
  expect(['shop', 'pay'].map((place) => actionIn({ ...cluster, from: scanner }, place))).toEqual([
    block,
    block,
  ]);
  expect(['shop', 'pay'].map((place) => actionIn({ from: scanner }, place))).toEqual([block, 0]);
  expect(['shop', 'pay'].map((place) => actionIn({}, place))).toEqual([block, 0]);
});

test('its peers and its HTTP match select as those of a FlowPolicy do', () => {
  const to = workload('orders', { namespace: 'pay' });
  expect(['shop', 'pay'].map((place) => actionIn({ ...cluster, from: scanner, to }, place))).toEqual([
    0,
    block,
  ]);
  const http = { methods: ['GET'], paths: ['/admin/*'] };
  const at = listener(peerFromName('scanner', 'web'), peerFromName('orders', 'pay'));
  const bench = benchOf([policy({ ...cluster, from: scanner, to, http })], { at });
  expect([bench.decide({ path: '/admin/x' }).action, bench.decide({ path: '/' }).action]).toEqual([block, 0]);
  const limited = benchOf([policy({ ...cluster, from: scanner, action: throttle('1/s') })], { at });
  expect([limited.decide({ path: '/' }).action, limited.decide({ path: '/' }).action]).toEqual([
    0,
    throttled,
  ]);
});

test('who wants to reach beyond a namespace must say so by kind: a FlowPolicy still cannot', () => {
  const foreign = { from: scanner, to: workload('ledger', { namespace: 'pay' }) };
  expect(parsePolicy(objectOf({ namespace: 'shop', ...foreign }))).toMatchObject({
    ok: false,
    code: 'POLICY_FOREIGN_DESTINATION',
  });
  expect(parsePolicy(objectOf({ ...cluster, ...foreign }))).toMatchObject({ ok: true });
  const both = { ...objectOf({ ...cluster, ...foreign }), metadata: { name: 'p', namespace: 'shop' } };
  expect(parsePolicy(both)).toMatchObject({ ok: false, code: 'POLICY_UNKNOWN_FIELD' });
  expect(parsePolicy({ ...objectOf(), kind: 'ClusterPolicy' })).toMatchObject({
    ok: false,
    message: expect.stringContaining('FlowPolicy, ClusterFlowPolicy') as unknown,
  });
});

test.each([
  ['a workload', { workload: { name: 'a' } }, false],
  ['a workload in a namespace', { workload: { name: 'a' }, namespace: 'pay' }, true],
  ['a ServiceAccount', { serviceAccount: { name: 'a' } }, false],
  ['labels', { labels: { app: 'a' } }, false],
  ['labels in a namespace', { labels: { app: 'a' }, namespace: 'pay' }, true],
  ['a namespace', { namespace: 'pay' }, true],
  ['a block of addresses', { cidr: '10.0.0.0/8' }, true],
] as const)('of %s a ClusterFlowPolicy knows where: %j, %j', (_, peer, ok) => {
  for (const side of ['from', 'to'])
    expect(parsePolicy(objectOf({ ...cluster, [side]: { peers: [peer] } })).ok).toBe(ok);
});

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const place: fc.Arbitrary<PolicyPlace> = fc.oneof(
  fc.record({
    kind: fc.constant('FlowPolicy' as const),
    namespace: fc.oneof(label, fc.constantFrom('clusterflowpolicy', 'cluster')),
    name: label,
  }),
  fc.record({ kind: fc.constant('ClusterFlowPolicy' as const), name: label }),
);

test('a name says its kind and place, whatever the namespace is called, in the kernel’s counters too', () => {
  fc.assert(
    fc.property(place, (at) => {
      const name = nameAt(at);
      expect(placeOf(name)).toEqual(at);
      expect(policyOfCounter(counterName('c', name))).toBe(name);
      expect(counterName('p', name)).toMatch(/^p\/[A-Za-z0-9/.-]+$/);
    }),
  );
  expect(nameOf(policy(cluster))).toBe('ClusterFlowPolicy/p');
  expect(nameOf(policy())).toBe('shop/p');
  expect([titleOf('ClusterFlowPolicy/p'), titleOf('shop/p')]).toEqual([
    'ClusterFlowPolicy p',
    'FlowPolicy shop/p',
  ]);
  // The longest name leaves room for a hash only.
  expect(counterName('p', `ClusterFlowPolicy/${'a'.repeat(253)}`)).toMatch(/^p\/_[0-9a-f]{64}$/);
});

test('both kinds stand side by side under one short name', () => {
  const at = listener(peerFromName('scanner', 'web'), peerFromName('orders', 'shop'));
  const own = policy({ http: { paths: ['/own'] } });
  const wide = policy({ ...cluster, http: { paths: ['/wide'] } });
  const bench = benchOf([own, wide], { at });
  expect([bench.decide({ path: '/own' }).action, bench.decide({ path: '/wide' }).action]).toEqual([
    block,
    block,
  ]);
});

test('explain and preview name it', () => {
  const flow = flowOf({ path: '/' });
  const wide = policy({ ...cluster, from: workload('scanner', { namespace: 'shop' }) });
  expect(
    explainFlow([wide], flow, noon)
      .steps.map(({ text }) => text)
      .join(' '),
  ).toContain('ClusterFlowPolicy/p');
  const preview = createPreview({ current: [], change: { type: 'add', policy: wide }, nowMs: noon });
  preview.push(flow);
  expect(preview.result().flips).toBe(1);
});

test('its YAML reads back', () => {
  const text = policyToYaml(policy(cluster));
  expect(text).toMatch(/^apiVersion: .*\nkind: ClusterFlowPolicy\nmetadata:\n {2}name: p\nspec:/);
});
