// The pods' file as it changes under a running agent.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { InventorySource } from '../../../src/core/plan/inventory-source.ts';
import { openFileInventory } from '../../../src/io/inventory/file-inventory.ts';
import { until } from '../../helpers/until.ts';

const file = (...names: readonly string[]): string =>
  `pods: [${names
    .map(
      (name, at) =>
        `{name: ${name}, namespace: shop, workload: {kind: Deployment, name: w}, addresses: [10.0.0.${at + 1}]}`,
    )
    .join(', ')}]\n`;

interface Watched {
  readonly path: string;
  readonly source: InventorySource;
  readonly refused: readonly string[];
}

function watched(text: string): Watched {
  const directory = mkdtempSync(join(tmpdir(), 'inventory-'));
  const path = join(directory, 'pods.yaml');
  writeFileSync(path, text);
  const refused: string[] = [];
  const source = openFileInventory({ path, onRejected: (sentence) => refused.push(sentence) });
  onTestFinished(() => {
    source.close();
    rmSync(directory, { recursive: true });
  });
  return { path, source, refused };
}

const names = ({ source }: Watched): readonly string[] => source.current().pods.map(({ name }) => name);

test('a change is told, whether the file is written anew or replaced', async () => {
  const pods = watched(file('a'));
  let told = 0;
  const off = pods.source.onChange(() => (told += 1));
  writeFileSync(pods.path, file('a', 'b'));
  await until('b is there', () => names(pods).join() === 'a,b');
  writeFileSync(`${pods.path}.new`, file('c'));
  renameSync(`${pods.path}.new`, pods.path);
  await until('c is there', () => names(pods).join() === 'c');
  expect(told).toBe(2);
  off();
  writeFileSync(pods.path, file('d'));
  await until('d is there', () => names(pods).join() === 'd');
  expect(told).toBe(2);
});

test('a wrong change is told once, the pods stay; the file that is good again counts', async () => {
  const pods = watched(file('a'));
  writeFileSync(pods.path, 'pods: [nobody]\n');
  await until('it is refused', () => pods.refused.length > 0);
  expect(pods.refused).toEqual([
    expect.stringMatching(/^pods\.yaml, line 1: .* The pods stay as they were\.$/),
  ]);
  expect(names(pods)).toEqual(['a']);
  rmSync(pods.path);
  await until('its absence is told', () => pods.refused.length === 2);
  expect(names(pods)).toEqual(['a']);
  writeFileSync(pods.path, file('z'));
  await until('z is there', () => names(pods).join() === 'z');
  expect(pods.refused.at(-1)).toBe('The pods’ file is read again.');
});

test('an agent does not start as if there were no pods', () => {
  expect(() => watched('pods: [nobody]')).toThrow(/pods\.yaml, line 1/);
  expect(() => openFileInventory({ path: '/nowhere/pods.yaml', onRejected: () => undefined })).toThrow(
    /cannot be read/,
  );
});
