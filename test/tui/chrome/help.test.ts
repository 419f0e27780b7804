// Help of a place: its keys, and on the flows what a filter can ask for.
import { expect, test } from 'vitest';
import { fieldRows } from '../../../src/core/filter/filter.ts';
import { helpLines } from '../../../src/tui/chrome/help.ts';
import { lineWidth } from '../../../src/tui/chrome/line.ts';
import { loadKeymap } from '../../../src/tui/keys/keys-file.ts';
import type { KeyContext } from '../../../src/tui/state/key-context.ts';
import { words } from './chrome-stage.ts';

function told(contexts: readonly KeyContext[], width = 76): readonly string[] {
  const lines = helpLines({ keymap: loadKeymap(undefined, 'keys.yaml'), contexts, barred: false, width });
  for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(width);
  return lines.map(words);
}

test('on the flows every field of the filter is told with what it means', () => {
  const lines = told(['flows', 'global']);
  for (const { field, subjects } of fieldRows)
    expect(lines.some((line) => line.startsWith(`  ${field} `))).toBe(subjects.includes('flow'));
  expect(lines.join('\n')).toMatch(/ {2}ended +why it ended without a complete answer/);
});

test('elsewhere only the keys are', () => {
  expect(told(['policies', 'global'])).not.toContain('Fields of the filter');
});
