// The file of pods: what it may say, and the sentences for what it may not.
import { expect, test } from 'vitest';
import { parseInventory } from '../../../src/core/plan/parse-inventory.ts';
import { shopFile } from './build.ts';

const good = {
  name: 'orders-7f',
  namespace: 'shop',
  workload: { kind: 'Deployment', name: 'orders' },
  addresses: ['10.77.0.3', 'fd77::3'],
};

test('what is left out has the meaning it has in Kubernetes', () => {
  const parsed = parseInventory({
    pods: [good],
    services: [{ ...good, addresses: ['10.96.0.1'], ports: [{ port: 80 }] }],
  });
  expect(parsed).toMatchObject({
    ok: true,
    inventory: {
      pods: [
        {
          ...{ id: 'shop/orders-7f', serviceAccount: 'default', ports: [], hostNetwork: false },
          workload: { kind: 'Deployment', name: 'orders', namespace: 'shop' },
        },
      ],
      peers: [],
      services: [{ ports: [{ port: 80, targetPort: 80 }] }],
    },
  });
});

test.each([[{}], [{ pods: [] }]])('%j is an inventory of nobody', (value) => {
  expect(parseInventory(value)).toEqual({ ok: true, inventory: { pods: [], peers: [], services: [] } });
});

test.each([[undefined], [null]])('%j is a file that was not written', (value) => {
  expect(parseInventory(value)).toMatchObject({ ok: false });
});

test('the shop of the other tests is read whole', () => {
  expect(parseInventory(shopFile)).toMatchObject({ ok: true });
});

const refusals: readonly (readonly [
  what: string,
  value: unknown,
  code: string,
  path: string,
  words: string,
])[] = [
  [
    'a field nobody knows',
    { pods: [{ ...good, adresses: [] }] },
    'INVENTORY_UNKNOWN_FIELD',
    'pods.0.adresses',
    'Did you mean addresses?',
  ],
  ['a list nobody knows', { pod: [] }, 'INVENTORY_UNKNOWN_FIELD', 'pod', 'Did you mean pods?'],
  [
    'a missing name',
    { pods: [{ ...good, name: undefined }] },
    'INVENTORY_MISSING_FIELD',
    'pods.0.name',
    'pods[0].name is missing',
  ],
  [
    'an address with a port',
    { pods: [{ ...good, addresses: ['10.0.0.1:80'] }] },
    'INVENTORY_INVALID_VALUE',
    'pods.0.addresses.0',
    'must be an IPv4 or IPv6 address',
  ],
  [
    'an address with a zone',
    { pods: [{ ...good, addresses: ['fe80::1%eth0'] }] },
    'INVENTORY_INVALID_VALUE',
    'pods.0.addresses.0',
    'must be an IPv4 or IPv6 address',
  ],
  [
    'no address',
    { pods: [{ ...good, addresses: [] }] },
    'INVENTORY_INVALID_VALUE',
    'pods.0.addresses',
    'pods[0].addresses needs at least 1 entry.',
  ],
  [
    'a port out of range',
    { pods: [{ ...good, ports: [70000] }] },
    'INVENTORY_INVALID_VALUE',
    'pods.0.ports.0',
    'pods[0].ports[0] must be at most 65535.',
  ],
  [
    'a port that is no whole number',
    { pods: [{ ...good, ports: [80.5] }] },
    'INVENTORY_INVALID_VALUE',
    'pods.0.ports.0',
    'pods[0].ports[0] must be a whole number.',
  ],
  [
    'too many addresses',
    { pods: [{ ...good, addresses: Array.from({ length: 17 }, (_unused, index) => `10.0.1.${index}`) }] },
    'INVENTORY_INVALID_VALUE',
    'pods.0.addresses',
    'pods[0].addresses may have at most 16 entries.',
  ],
  [
    'one address that is no list',
    { pods: [{ ...good, addresses: '10.0.0.1' }] },
    'INVENTORY_INVALID_VALUE',
    'pods.0.addresses',
    'pods[0].addresses must be a list.',
  ],
  [
    'a yes that is no truth value',
    { pods: [{ ...good, hostNetwork: 'yes' }] },
    'INVENTORY_INVALID_VALUE',
    'pods.0.hostNetwork',
    'pods[0].hostNetwork must be true or false.',
  ],
  [
    'a pod twice',
    { pods: [good, { ...good, addresses: ['10.0.0.9'] }] },
    'INVENTORY_TWICE',
    'pods.1',
    'and so is pods[0]',
  ],
  [
    'a pod as its own peer',
    { pods: [good], peers: [{ ...good, addresses: ['10.0.0.9'] }] },
    'INVENTORY_TWICE',
    'peers.0',
    'and so is pods[0]',
  ],
  [
    'an address twice',
    { pods: [good, { ...good, name: 'b', addresses: ['FD77:0::3'] }] },
    'INVENTORY_ADDRESS_TWICE',
    'pods.1.addresses.0',
    'shop/orders-7f has',
  ],
  [
    'a Service with a pod’s address',
    { pods: [good], services: [{ ...good, addresses: ['10.77.0.3'] }] },
    'INVENTORY_ADDRESS_TWICE',
    'services.0.addresses.0',
    'nobody could say',
  ],
  ['no object', 'pods', 'INVENTORY_INVALID_VALUE', '', 'The file of pods must be a mapping.'],
  ['a list', [], 'INVENTORY_INVALID_VALUE', '', 'The file of pods'],
];

test.each(refusals)('%s is refused', (_, value, code, path, words) => {
  const parsed = parseInventory(value);
  if (parsed.ok) throw new Error('it was taken');
  expect({ code: parsed.code, path: parsed.path.join('.') }).toEqual({ code, path });
  expect(parsed.message).toContain(words);
  expect(parsed.message).toMatch(/\.$/);
});

test('pods in the node’s network may share its address', () => {
  const host = { ...good, hostNetwork: true };
  expect(parseInventory({ pods: [host, { ...host, name: 'b' }] })).toMatchObject({ ok: true });
});

test('a label named as what objects inherit is a label', () => {
  const parsed = parseInventory({ pods: [{ ...good, labels: { constructor: 'x' } }] });
  expect(parsed).toMatchObject({ ok: true });
});
