// What arrives over a slow line in pieces, or typed ahead in one piece, is the same keys: ink's reader and ours together.
import { Box, render, useInput, usePaste } from 'ink';
import { createElement } from 'react';
import type { ReactNode } from 'react';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadKeymap } from '../../../src/tui/keys/keys-file.ts';
import { createCellScreen } from '../../../src/tui/render/cell-screen.ts';
import { createStyleTable } from '../../../src/tui/render/style-table.ts';
import { answerInput } from '../../../src/tui/run-keys.ts';
import type { KeyAnswer } from '../../../src/tui/run-keys.ts';
import { millis } from '../../../src/core/model/brand.ts';
import { createSession } from '../../../src/tui/state/session.ts';
import { initialState } from '../../../src/tui/state/state.ts';
import type { AppState } from '../../../src/tui/state/state.ts';
import { update } from '../../../src/tui/state/update.ts';
import { FakeKeyboard, FakeTerminal } from '../render/fake-terminal.ts';

/** ink waits 20 ms for the rest of an escape sequence; here that time passes only when a test says so. */
const escapeWaitMs = 20;
const keymap = loadKeymap(undefined, 'keys.yaml');
/** Only looked at, never changed, by what keys do here; making one takes longer than all the rest of a run. */
const { data } = createSession();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What the keyboard's pieces come to: answers one after the other, typed text joined, and the state they lead to. */
function played(pieces: readonly string[]): { readonly said: readonly string[]; readonly state: AppState } {
  let state = initialState({
    kind: 'live',
    columns: 80,
    rows: 24,
    nowMs: millis(0),
    readOnly: false,
    themeName: 'default',
  });
  const said: string[] = [];
  const obey = (answer: KeyAnswer): void => {
    if (answer.type === 'barred') return void said.push(answer.sentence);
    const { message } = answer;
    if (message.type === 'text' && said.at(-1)?.startsWith('typed '))
      said.push(`${said.pop() ?? ''}${message.text}`);
    else if (message.type === 'text') said.push(`typed ${message.text}`);
    else said.push(JSON.stringify(message));
    [state] = update(state, message, data);
  };
  const keyboard = new FakeKeyboard();
  const screen = createCellScreen({
    terminal: new FakeTerminal(),
    styles: createStyleTable(),
    ascii: false,
    onDrawError: () => undefined,
  });
  function Reader(): ReactNode {
    useInput((input, key) => {
      for (const answer of answerInput({ input, key }, () => state, keymap)) obey(answer);
    });
    usePaste((text) => said.push(`pasted ${text}`));
    return createElement(Box);
  }
  const ink = render(createElement(Reader), {
    stdout: screen.stdout,
    stdin: keyboard as never,
    debug: true,
    patchConsole: false,
    interactive: true,
    exitOnCtrlC: false,
  });
  for (const piece of pieces) keyboard.press(piece);
  vi.advanceTimersByTime(escapeWaitMs);
  ink.unmount();
  screen.close();
  return { said, state };
}

/**
 * What keys lead to. While a filter is wrong the last right one stays in force, and a text that comes at once was never right half-way:
 * which one that is tells of the pieces and not of the keys.
 */
function settled(state: AppState): AppState {
  const { filter } = state;
  return filter.prompt?.error === undefined
    ? state
    : { ...state, filter: { ...filter, text: '', node: undefined } };
}

const typedAhead = fc.array(
  fc.oneof(
    fc.constantFrom(
      'j',
      'k',
      '/',
      '1',
      '2',
      '?',
      ':',
      'q',
      ' ',
      'from:cart',
      'status>=500',
      'é',
      '日本',
      '👩‍🔧',
      'e\u0301',
    ),
    fc.constantFrom(
      '\r',
      '\t',
      '\u0015',
      '\u0017',
      '\u0001',
      '\u0004',
      '\u007f',
      '\b',
      '\u001f',
      '\u0000',
      '\u001b',
    ),
    fc.constantFrom(
      '\u001b[A',
      '\u001b[B',
      '\u001b[5~',
      '\u001b[Z',
      '\u001bOP',
      '\u001b[1;5C',
      '\u001b\u001b[A',
    ),
    fc.constantFrom('\u001b[200~from:web\r\u0015\u001b[31mx\u001b[201~'),
  ),
  { maxLength: 12 },
);

/** React forgets what it unmounted in a turn of the loop; without one, each run is slower than the one before. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('any split of what is typed gives the same keys', async () => {
  await fc.assert(
    fc.asyncProperty(typedAhead, fc.array(fc.nat(), { maxLength: 8 }), async (parts, cuts) => {
      await turn();
      const characters = Array.from(parts.join(''));
      const at = [0, ...cuts.map((cut) => cut % (characters.length + 1)).sort((a, b) => a - b)];
      const pieces = at.map((start, index) => characters.slice(start, at[index + 1]).join(''));
      const whole = played([characters.join('')]);
      const split = played(pieces.filter((piece) => piece !== ''));
      expect(split.said).toEqual(whole.said);
      expect(settled(split.state)).toEqual(settled(whole.state));
    }),
    { numRuns: 150 },
  );
});

test('a word and a field glued to it: typed one by one the word filters, at once it never did; enter takes neither', () => {
  const typed = played(['/', 'j', 'from:cart']).state.filter;
  const glued = played(['/jfrom:cart']).state.filter;
  expect([typed.text, glued.text]).toEqual(['j', '']);
  expect(glued.prompt).toEqual(typed.prompt);
  expect(played(['/jfrom:cart\r']).state.filter.prompt?.error).toBeDefined();
  expect(played(['/', 'j', 'from:cart', '\u001b']).state.filter.text).toBe('');
});

test('a filter typed over an old one in one read takes every key of it', () => {
  const { state } = played(['/old\r', '/\u0015from:cart\r2']);
  expect(state.filter.text).toBe('from:cart');
  expect(state.screen).toBe('graph');
});

test('esc and the next key in one read are both obeyed; esc alone after 20 ms', () => {
  expect(played(['/abc', '\u001b2']).state).toMatchObject({ screen: 'graph', filter: { prompt: undefined } });
  expect(played(['/abc\u001b']).state.filter.prompt).toBeUndefined();
});

test('readline’s alt-b does not leave the line that is being typed', () => {
  expect(played(['/from', '\u001bb']).state.filter.prompt?.input.text).toBe('from');
  expect(played(['/from:a to:b', '\u001b\u007f']).state.filter.prompt?.input.text).toBe('from:a ');
});

test('a bracketed paste is text, whatever it holds', () => {
  expect(played(['/', '\u001b[200~a\rQ\u001b[A\u0003\u001b[201~']).said).toEqual([
    expect.stringContaining('filter.edit'),
    'pasted a\rQ\u001b[A\u0003',
  ]);
});
