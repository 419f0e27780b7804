// The pods' file as text: an inventory, or a sentence with file and line.
import { expect, test } from 'vitest';
import { readInventory } from '../../../src/io/inventory/read-inventory.ts';

const pod = (extra = ''): string =>
  `- {name: a-1, namespace: shop, workload: {kind: Deployment, name: a}, addresses: [10.0.0.1]${extra}}`;

test('a file of pods is read', () => {
  const read = readInventory('pods.yaml', `pods:\n${pod(', uid: 0b5c3f0e-7f1c-4f6e-9d0a-0c2f8d1f7a11')}\n`);
  expect(read).toMatchObject({
    ok: true,
    inventory: {
      pods: [{ id: 'shop/a-1', serviceAccount: 'default', uid: '0b5c3f0e-7f1c-4f6e-9d0a-0c2f8d1f7a11' }],
      peers: [],
      services: [],
    },
  });
});

test('nobody is said in so many words: an empty file is one that was not written', () => {
  expect(readInventory('pods.yaml', 'pods: []')).toMatchObject({ ok: true, inventory: { pods: [] } });
  for (const text of ['', ' \n', '# nobody yet', 'pods:'])
    expect(readInventory('pods.yaml', text).ok, JSON.stringify(text)).toBe(false);
});

test.each([
  ['pods: [', 'YAML_INVALID', /^pods\.yaml, line 1: /],
  [`pods:\n${pod()}\n${pod(', port: [80]')}\n`, 'INVENTORY_UNKNOWN_FIELD', /^pods\.yaml, line 3: .*"port"/],
  [`pods:\n${pod()}\n${pod()}\n`, 'INVENTORY_TWICE', /^pods\.yaml, line 3: .*shop\/a-1/],
  [`pods:\n${pod(', uid: x')}\n`, 'INVENTORY_INVALID_VALUE', /^pods\.yaml, line 2: .*UID/],
  ['pods: {a: 1}', 'INVENTORY_INVALID_VALUE', /^pods\.yaml, line 1: /],
  ['- a', 'INVENTORY_INVALID_VALUE', /^pods\.yaml/],
  ['a: &a [*a]', 'INVENTORY_UNKNOWN_FIELD', /^pods\.yaml/],
] as const)('%j is refused with %s', (text, code, message) => {
  const read = readInventory('pods.yaml', text);
  if (read.ok) throw new Error('it was taken');
  expect(read.code).toBe(code);
  expect(read.message).toMatch(message);
});

test('a text that multiplies itself is refused, and prototype keys are fields like others', () => {
  const laughs = Array.from({ length: 20 }, (_, n) => `l${n + 1}: &l${n + 1} [*l${n}, *l${n}, *l${n}]`);
  expect(readInventory('p', ['l0: &l0 [a]', ...laughs].join('\n')).ok).toBe(false);
  expect(readInventory('p', '__proto__: {pods: []}').ok).toBe(false);
});
