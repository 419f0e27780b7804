// Nothing a terminal would obey survives, and every text is measured as it is drawn.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellWidth, fitText, glyphsOf, padText, visibleText } from '../../../src/tui/render/visible.ts';

describe('what must not reach a terminal becomes a mark', () => {
  test.each([
    ['\u001b[2J', '␛[2J'],
    ['\u001b]0;title\u0007', '␛]0;title␇'],
    ['\u0000\u0008\r', '␀␈␍'],
    ['a\tb\nc', 'a⇥b␤c'],
    ['\u007f', '␡'],
    ['\u009b31m', '\ufffd31m'],
    ['\u0085\u2028\u2029', '␤␤␤'],
    ['abc\u202egpj.exe', 'abc⇄gpj.exe'],
    ['\u2066x\u2069', '⇄x⇄'],
    ['\u061c\u200e\u200f', '⇄⇄⇄'],
    ['\u200b\u200c\u200d\u2060\ufeff', '▯▯▯▯▯'],
    ['\u00ad', '▯'],
    ['\u3164\u115f', '▯▯'],
    ['\u{e0041}\u{e007f}', '▯▯'],
    ['\ud800', '\ufffd'],
    ['\u0301', '▯'],
    ['a\u00a0b', 'a b'],
    ['plain ~ text', 'plain ~ text'],
    ['Grüße, 世界', 'Grüße, 世界'],
    ['👩‍👩‍👧', '👩‍👩‍👧'],
    ['🇩🇪', '🇩🇪'],
    ['கி', 'கி'],
    ['a\u200db', 'a▯b'],
  ])('%j becomes %s', (text, expected) => {
    expect(visibleText(text)).toBe(expected);
  });

  test('a pile of combining marks is cut', () => {
    expect(visibleText(`a${'\u0301'.repeat(1000)}b`)).toBe(`a${'\u0301'.repeat(7)}▯b`);
  });

  test('bidi controls hidden inside a cluster show', () => {
    expect(visibleText('a\u0301\u202eb')).toContain('⇄');
  });

  test('in ASCII everything else is a question mark', () => {
    expect(visibleText('ü 世\u001b', true)).toBe('? ??');
  });
});

const forbidden = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]/u;

test('no string leaves a control or bidi character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
      const shown = visibleText(text);
      expect(forbidden.test(shown)).toBe(false);
      expect(cellWidth(text)).toBe([...glyphsOf(text)].reduce((sum, glyph) => sum + glyph.width, 0));
    }),
    { numRuns: 3000 },
  );
});

describe('width', () => {
  test.each([
    ['abc', 3],
    ['世界', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['👍', 2],
    ['👍🏽', 2],
    ['🇩🇪', 2],
    ['กำ', 2],
    ['❤️', 2],
    ['✖', 1],
    ['─▶', 2],
    ['\u001b', 1],
    ['', 0],
  ])('%j takes %i cells', (text, width) => {
    expect(cellWidth(text)).toBe(width);
  });

  test('a fitted text is never wider than its room', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.nat(30), (text, room) => {
        expect(cellWidth(fitText(text, room, '…'))).toBeLessThanOrEqual(room);
      }),
    );
  });

  test('a padded text takes its room on either side, whatever it is made of', () => {
    expect(padText('世界', 6)).toBe('世界  ');
    expect(padText('世界', 6, 'right')).toBe('  世界');
    expect(padText('世界世界', 6)).toBe('世界世界');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        expect(cellWidth(padText(text, 60))).toBe(60);
        expect(cellWidth(padText(text, 60, 'right'))).toBe(60);
      }),
    );
  });

  test('glyphs are one or two cells each', () => {
    for (const glyph of glyphsOf('a世e\u0301👍\u0007')) expect([1, 2]).toContain(glyph.width);
  });
});
