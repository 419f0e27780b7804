import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { emptyFolder } from '../../src/io/empty-folder.ts';

test('everything in a folder goes, and the folder stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'apidefense-empty-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'deep', 'er'), { recursive: true });
  writeFileSync(join(folder, 'deep', 'er', 'file'), 'x');
  writeFileSync(join(folder, '.hidden'), 'x');
  expect(await emptyFolder(folder)).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder that is not there is empty', async () => {
  expect(await emptyFolder('/nonexistent/folder')).toEqual([]);
});
