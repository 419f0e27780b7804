// Who has which address: on the main thread, and as the data threads see it after every update.
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createDirectory,
  entryOf,
  entryPeer,
  isEnrolled,
  type Directory,
} from '../../../src/core/model/directory.ts';
import type { NodeInventory } from '../../../src/core/model/pod.ts';
import { hostBlock } from '../../../src/core/plan/address-block.ts';
import { createDirectoryBook } from '../../../src/core/plan/directory.ts';
import { inventory, pod, shop } from './build.ts';

function threads(...inventories: readonly NodeInventory[]) {
  const book = createDirectoryBook();
  const directory = createDirectory();
  for (const each of inventories) {
    const update = book.update(each);
    if (update !== undefined) directory.apply(structuredClone(update));
  }
  return { book, directory };
}

const nameAt = (directory: Directory, address: string): string | undefined =>
  directory.peer(directory.peerOf(address))?.workload.name;

test('addresses of one pod are one peer, and so are pods that policies cannot tell apart', () => {
  const { directory } = threads(shop);
  expect(nameAt(directory, '10.77.0.9')).toBe('scanner');
  expect(directory.peerOf('10.78.0.9')).toBe(directory.peerOf('fd78::9'));
  // The one here has labels, the one elsewhere none.
  expect(directory.peerOf('10.77.0.9')).not.toBe(directory.peerOf('10.78.0.9'));
  expect(directory.peer(directory.peerOf('10.77.0.9'))).toMatchObject({
    principal: 'sa:shop/scanner',
    assurance: 'ip',
    labels: { app: 'scanner' },
  });
  expect(nameAt(directory, '10.99.0.1')).toBeUndefined();
  expect(directory.peerOf('nonsense')).toBe(-1);
});

test('bytes find what text finds, and an IPv4-mapped address is the IPv4 one', () => {
  const { directory } = threads(shop);
  const four = Buffer.from([9, 9, 10, 77, 0, 3]);
  const mapped = Buffer.concat([Buffer.alloc(10), Buffer.from([255, 255, 10, 77, 0, 3])]);
  const six = Buffer.from('fd770000000000000000000000000003', 'hex');
  expect(directory.find(4, four, 2)).toBe(directory.entry('10.77.0.3'));
  expect(directory.find(6, mapped, 0)).toBe(directory.entry('10.77.0.3'));
  expect(directory.find(6, six, 0)).toBe(directory.entry('fd77::3'));
  expect(entryPeer(directory.find(6, six, 0))).toBe(directory.peerOf('10.77.0.3'));
  expect(directory.find(4, four, 0)).toBe(-1);
});

test('pods in the node’s network are the host, never one of them', () => {
  const { directory } = threads(shop);
  expect(directory.peer(directory.peerOf('192.0.2.10'))).toMatchObject({
    workload: { kind: 'Node', name: '192.0.2.10' },
    principal: 'host:192.0.2.10',
  });
  expect(isEnrolled(directory.entry('192.0.2.10'))).toBe(false);
});

test.each([
  ['a pod here', '10.77.0.3', true],
  ['a peer with an agent', '10.78.0.30', true],
  ['a peer without', '10.78.0.40', false],
  ['a Service before enrolled pods only', '10.96.0.10', true],
  ['a Service before others', '10.96.0.40', false],
  ['a Service before nobody known', '10.96.0.50', false],
  ['nobody', '203.0.113.1', false],
])('%s reports for itself: %s %s', (_, address, enrolled) => {
  expect(isEnrolled(threads(shop).directory.entry(address))).toBe(enrolled);
});

test('an address that changes hands is the new one’s at once, and indexes are never given again', () => {
  const one = inventory({ pods: [pod({ name: 'a', of: 'a', addresses: ['10.0.0.1'] })] });
  const two = inventory({ pods: [pod({ name: 'b', of: 'b', addresses: ['10.0.0.1'] })] });
  const { book, directory } = threads(one);
  const index = directory.peerOf('10.0.0.1');
  const update = book.update(two);
  expect(update).toMatchObject({ firstPeer: 1, peers: [{ workload: { name: 'b' } }] });
  if (update !== undefined) directory.apply(update);
  expect(directory.peerOf('10.0.0.1')).not.toBe(index);
  expect(directory.peer(index)?.workload.name).toBe('a');
  expect(book.update(two)).toBeUndefined();
  const gone = book.update(inventory({}));
  expect(gone?.entries).toEqual(Int32Array.of(-1));
  if (gone !== undefined) directory.apply(gone);
  expect(directory.peerOf('10.0.0.1')).toBe(-1);
  expect(book.update(one)).toMatchObject({ peers: [], entries: Int32Array.of(entryOf(index, true)) });
});

test('a thread that starts later gets everything at once', () => {
  const { book, directory } = threads(
    shop,
    inventory({ pods: [pod({ name: 'z', of: 'z', addresses: ['10.0.0.9'] })] }),
    shop,
  );
  const late = createDirectory();
  late.apply(book.full());
  expect(late.generation).toBe(directory.generation);
  expect(late.size).toBe(directory.size);
  for (const { addresses } of [...shop.pods, ...shop.peers])
    for (const address of addresses) expect(late.entry(address)).toBe(directory.entry(address));
});

test('an update that is missed is our bug, and said', () => {
  const book = createDirectoryBook();
  book.update(shop);
  const second = book.update(inventory({ pods: [pod({ name: 'z', of: 'z', addresses: ['10.0.0.9'] })] }));
  expect(() => second && createDirectory().apply(second)).toThrow('starts at peer');
});

test('any order of coming and going leaves what a Map would hold', () => {
  const step = fc.record({ host: fc.integer({ min: 0, max: 255 }), peer: fc.integer({ min: -1, max: 5 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const directory = createDirectory();
      const model = new Map<number, number>();
      for (const [index, { host, peer }] of steps.entries()) {
        directory.apply({
          ...{ generation: index + 1, firstPeer: 0, peers: [] },
          addresses: Uint32Array.from(hostBlock(`10.0.0.${host}`)?.words ?? []),
          entries: Int32Array.of(peer),
        });
        if (peer === -1) model.delete(host);
        else model.set(host, peer);
      }
      expect(directory.size).toBe(model.size);
      for (let host = 0; host < 256; host += 1)
        expect(directory.entry(`10.0.0.${host}`)).toBe(model.get(host) ?? -1);
    }),
    { seed: 4 },
  );
});

test('a node that is known is called by its name, and a Service before several workloads is nobody’s account', () => {
  const { directory } = threads({
    ...shop,
    hosts: [{ name: 'node-a', addresses: ['192.0.2.10', '192.0.2.11'] }],
    services: [
      {
        ...{ namespace: 'shop', name: 'mixed', addresses: ['10.96.0.9'], ports: [] },
        workload: { kind: 'Service', name: 'mixed', namespace: 'shop' },
      },
    ],
  });
  for (const address of ['192.0.2.10', '192.0.2.11'])
    expect(directory.peer(directory.peerOf(address))?.principal).toBe('host:node-a');
  expect(directory.peer(directory.peerOf('10.96.0.9'))).toMatchObject({
    workload: { kind: 'Service', name: 'mixed' },
    principal: 'unknown',
  });
});
