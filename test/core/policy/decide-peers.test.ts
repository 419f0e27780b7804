// Whom a Block of these peers refuses, one row a field.
import { expect, test } from 'vitest';
import { peerFromName, type Peer } from '../../../src/core/model/identity.ts';
import {
  allow,
  benchOf,
  block,
  listener,
  policy,
  shopListener,
  workload,
  type Bench,
  type PolicyParts,
} from './build.ts';

const mtls: Peer = { ...peerFromName('scanner', 'shop'), assurance: 'mtls' };
const orders = peerFromName('orders', 'shop');

const peerRows: readonly (readonly [what: string, parts: PolicyParts, source: Peer, refused: boolean])[] = [
  ['the workload', { from: workload('scanner') }, shopListener.source, true],
  ['another workload', { from: workload('scanner2') }, shopListener.source, false],
  ['the kind', { from: workload('scanner', { kind: 'Deployment' }) }, shopListener.source, true],
  ['another kind', { from: workload('scanner', { kind: 'CronJob' }) }, shopListener.source, false],
  ['a namesake of another namespace', { from: workload('scanner') }, peerFromName('scanner', 'other'), false],
  [
    'a workload of a named namespace',
    { from: workload('scanner', { namespace: 'other' }) },
    peerFromName('scanner', 'other'),
    true,
  ],
  ['a namespace', { from: { peers: [{ namespace: 'other' }] } }, peerFromName('x', 'other'), true],
  ['another namespace', { from: { peers: [{ namespace: 'other' }] } }, peerFromName('x', 'third'), false],
  [
    'a service account',
    { from: { peers: [{ serviceAccount: { name: 'scanner' } }] } },
    shopListener.source,
    true,
  ],
  [
    'a service account elsewhere',
    { from: { peers: [{ serviceAccount: { name: 'scanner', namespace: 'other' } }] } },
    shopListener.source,
    false,
  ],
  [
    'all parts of a peer must hold',
    { from: { peers: [{ workload: { name: 'scanner' }, serviceAccount: { name: 'x' } }] } },
    shopListener.source,
    false,
  ],
  [
    'any of the peers',
    { from: { peers: [{ namespace: 'x' }, { workload: { name: 'scanner' } }] } },
    shopListener.source,
    true,
  ],
  [
    'assurance that is there',
    { from: { peers: [{ workload: { name: 'scanner' }, minAssurance: 'MTLS' }] } },
    mtls,
    true,
  ],
  [
    'assurance that is missing',
    { from: { peers: [{ workload: { name: 'scanner' }, minAssurance: 'MTLS' }] } },
    shopListener.source,
    false,
  ],
  [
    'stronger assurance than asked',
    { from: { peers: [{ workload: { name: 'scanner' }, minAssurance: 'IP' }] } },
    mtls,
    true,
  ],
  ['the destination', { to: workload('orders') }, shopListener.source, true],
  ['another destination', { to: workload('users') }, shopListener.source, false],
  ['the port', { to: { peers: [{ namespace: 'shop' }], ports: [80, 8080] } }, shopListener.source, true],
  ['another port', { to: { peers: [{ namespace: 'shop' }], ports: [80] } }, shopListener.source, false],
  ['the destination address', { to: { peers: [{ cidr: '10.0.0.0/24' }] } }, shopListener.source, true],
  ['another destination address', { to: { peers: [{ cidr: '10.0.1.0/24' }] } }, shopListener.source, false],
  ['a policy of another namespace, everyone to everyone', { namespace: 'other' }, shopListener.source, false],
  [
    'egress of another namespace',
    { namespace: 'other', from: { peers: [{ namespace: 'other' }] } },
    peerFromName('x', 'other'),
    true,
  ],
];

test.each(peerRows)('Block by peers: %s', (_, parts, source, refused) => {
  const at = listener(source, orders);
  const expected = refused ? block : allow;
  expect(benchOf([policy(parts)], { at }).decide().action).toBe(expected);
  expect(benchOf([policy({ ...parts, http: { paths: ['/*'] } })], { at }).decide().action).toBe(expected);
  expect(benchOf([policy(parts)], { at }).opaque().action).toBe(expected);
});

test('a source cidr needs the client address; without it the policy follows its failure, visibly', () => {
  const parts = { from: { peers: [{ cidr: '10.1.0.0/16' }] } };
  expect(benchOf([policy(parts)], { client: '10.1.2.3' }).decide()).toMatchObject({
    action: block,
    indeterminate: false,
  });
  expect(benchOf([policy(parts)], { client: '10.2.2.3' }).decide()).toMatchObject({
    action: allow,
    policy: -1,
    indeterminate: false,
  });
  expect(benchOf([policy(parts)]).decide()).toMatchObject({ action: allow, policy: 0, indeterminate: true });
  expect(benchOf([policy({ ...parts, failure: 'Closed' })]).decide()).toMatchObject({
    action: block,
    policy: 0,
    indeterminate: true,
  });
  const http = { paths: ['/a'] };
  expect(benchOf([policy({ ...parts, http })]).decide({ path: '/a' })).toMatchObject({
    action: allow,
    policy: 0,
    indeterminate: true,
  });
  expect(benchOf([policy({ ...parts, http })]).decide({ path: '/b' })).toMatchObject({
    action: allow,
    policy: -1,
    indeterminate: false,
  });
  expect(benchOf([policy({ ...parts, http, failure: 'Closed' })]).decide({ path: '/a' })).toMatchObject({
    action: block,
    indeterminate: true,
  });
});

test('IPv6 and IPv4-mapped clients are told apart by bits, not by text', () => {
  const of = (cidr: string, client: string): number =>
    benchOf([policy({ from: { peers: [{ cidr }] } })], { client }).decide().action;
  expect(of('fd00::/8', 'fd12:3456::1')).toBe(block);
  expect(of('fd00::/8', 'fe80::1%eth0')).toBe(allow);
  expect(of('10.0.0.0/8', '::ffff:10.1.1.1')).toBe(block);
  expect(of('0.0.0.0/0', '::1')).toBe(allow);
  expect(of('10.0.0.7/32', '10.0.0.8')).toBe(allow);
});

test('each of several policies goes by its own peers and ports', () => {
  const to = (port: number): unknown => ({ peers: [{ workload: { name: 'orders' } }], ports: [port] });
  const policies = [
    policy({ name: 'a', to: { peers: [{ workload: { name: 'users' } }, { workload: { name: 'cart' } }] } }),
    policy({ name: 'b', to: to(80) }),
    policy({ name: 'c', from: { peers: [{ workload: { name: 'web' } }] }, to: to(8080) }),
    policy({ name: 'd', to: to(9090) }),
  ];
  const from = (name: string, port: number): Bench =>
    benchOf(policies, { at: listener(peerFromName(name, 'shop'), peerFromName('orders', 'shop'), port) });
  const refusedBy = (name: string, port: number): string | undefined =>
    from(name, port).verdict().verdict.policy;
  expect([refusedBy('scanner', 80), refusedBy('scanner', 8080), refusedBy('scanner', 9090)]).toEqual([
    'shop/b',
    undefined,
    'shop/d',
  ]);
  expect(refusedBy('web', 8080)).toBe('shop/c');
});
