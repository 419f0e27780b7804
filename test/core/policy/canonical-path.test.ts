// One spelling for all spellings of a path.
import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { createCanonicalPath } from '../../../src/core/policy/canonical-path.ts';

const canonical = createCanonicalPath();
function canonicalOf(path: string): string {
  const bytes = Buffer.from(path, 'latin1');
  canonical.read(bytes, 0, bytes.length);
  return Buffer.from(canonical.bytes.subarray(canonical.start, canonical.end)).toString('utf8');
}

test.each([
  '/thr/q',
  '/thr/./q',
  '/thr/%71',
  '/thr/%2571',
  '/thr//q',
  '/thr/q;x=1',
  '/thr/q/',
  '/thr\\q',
  '/thr%2fq',
  '/a/../thr/q',
  '//host/thr/q',
  '/thr/q#x',
])('%j is spelled /thr/q', (path) => {
  expect(canonicalOf(path)).toBe('/thr/q');
});

test('what cannot be judged, and what is no path, stays as it was sent', () => {
  for (const path of ['/a%00', '/a%ff', '*', '', '/a%0a']) expect(canonicalOf(path)).toBe(path);
  expect(canonicalOf('/')).toBe('/');
  expect(canonicalOf('/..')).toBe('/');
});
