// Readings of paths: table of what a server behind us might see, and the comparison with Istio's normalisation.
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createPathReadings, maxReadings, readPaths } from '../../../src/core/policy/normalise-path.ts';
import { parsePathPattern } from '../../../src/core/policy/path-pattern.ts';
import { printablePath } from '../../../src/core/policy/printable-path.ts';
import { strictPathCodes } from '../../../src/core/policy/decider.ts';

function readingsOf(path: string | Uint8Array): readonly string[] | string {
  const readings = createPathReadings();
  const bytes = typeof path === 'string' ? Buffer.from(path, 'utf8') : path;
  const code = readPaths(readings, bytes, 0, bytes.length);
  if (code >= 0) return strictPathCodes[code] ?? `code ${code}`;
  return Array.from({ length: readings.count }, (_, at) =>
    printablePath(readings.buffer(at), readings.start(at), readings.end(at)),
  );
}

const table: readonly (readonly [path: string, readings: readonly string[]])[] = [
  ['/', ['/']],
  ['', ['']],
  ['/orders/7', ['/orders/7']],
  ['/Orders/%37', ['/Orders/7']],
  ['/orders/', ['/orders/', '/orders']],
  ['/a%2Fb', ['/a%2Fb', '/a/b']],
  ['/a//b', ['/a//b', '/a/b']],
  ['/a/../b', ['/a/../b', '/b']],
  ['/a/./b', ['/a/./b', '/a/b']],
  ['/../../etc', ['/../../etc', '/etc']],
  ['/a/%2e%2e/b', ['/a/../b', '/b']],
  ['/a\\b', ['/a\\b', '/a/b']],
  ['//h/a', ['//h/a', '/a', '/h/a']],
  ['//h', ['//h', '/', '/h']],
  ['/a;v=1/b', ['/a;v=1/b', '/a/b']],
  ['/a/b#c', ['/a/b#c', '/a/b']],
  ['/.well-known/x', ['/.well-known/x']],
  ['/%2541', ['/%41', '/A']],
  ['/100%', ['/100%']],
  ['/%zz', ['/%zz']],
  ['/caf%C3%A9', ['/café']],
  ['/café', ['/café']],
];

test.each(table)('%j is read as %j', (path, readings) => {
  expect(readingsOf(path)).toEqual(readings);
});

test.each([
  '//h/admin/x',
  '/\\h/admin/x',
  '///h/admin/x',
  '//h:80/admin/x',
  '/\\/h\\admin/x',
  '//h/x/../admin/x',
])('%j is also read as the path of a URL with an authority', (path) => {
  expect(readingsOf(path)).toContain(new URL(path, 'http://base').pathname);
  expect(readingsOf(path)).toContain('/admin/x');
});

test('combined tricks still show the path they hide', () => {
  expect(readingsOf('/public/..;x=1/admin')).toContain('/admin');
  expect(readingsOf('/public%2f..%2fadmin/')).toContain('/admin');
  expect(readingsOf('/public/%252e%252e/admin')).toContain('/admin');
  expect(readingsOf('/x\\..\\admin')).toContain('/admin');
});

test.each([
  ['/a%00b', 'PATH_NUL'],
  ['/a%2500b', 'PATH_NUL'],
  ['/a%0d%0ab', 'PATH_CONTROL'],
  ['/a%7fb', 'PATH_CONTROL'],
  ['/a%ff', 'PATH_NOT_UTF8'],
  ['/a%c0%ae', 'PATH_NOT_UTF8'],
  ['/a%ed%a0%80', 'PATH_NOT_UTF8'],
  ['/a%f4%90%80%80', 'PATH_NOT_UTF8'],
])('%j cannot be judged: %s', (path, code) => {
  expect(readingsOf(path)).toBe(code);
});

test('raw bytes are judged like escaped ones', () => {
  expect(readingsOf(Uint8Array.of(0x2f, 0x00))).toBe('PATH_NUL');
  expect(readingsOf(Uint8Array.of(0x2f, 0x0a))).toBe('PATH_CONTROL');
  expect(readingsOf(Uint8Array.of(0x2f, 0xc3))).toBe('PATH_NOT_UTF8');
});

test('more oddities than an honest path has are refused, and work stays bounded', () => {
  expect(readingsOf('/a//b/../%252f;x/c\\d%2f/')).toBe('PATH_AMBIGUOUS');
  expect(readingsOf(`/${'a//'.repeat(20_000)}`)).toBe('PATH_AMBIGUOUS');
  const allowed = readingsOf('/a//b/../c/');
  expect(Array.isArray(allowed)).toBe(true);
  expect(allowed.length).toBeLessThanOrEqual(maxReadings);
});

const istioRow = z.object({ mode: z.string(), input: z.string(), expect: z.string() });
type IstioRow = z.infer<typeof istioRow>;

/** test data of istio/istio (Apache-2.0). */
const istioRows = readFileSync(join(import.meta.dirname, 'istio-path-normalization.jsonl'), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => istioRow.parse(JSON.parse(line)));

/** Ours decodes every escape once for judging, where Istio leaves reserved and non-ASCII ones; `%2F` stays visible in both. */
const decodedOnce = (text: string): string =>
  text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    hex.toLowerCase() === '2f' ? '%2F' : String.fromCharCode(Number.parseInt(hex, 16)),
  );

/** Where we differ on purpose: Istio passes these on undecoded, we refuse them under an enforcing policy. */
const refusedRow = (row: IstioRow): string | undefined => {
  const first = decodedOnce(row.input);
  if (/\p{Cc}/u.test(first.replaceAll(/[\u0080-\u00ff]/g, ''))) return 'PATH_CONTROL';
  return /[\u0080-\u00ff]/.test(first) ? 'PATH_NOT_UTF8' : undefined;
};

test('what Istio normalises a path to is one of our readings, in every mode', () => {
  expect(istioRows.length).toBe(70);
  for (const row of istioRows) {
    const refused = refusedRow(row);
    const readings = readingsOf(row.input);
    if (refused !== undefined) expect([row.input, readings]).toEqual([row.input, refused]);
    else
      expect([row.input, readings]).toEqual([row.input, expect.arrayContaining([decodedOnce(row.expect)])]);
  }
});

test('the differences from Istio are the invalid UTF-8 and the controls, and nothing else', () => {
  const refused = istioRows.map(refusedRow).filter((code) => code !== undefined);
  expect(refused.filter((code) => code === 'PATH_CONTROL').length).toBe(5);
  expect(refused.filter((code) => code === 'PATH_NOT_UTF8').length).toBe(
    istioRows.filter(({ input }) => /%(9|b|c|d|e|f)[0-9a-f]/i.test(input) && !input.includes('%25')).length,
  );
});

test('UTF-8 as it is and percent-encoded are one path, in policies and in requests', () => {
  expect(parsePathPattern('/caf\u00e9/*')).toEqual(parsePathPattern('/caf%C3%A9/*'));
  expect(readingsOf('/caf\u00e9')).toEqual(readingsOf('/caf%C3%A9'));
});
