// Theme and keys are judged before anything is started: one sentence each, and a theme that fails leaves the old one.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkLooks, createLooks } from '../../../src/tui/run-looks.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'looks-'));
});
afterEach(() => {
  rmSync(home, { recursive: true });
});
const env = (): Record<string, string> => ({ HOME: home, XDG_CONFIG_HOME: home, LANG: 'C.UTF-8' });

test('the usual looks are fine', () => {
  expect(() => checkLooks({ env: env() })).not.toThrow();
});

test('an unknown theme is named', () => {
  expect(() => checkLooks({ env: env(), themeName: 'nonsense' })).toThrow('There is no theme "nonsense"');
});

test('a person’s own keys.yaml is read, and its fault told with the row it is about', () => {
  mkdirSync(join(home, 'kubectl-api-defense'));
  writeFileSync(join(home, 'kubectl-api-defense', 'keys.yaml'), 'keys: {flow.blok: K}');
  expect(() => checkLooks({ env: env() })).toThrow('did you mean flow.block?');
});

test('a keys file that is not there is named', () => {
  expect(() => checkLooks({ env: env(), keysFile: join(home, 'none.yaml') })).toThrow(
    /none\.yaml cannot be read/,
  );
});

test('switching to a theme that is not there keeps the one before', () => {
  const looks = createLooks({ env: env(), themeName: 'mono' });
  expect(() => looks.switchTheme('nonsense')).toThrow('There is no theme');
  expect(looks.theme.name).toBe('mono');
  looks.switchTheme('high-contrast');
  expect(looks.theme.name).toBe('high-contrast');
});

test('an ASCII locale means ASCII signs, unless told', () => {
  expect(createLooks({ env: { ...env(), LANG: 'C' } }).theme.ascii).toBe(true);
  expect(createLooks({ env: env() }).theme.ascii).toBe(false);
  expect(createLooks({ env: env(), ascii: true }).theme.ascii).toBe(true);
});
