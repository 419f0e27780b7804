// Where programs of one person meet: made where it can be, refused with a sentence where not, and never without an end.
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ensureRuntimeDirectory } from '../../../src/app/cli/session-paths.ts';
import { lacking, testUnless } from '../../helpers/unless.ts';

function base(): string {
  const made = mkdtempSync(join(tmpdir(), 'api-defense-session-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

test('the directory is made, with the one above it, for its owner only', () => {
  const above = join(base(), 'run');
  const made = ensureRuntimeDirectory({ XDG_RUNTIME_DIR: above });
  expect(made).toBe(join(above, 'kubectl-api-defense'));
  expect(statSync(made).mode & 0o777).toBe(0o700);
  expect(ensureRuntimeDirectory({ XDG_RUNTIME_DIR: above })).toBe(made);
});

test('a file in its place is refused', () => {
  const above = base();
  writeFileSync(join(above, 'kubectl-api-defense'), '');
  expect(() => ensureRuntimeDirectory({ XDG_RUNTIME_DIR: above })).toThrow('is not a directory of yours');
});

testUnless(lacking(existsSync('/proc/self'), '/proc is not here'))(
  'where no directory can be made it is refused, at once',
  () => {
    expect(() => ensureRuntimeDirectory({ XDG_RUNTIME_DIR: '/proc/self/a' })).toThrow('cannot be made');
  },
);
