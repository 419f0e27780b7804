// Folders with what is missing above them, and ends where no folder can be made.
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeFolder } from '../../src/io/make-folder.ts';
import { lacking, testUnless } from '../helpers/unless.ts';

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'api-defense-folder-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

test('what is missing above is made too, each with the mode, and what is there stays', async () => {
  const base = directory();
  const path = join(base, 'a', 'b', 'c');
  await makeFolder(path, 0o700);
  await makeFolder(path, 0o755);
  await makeFolder('/');
  for (const made of ['a', 'a/b', 'a/b/c']) expect(statSync(join(base, made)).mode & 0o777).toBe(0o700);
});

test('a file in the way is an error, above or at the end', async () => {
  const file = join(directory(), 'file');
  writeFileSync(file, '');
  await expect(makeFolder(file)).rejects.toThrow('EEXIST');
  await expect(makeFolder(join(file, 'a', 'b'))).rejects.toThrow(/EEXIST|ENOTDIR/);
});

testUnless(lacking(existsSync('/proc/self'), '/proc is not here'))(
  'where no folder can be made it ends with an error',
  async () => {
    await expect(makeFolder('/proc/self/a/b')).rejects.toThrow(/ENOENT|EACCES|EPERM/);
  },
);
