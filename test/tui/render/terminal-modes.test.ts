// The terminal is taken over once and given back once, whoever asks and how often.
import { expect, test } from 'vitest';
import { createTerminalModes, giveBack, takeOver } from '../../../src/tui/render/terminal-modes.ts';

test('every mode that is switched on is switched off again', () => {
  const changed = (bytes: string): string[] =>
    [...bytes.matchAll(/\[\?(\d+)[hl]/g)].map((found) => found[1]!).sort();
  expect(changed(takeOver)).toEqual(['1049', '2004', '25', '7']);
  expect(changed(giveBack)).toEqual([...changed(takeOver), '2026'].sort());
  for (const [, mode, on] of takeOver.matchAll(/\[\?(\d+)([hl])/g))
    expect(giveBack).toContain(`[?${mode!}${on === 'h' ? 'l' : 'h'}`);
});

test('entering and leaving twice is as good as once, and raw mode goes with them', () => {
  const log: string[] = [];
  const modes = createTerminalModes({
    input: { setRawMode: (raw) => log.push(`raw ${raw}`) },
    output: { write: (text) => log.push(text === takeOver ? 'take' : 'give') },
  });
  modes.leave();
  modes.enter();
  modes.enter();
  modes.leave();
  modes.leave();
  modes.enter();
  expect(log).toEqual(['take', 'raw true', 'raw false', 'give', 'take', 'raw true']);
});

test('the screen is given back even when the keyboard is gone', () => {
  const log: string[] = [];
  const modes = createTerminalModes({
    input: {
      setRawMode: (raw) => {
        if (!raw) throw new Error('EIO');
      },
    },
    output: { write: (text) => log.push(text) },
  });
  modes.enter();
  expect(() => modes.leave()).toThrow('EIO');
  expect(log).toEqual([takeOver, giveBack]);
});
