// The legends of the graph: every sign once, whatever set of signs the terminal has.
import { expect, test } from 'vitest';
import { arrowLegend, cellLegend } from '../../../src/tui/panes/edge-words.ts';
import { asciiTheme, theme } from './scene.ts';

const text = (line: ReturnType<typeof arrowLegend>): string => line.map((part) => part.text).join('');

test('the arrows are told with a sign each', () => {
  expect(text(arrowLegend(theme))).toBe(
    ' ─ under 10/s  ━ 10/s  ═ 100/s  ╳ blocked  ┄ throttled, opaque  · idle ',
  );
});

test('where ASCII has one sign for two things, both are told with it', () => {
  expect(text(arrowLegend(asciiTheme))).toBe(
    ' - under 10/s  = 10/s, 100/s  X blocked  . throttled, opaque, idle ',
  );
  const signs = cellLegend(asciiTheme).map((part) => part.text.trim().split(' ')[0]);
  expect(new Set(signs).size).toBe(signs.length);
});
