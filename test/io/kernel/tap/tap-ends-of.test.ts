// Who a tap says is at the ends: the tapped pod by all its addresses, whatever the directory says of those that are not its own.
import { expect, test } from 'vitest';
import type { Peer } from '../../../../src/core/model/identity.ts';
import { peerFromName } from '../../../../src/core/model/identity.ts';
import { endsOf, findWithSelf } from '../../../../src/io/kernel/tap/tap-ends-of.ts';

const peers: Readonly<Record<string, readonly [number, Peer]>> = {
  '10.77.0.3': [1, peerFromName('orders', 'shop')],
  '10.77.0.4': [2, peerFromName('ledger', 'shop')],
};
const stranger = peerFromName('stranger', 'shop');
const identity = {
  find(address: string) {
    const [index, peer] = peers[address] ?? [-1, stranger];
    return { index, peer };
  },
};
const find = findWithSelf(identity, () => ({
  addresses: ['10.77.0.3', 'fd77::3'],
  // The last is another pod's, which this one has given itself.
  further: new Set(['10.78.1.3', '10.77.0.4']),
}));
const id = {
  ...{ connection: 1, inbound: true, clientAddress: '10.78.1.9', clientPort: 40_000 },
  ...{ serverAddress: '10.78.1.3', serverPort: 8080 },
};

test('the pod is itself by its further addresses, its callers are who they are', () => {
  const ends = endsOf(find, id, undefined);
  expect([ends.destinationPeer, ends.destinationAddress]).toEqual([1, '10.78.1.3:8080']);
  expect(ends.sourcePeer).toBe(-1);
  expect(endsOf(find, { ...id, clientAddress: '10.77.0.3', inbound: false }, undefined).sourcePeer).toBe(1);
});

test('a pod that gives itself another’s address is told as itself', () => {
  expect(endsOf(find, { ...id, serverAddress: '10.77.0.4' }, undefined).destinationPeer).toBe(1);
});

test('who left the directory meanwhile is still who it was', () => {
  const known = endsOf(find, { ...id, clientAddress: '10.77.0.3' }, undefined);
  expect(endsOf(find, { ...id, clientAddress: '10.78.1.8' }, known).sourcePeer).toBe(1);
});
