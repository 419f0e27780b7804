// Pastes with and without an end, in any pieces: what ink gets always ends its pastes, and ctrl-c comes through.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPasteWatch, pasteLimits } from '../../../src/tui/keys/paste-end.ts';

const start = '\u001b[200~';
const end = '\u001b[201~';

/** All that is handed on for these chunks, 1 ms apart, and how it stands then. */
function passed(chunks: readonly string[]): { readonly out: string; readonly isOpen: boolean } {
  const watch = createPasteWatch();
  const out = chunks.map((chunk, index) => watch.pass(chunk, index)).join('');
  return { out, isOpen: watch.isOpen };
}

/** A text cut into pieces. */
const pieces = (text: string): fc.Arbitrary<readonly string[]> =>
  fc.array(fc.nat(text.length), { maxLength: 8 }).map((cuts) => {
    const at = [0, ...[...cuts].sort((a, b) => a - b), text.length];
    return at.slice(1).map((stop, index) => text.slice(at[index], stop));
  });

test('what is whole passes as it is, in whatever pieces it comes', () => {
  const whole = `j${start}a\nb${end}k\u001b[A${start}${end}\u0003${start}x`;
  fc.assert(
    fc.property(pieces(whole), (chunks) => {
      expect(passed(chunks)).toEqual({ out: whole, isOpen: true });
    }),
  );
});

test('a paste that is silent for long is ended, and its end that comes late does no more', () => {
  const watch = createPasteWatch();
  expect(watch.pass(`${start}abc`, 0)).toBe(`${start}abc`);
  expect(watch.silence()).toBe(end);
  expect(watch.isOpen).toBe(false);
  expect([watch.silence(), watch.pass('j', 400)]).toEqual(['', 'j']);
});

test('ctrl-c in an open paste ends it and is itself, also where the rest is dropped', () => {
  expect(passed([start, 'abc', 'd\u0003j'])).toEqual({ out: `${start}abcd${end}\u0003j`, isOpen: false });
  const much = 'x'.repeat(pasteLimits.characters + 5);
  expect(passed([start, much, 'yyy', '\u0003'])).toEqual({
    out: `${start}${'x'.repeat(pasteLimits.characters)}${end}\u0003`,
    isOpen: false,
  });
});

test('of a paste that is too long or takes too long, the rest is dropped until its end', () => {
  const watch = createPasteWatch();
  expect(watch.pass(`${start}${'x'.repeat(pasteLimits.characters)}`, 0)).toHaveLength(
    start.length + pasteLimits.characters,
  );
  expect(watch.pass('Q', 1)).toBe(end);
  expect(watch.pass(`QQ${end}j`, 2)).toBe('j');
  expect(watch.pass(`${start}a`, 10)).toBe(`${start}a`);
  expect(watch.pass('b', 11 + pasteLimits.totalMs)).toBe(end);
  expect([watch.pass('Q', 12 + pasteLimits.totalMs), watch.silence(), watch.pass('j', 9e9)]).toEqual([
    '',
    '',
    'j',
  ]);
});

test('whatever comes, ink is left with no paste open once it is silent', () => {
  const piece = fc.constantFrom(start, end, '\u001b', '[200~', '[20', '1~', 'a', '\u0003', '\n');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (chunks) => {
      const watch = createPasteWatch();
      const out = chunks.map((chunk, index) => watch.pass(chunk, index)).join('') + watch.silence();
      expect(out.lastIndexOf(end)).toBeGreaterThanOrEqual(out.lastIndexOf(start));
      expect(watch.isOpen).toBe(false);
    }),
    { numRuns: 2000 },
  );
});
