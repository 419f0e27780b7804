// Masking at a bounded cost: counted in characters that reach the masker, not in time.
import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { createBoundedMask, longestMasked } from '../../../src/core/inspect/bounded-mask.ts';
import { createTools } from '../../../src/core/inspect/flow-tools.ts';
import { createMasker } from '../../../src/core/mask/masker.ts';

/** The real masker, with a count of the characters that it was given. */
function counted(): { masker: ReturnType<typeof createMasker>; read: () => number } {
  const real = createMasker(new Uint8Array(32).fill(3));
  let chars = 0;
  const count = (text: string): string => {
    chars += text.length;
    return text;
  };
  return {
    masker: {
      ...real,
      maskPath: (path) => real.maskPath(count(path)),
      maskQuery: (query) => real.maskQuery(count(query)),
      maskHeader: (name, value) => real.maskHeader(name, count(value)),
    },
    read: () => chars,
  };
}

const all = (text: string): [Buffer, number, number] => {
  const bytes = Buffer.from(text, 'latin1');
  return [bytes, 0, bytes.length];
};
const longPath = '/orders/ann@example.org'.repeat(900);

test.each([
  longPath,
  `/${'a'.repeat(20_000)}`,
  '/\u00ff'.repeat(10_000),
  `/${'%41'.repeat(7_000)}`,
  '/'.repeat(20_000),
])('of a 20 KB path no more reaches the masker than of one that is shown whole (%#)', (path) => {
  const { masker, read } = counted();
  const shown = createTools(masker).target(...all(path)).path;
  expect(read()).toBeLessThanOrEqual(longestMasked);
  expect(shown.length).toBeLessThanOrEqual(longestMasked);
  expect(shown).toMatch(/^\/.*\(\d+ more\)…$/);
});

test('the same holds for queries, hosts, routes and normalised paths', () => {
  const { masker, read } = counted();
  const tools = createTools(masker);
  const shown = [
    tools.query(...all('mail=ann@example.org&'.repeat(1_000))),
    tools.host(...all('a.'.repeat(10_000))),
    tools.route(longPath),
    tools.normalised(longPath),
  ];
  expect(read()).toBeLessThanOrEqual(4 * longestMasked);
  for (const text of shown) expect(text).toMatch(/\(\d+ more\)…$/);
});

test('a normalised path is masked once, also a long one', () => {
  const { masker, read } = counted();
  const tools = createTools(masker);
  const path = '/orders/ann@example.org'.repeat(170);
  expect(path.length).toBeGreaterThan(3_000);
  const first = tools.normalised(path);
  const once = read();
  for (let again = 0; again < 100; again += 1) expect(tools.normalised(path)).toBe(first);
  expect([once, read()]).toEqual([path.length, path.length]);
});

test('a part that does not fit is left out whole: half a secret would not be known as one', () => {
  const masker = createMasker(new Uint8Array(32).fill(3));
  const { ofBytes, ofText } = createBoundedMask((text) => masker.maskPath(text), '/');
  const card = '4111111111111111';
  for (let before = 0; before <= card.length + 40; before += 1) {
    const path = `/${'a'.repeat(longestMasked - 2 - before)}/${card}/${'b/'.repeat(50)}`;
    for (const shown of [ofBytes(...all(path)), ofText(path)]) {
      expect(shown).not.toMatch(/4111/);
      expect(shown).toMatch(/ more\)…$/);
    }
  }
});

test('what is left out is counted, and what fits is shown as it was', () => {
  const { ofBytes, ofText } = createBoundedMask((text) => text, '&');
  const fits = 'a'.repeat(longestMasked);
  expect([ofText(fits), ofBytes(...all(fits))]).toEqual([fits, fits]);
  const tooLong = `a=1&${'b'.repeat(longestMasked)}`;
  expect([ofText(tooLong), ofBytes(...all(tooLong))]).toEqual(['a=1&(4096 more)…', 'a=1&(4096 more)…']);
  expect(createBoundedMask((text) => text, undefined).ofText(`${fits}b`)).toBe('(4097 more)…');
});
