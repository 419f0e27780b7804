// Scopes of connections without listener: by who is at the ends, bounded, and asked again when the decider is another object.
import { expect, test } from 'vitest';
import { peerFromName } from '../../../src/core/model/identity.ts';
import { createBuckets } from '../../../src/core/policy/buckets.ts';
import { compilePolicies } from '../../../src/core/policy/compile.ts';
import { createDecider, type PolicyDecider } from '../../../src/core/policy/decide.ts';
import type { JudgedPair } from '../../../src/core/policy/decider.ts';
import { newDecision } from '../../../src/core/policy/decision.ts';
import { strangerAt } from '../../../src/core/model/stranger.ts';
import { headOf, noon, policy, workload, type PolicyParts } from './build.ts';

const orders = peerFromName('orders', 'shop');
const web = peerFromName('web', 'shop');
const pair = (more: Partial<JudgedPair> = {}): JudgedPair => ({
  source: web,
  destination: orders,
  destinationPort: 8080,
  clientAddress: '10.77.0.9:41000',
  destinationAddress: '10.77.0.3:8080',
  ...more,
});

function deciderOf(parts: PolicyParts, mostPairScopes = 100): PolicyDecider {
  const { buffer } = compilePolicies([policy(parts)], { generation: 1, nowMs: noon });
  return createDecider(buffer, [], createBuckets(), { mostPairScopes });
}

function refuses(decider: PolicyDecider, of: JudgedPair): boolean {
  const out = newDecision();
  decider.decide(decider.scopeOfConnection(of), headOf({ path: '/a' }), '/a', noon, out);
  return out.action === 1;
}

test('a policy by names judges a connection by who is at its ends', () => {
  const decider = deciderOf({ from: workload('web'), to: workload('orders') });
  expect(refuses(decider, pair())).toBe(true);
  expect(refuses(decider, pair({ source: peerFromName('cart', 'shop') }))).toBe(false);
  expect(refuses(decider, pair({ destination: peerFromName('users', 'shop') }))).toBe(false);
});

test('a policy by port, or by the address of either end, judges by what the client connected to', () => {
  expect(
    refuses(deciderOf({ to: { peers: [{ workload: { name: 'orders' } }], ports: [8080] } }), pair()),
  ).toBe(true);
  expect(
    refuses(deciderOf({ to: { peers: [{ workload: { name: 'orders' } }], ports: [9090] } }), pair()),
  ).toBe(false);
  const from = deciderOf({ from: { peers: [{ cidr: 'fd77::/64' }] } });
  expect(refuses(from, pair({ clientAddress: '[fd77::9]:41000' }))).toBe(true);
  expect(refuses(from, pair())).toBe(false);
});

test('one pair is one scope, whatever the client’s port; strangers are one each', () => {
  const decider = deciderOf({ from: workload('web') });
  const scope = decider.scopeOfConnection(pair());
  expect(decider.scopeOfConnection(pair({ clientAddress: '10.77.0.9:5' }))).toBe(scope);
  const stranger = strangerAt('203.0.113.7');
  expect(decider.scopeOfConnection(pair({ source: stranger }))).not.toBe(scope);
  expect(decider.scopeOfConnection(pair({ source: stranger }))).toBe(
    decider.scopeOfConnection(pair({ source: stranger })),
  );
});

test('a full cache begins anew as another decider of the same snapshot and the same counts', () => {
  const full = deciderOf({ from: workload('web') }, 3);
  for (const host of ['a', 'b', 'c']) full.scopeOfConnection(pair({ source: strangerAt(host) }));
  expect(full.isFull()).toBe(true);
  const fresh = full.renewed();
  expect(fresh).not.toBe(full);
  expect(fresh.isFull()).toBe(false);
  expect(fresh.generation).toBe(full.generation);
  expect(refuses(fresh, pair())).toBe(true);
  // A connection that has not asked again yet is judged by the scopes that it knows.
  expect(refuses(full, pair())).toBe(true);
});

test('renewed before it is full, it keeps what it knows', () => {
  const decider = deciderOf({ from: workload('web') });
  const scope = decider.scopeOfConnection(pair());
  const made = decider.scopeWork.scopes;
  expect(decider.renewed().scopeOfConnection(pair())).toBe(scope);
  expect(decider.scopeWork.scopes).toBe(made);
});
