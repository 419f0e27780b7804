// Whom a Block by labels refuses, and what happens where nobody knows the caller's labels.
import { expect, test } from 'vitest';
import { peerFromName, type Peer } from '../../../src/core/model/identity.ts';
import { allow, benchOf, block, listener, policy, type PolicyParts } from './build.ts';

const orders = peerFromName('orders', 'shop');
const labelled = (labels: Record<string, string>, namespace = 'shop'): Peer => ({
  ...peerFromName('scanner', namespace),
  labels,
});
const from = (...peers: unknown[]): PolicyParts => ({ from: { peers } });

const rows: readonly (readonly [what: string, parts: PolicyParts, source: Peer, refused: boolean])[] = [
  ['a label that is there', from({ labels: { app: 'scan' } }), labelled({ app: 'scan', tier: 'x' }), true],
  ['the same label with another value', from({ labels: { app: 'scan' } }), labelled({ app: 'web' }), false],
  ['only one of two labels', from({ labels: { app: 'scan', v: '2' } }), labelled({ app: 'scan' }), false],
  ['no labels at all', from({ labels: { app: 'scan' } }), labelled({}), false],
  [
    'a namesake of another namespace',
    from({ labels: { app: 'scan' } }),
    labelled({ app: 'scan' }, 'x'),
    false,
  ],
  [
    'the namespace beside the labels',
    from({ labels: { app: 'scan' }, namespace: 'x' }),
    labelled({ app: 'scan' }, 'x'),
    true,
  ],
  [
    'labels and the workload',
    from({ labels: { app: 'scan' }, workload: { name: 'web' } }),
    labelled({ app: 'scan' }),
    false,
  ],
  [
    'either of two peers',
    from({ labels: { app: 'x' } }, { labels: { app: 'scan' } }),
    labelled({ app: 'scan' }),
    true,
  ],
  ['an empty value', from({ labels: { canary: '' } }), labelled({ canary: '' }), true],
  ['a name that objects inherit', from({ labels: { constructor: 'x' } }), labelled({}), false],
];

test.each(rows)('%s', (_, parts, source, refused) => {
  const bench = benchOf([policy(parts)], { at: listener(source, orders) });
  expect(bench.decide().action).toBe(refused ? block : allow);
});

const rowsOfUnknown = [
  ['Open', allow],
  ['Closed', block],
] as const;
test.each(rowsOfUnknown)('a caller whose labels nobody knows follows failure: %s', (failure, action) => {
  const bench = benchOf([policy({ ...from({ labels: { app: 'scan' } }), failure })], {
    at: listener(peerFromName('scanner', 'shop'), orders),
  });
  expect(bench.decide()).toMatchObject({ action, policy: 0, indeterminate: true });
});

test('a label and a block of addresses must both hold', () => {
  const parts = from({ labels: { app: 'scan' }, cidr: '10.0.0.0/8' });
  const at = listener(labelled({ app: 'scan' }), orders);
  expect(benchOf([policy(parts)], { at, client: '10.1.2.3' }).decide().action).toBe(block);
  expect(benchOf([policy(parts)], { at, client: '192.0.2.1' }).decide().action).toBe(allow);
});

test('Drop aborts a connection that was accepted before it was judged', () => {
  const bench = benchOf([policy({ action: { type: 'Block', block: { answer: 'Drop' } } })]);
  expect(bench.decide()).toMatchObject({ action: block, answer: 1 });
});
