// The key table: no two meanings for a key, every intent reachable, danger marked, remapping checked by name.
import { describe, expect, test } from 'vitest';
import { AppError } from '../../../src/core/model/app-error.ts';
import { editKeys } from '../../../src/tui/keys/edit-keys.ts';
import { isKeyName, keyPresses } from '../../../src/tui/keys/key-name.ts';
import { keyTable } from '../../../src/tui/keys/key-table.ts';
import { buildKeymap, keyConflicts } from '../../../src/tui/keys/keymap.ts';
import type { Keymap } from '../../../src/tui/keys/keymap.ts';
import { loadKeymap } from '../../../src/tui/keys/keys-file.ts';
import { keyContexts } from '../../../src/tui/state/key-context.ts';
import { intents } from '../../../src/tui/state/msg.ts';
import { plainKey } from '../../helpers/ink-key.ts';

const keymap = (): Keymap => loadKeymap(undefined, 'keys.yaml');

describe('the table', () => {
  test('gives no key two meanings in one place', () => {
    expect(keyConflicts(keyTable)).toEqual([]);
  });

  test('names every row once, with keys that exist and words that say something', () => {
    expect(new Set(keyTable.map((row) => row.id)).size).toBe(keyTable.length);
    for (const row of keyTable) {
      expect([row.id, row.keys.length > 0 && row.keys.every(isKeyName)]).toEqual([row.id, true]);
      expect([row.id, row.description.length > 1, row.label.length]).toEqual([
        row.id,
        true,
        expect.any(Number),
      ]);
      expect([row.id, row.label.length <= 12]).toEqual([row.id, true]);
    }
  });

  test('reaches every intent from some key', () => {
    const bound = new Set(keyTable.map((row) => row.intent));
    expect(intents.filter((intent) => !bound.has(intent))).toEqual([]);
  });

  test('has a way out of every context, and Q or ctrl-c quits from all', () => {
    for (const context of keyContexts)
      expect([context, keymap().find([context], 'ctrl-c')?.intent]).toEqual([context, 'app.quit']);
    for (const context of [
      'prompt',
      'mutation',
      'field',
      'confirm',
      'text',
      'help',
      'palette',
      'message',
      'global',
    ] as const)
      expect([context, keymap().find([context], 'esc')?.intent]).toEqual([
        context,
        expect.stringMatching(/close|cancel/),
      ]);
  });

  test('esc and q never quit, ctrl-d and ctrl-u only move', () => {
    for (const row of keyTable) {
      if (row.intent === 'app.quit') expect(row.keys).not.toContain('esc');
      if (row.keys.includes('q')) expect(row.intent).toMatch(/close/);
      if (row.keys.includes('ctrl-d') || row.keys.includes('ctrl-u')) expect(row.intent).toMatch(/^move\./);
    }
  });

  test('marks what takes effect at once as dangerous, and only that', () => {
    expect(keyTable.filter((row) => row.dangerous).map((row) => row.intent)).toEqual([
      'dialog.apply',
      'dialog.apply',
    ]);
  });

  test('puts everything that acts on policies on capitals or behind a dialog', () => {
    for (const intent of ['flow.block', 'flow.throttle', 'policy.remove'])
      for (const row of keyTable.filter((each) => each.intent === intent))
        expect(row.keys).toEqual([expect.stringMatching(/^[A-Z]$/)]);
  });
});

describe('looking up', () => {
  test('the most specific context wins', () => {
    expect(keymap().find(['flows', 'global'], 'space')?.intent).toBe('view.pause');
    expect(keymap().find(['axis', 'flows', 'replay', 'global'], 'left')?.intent).toBe('replay.back');
    expect(keymap().find(['graph', 'global'], 'left')?.intent).toBe('move.left');
    expect(keymap().find(['graph', 'global'], 'F12')).toBeUndefined();
  });

  test('printable keys are text while typing, Q too', () => {
    for (const context of ['prompt', 'field', 'palette'] as const) {
      for (const key of ['Q', 'q', '?', 'space', ':']) expect(keymap().find([context], key)).toBeUndefined();
      expect(keymap().find([context], 'enter')).toBeDefined();
    }
  });

  test('editing keys do not hide what the table binds while typing', () => {
    for (const context of ['prompt', 'field', 'palette'] as const)
      for (const key of editKeys.keys())
        expect([context, key, keymap().find([context], key)]).toEqual([context, key, undefined]);
  });

  test('what is reachable leads where it says', () => {
    const contexts = ['findings', 'replay', 'global'] as const;
    for (const row of keymap().reachable(contexts))
      for (const key of row.keys) expect(keymap().find(contexts, key)?.id).toBe(row.id);
  });
});

describe('own keys', () => {
  const load = (text: string): Keymap => loadKeymap(text, '/etc/keys.yaml');
  const problems = (text: string): string => {
    try {
      load(text);
    } catch (error) {
      if (error instanceof AppError && error.code === 'KEYS_INVALID') return error.message;
      throw error;
    }
    return 'accepted';
  };

  test('replace the keys of a row by its name', () => {
    const own = load('apiVersion: 1\nkeys:\n  flow.block: K\n  move.down: [M, down]\n');
    expect(own.find(['flows', 'global'], 'K')?.intent).toBe('flow.block');
    expect(own.find(['flows', 'global'], 'B')).toBeUndefined();
    expect(own.find(['flows', 'global'], 'M')?.intent).toBe('move.down');
    expect(own.find(['flows', 'global'], 'j')).toBeUndefined();
  });

  test('digits and symbols are keys too, an empty file changes nothing', () => {
    expect(load('keys: {screen.flows: 5, item.open: [enter, "ö"]}').find(['global'], '5')?.intent).toBe(
      'screen.flows',
    );
    expect(load('').rows).toEqual(keymap().rows);
  });

  test.each([
    ['keys: {flow.blok: K}', /There is no key named "flow\.blok": did you mean flow\.block\?/],
    ['keys: {flow.block: j}', /j for flow\.block would hide or be hidden by move\.down/],
    ['keys: {flow.block: T}', /T would mean both flow\.block and flow\.throttle/],
    ['keys: {flow.block: ctrl-c}', /ctrl-c always means app\.quit/],
    ['keys: {flow.block: hyper-x}', /"hyper-x" is not a key/],
    ['keys: {flow.block: {a: 1}}', /keys\.yaml:1: flow\.block takes one key name/],
    ['keys:\n  flow.block: K\nbindings: {}', /keys\.yaml:3: bindings is not known/],
    ['keys: [', /keys\.yaml:1: [^:]*[^:]\.$/],
    ['- a', /must be a map/],
  ])('%j is refused by name', (text, words) => {
    expect(problems(text)).toMatch(words);
  });

  test('all problems are told together', () => {
    const told = problems('keys: {flow.blok: K, flow.block: T, app.help: hyper-h}');
    expect(told).toContain('flow.blok');
    expect(told).toContain('hyper-h');
    expect(told).toContain('T would mean both');
  });

  test('ctrl-c stays the way out even when quit is remapped', () => {
    const built = buildKeymap(new Map([['app.quit', ['ctrl-q']]]));
    expect(built.ok && built.keymap.find(['prompt'], 'ctrl-c')?.intent).toBe('app.quit');
    expect(built.ok && built.keymap.find(['flows'], 'ctrl-q')?.intent).toBe('app.quit');
  });
});

describe('names of what was pressed', () => {
  test.each([
    ['j', {}, ['j']],
    ['G', { shift: true }, ['G']],
    ['jjk', {}, ['j', 'j', 'k']],
    [' ', {}, ['space']],
    ['', { return: true }, ['enter']],
    ['', { escape: true, meta: true }, ['esc', 'esc']],
    ['', { return: true, meta: true }, ['alt-enter']],
    ['', { upArrow: true, meta: true }, ['alt-up']],
    ['/\u0015from\r', {}, ['/', 'ctrl-u', 'f', 'r', 'o', 'm', 'enter']],
    [
      '\u0000\t\n\u007f\b\u001c\u001f',
      {},
      ['ctrl-space', 'tab', 'enter', 'backspace', 'backspace', 'ctrl-\\', 'ctrl-_'],
    ],
    ['a\u009bb', {}, ['a', 'b']],
    ['u', { ctrl: true, meta: true }, ['alt-ctrl-u']],
    ['', { tab: true, shift: true }, ['shift-tab']],
    ['', { upArrow: true, ctrl: true }, ['ctrl-up']],
    ['d', { ctrl: true }, ['ctrl-d']],
    ['x', { meta: true }, ['alt-x']],
    ['e\u0301', {}, ['e', '\u0301']],
    ['\r', {}, ['enter']],
    ['', { ctrl: true }, []],
  ])('%j %j', (input, flags, names) => {
    expect(keyPresses(input, { ...plainKey, ...flags }).map((press) => press.name)).toEqual(names);
  });

  test('alt and a key is esc and that key where it means nothing', () => {
    const names = (input: string, flags: object): unknown =>
      keyPresses(input, { ...plainKey, ...flags })[0]?.otherwise?.map((press) => press.name);
    expect(names('1', { meta: true })).toEqual(['esc', '1']);
    expect(names('u', { meta: true, ctrl: true })).toEqual(['esc', 'ctrl-u']);
    expect(names('', { meta: true, return: true })).toEqual(['esc', 'enter']);
    expect(names('', { meta: true, upArrow: true })).toBeUndefined();
  });

  test('named keys type nothing', () => {
    expect(keyPresses('', { ...plainKey, return: true })[0]?.text).toBe('');
    expect(keyPresses('a', plainKey)[0]?.text).toBe('a');
    expect(keyPresses(' ', plainKey)[0]?.text).toBe(' ');
  });
});
