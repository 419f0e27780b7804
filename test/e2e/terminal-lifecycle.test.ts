// The terminal is taken over and given back whole: on quit, on signals, on crashes; and nothing from the wire gets through.
// Runs the built program in a pseudo-terminal on a feed in memory (terminal-fixture.mjs).
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { launch } from '../helpers/terminal.ts';
import type { LaunchOptions, TestTerminal } from '../helpers/terminal.ts';

const fixture = join(import.meta.dirname, 'terminal-fixture.mjs');
let open: TestTerminal | undefined;

function start(options: LaunchOptions = {}): TestTerminal {
  open = launch({ script: fixture, ...options });
  return open;
}

afterEach(async () => {
  await open?.close();
  open = undefined;
});

/** The terminal as the shell would find it. */
function expectRestored(terminal: TestTerminal): void {
  expect(terminal.alternate).toBe(false);
  expect(terminal.cursorShown).toBe(true);
  const bytes = terminal.bytes();
  for (const mode of ['1049', '2004', '2026'])
    expect([mode, bytes.lastIndexOf(`\u001b[?${mode}l`) > bytes.lastIndexOf(`\u001b[?${mode}h`)]).toEqual([
      mode,
      true,
    ]);
  expect(bytes.lastIndexOf('\u001b[?7h')).toBeGreaterThan(bytes.lastIndexOf('\u001b[?7l'));
}

describe('leaving', () => {
  test.each(['Q', 'ctrl-c'])('%s gives the terminal back and ends with 0', async (key) => {
    const terminal = start();
    await terminal.waitFor(/orders/);
    expect(terminal.alternate).toBe(true);
    expect(terminal.cursorShown).toBe(false);
    terminal.press(key);
    expect(await terminal.exited()).toMatchObject({ status: 0 });
    await terminal.waitFor(/status 0/);
    expectRestored(terminal);
  });

  test('ctrl-c leaves out of a paste that has no end', async () => {
    const terminal = start();
    await terminal.waitFor(/orders/);
    terminal.type('\u001b[200~');
    terminal.press('ctrl-c');
    expect(await terminal.exited()).toMatchObject({ status: 0 });
    expectRestored(terminal);
  });

  test('after a paste that has no end keys are keys again, and what was pasted did nothing', async () => {
    const terminal = start();
    await terminal.waitFor(/orders/);
    terminal.type('\u001b[200~Q');
    await terminal.waitFor(/Nothing here takes text/);
    terminal.press('?');
    await terminal.waitFor(/Keys/);
    expect(terminal.alternate).toBe(true);
  });

  test('esc and q never quit', async () => {
    const terminal = start();
    await terminal.waitFor(/orders/);
    terminal.press('esc', 'q', 'esc', 'q', '?');
    await terminal.waitFor(/Keys/);
    terminal.press('q');
    await terminal.waitFor((screen) => !screen.includes('─ Keys'));
    expect(terminal.alternate).toBe(true);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('%s gives it back and ends with %i', async (signal, status) => {
    const terminal = start();
    await terminal.waitFor(/orders/);
    terminal.signal(signal);
    expect(await terminal.exited()).toMatchObject({ status });
    expectRestored(terminal);
  });

  test.each([
    ['crash', 'the fixture fails on purpose'],
    ['reject', 'the fixture rejects on purpose'],
  ])('a %s gives it back, says what happened and ends with 70', async (mode, words) => {
    const terminal = start({ args: [mode] });
    expect(await terminal.exited()).toMatchObject({ status: 70 });
    expectRestored(terminal);
    const plain = terminal.bytes().slice(terminal.bytes().lastIndexOf('\u001b[?1049l'));
    expect(plain).toContain('had to leave the terminal');
    expect(plain).toContain(words);
  });

  test('in a shell with jobs ctrl-z stops it, the shell has its terminal, and fg brings it back', async () => {
    const terminal = (open = launch({
      program: '/bin/bash',
      args: ['--norc', '--noprofile', '-i'],
      env: { PS1: 'shell$ ', HISTFILE: '' },
    }));
    await terminal.waitFor(/shell\$/);
    terminal.type(`"${process.execPath}" "${fixture}"\r`);
    await terminal.waitFor(/· allow/);
    terminal.press('ctrl-z');
    await terminal.waitFor(/Stopped/);
    expect(terminal.alternate).toBe(false);
    expect(terminal.cursorShown).toBe(true);
    terminal.type('echo "$((6 * 7)) is echoed"\r');
    await terminal.waitFor(/42 is echoed/);
    terminal.type('fg\r');
    await terminal.waitFor((screen) => terminal.alternate && screen.includes('· allow'));
    terminal.press('Q');
    await terminal.waitFor(/status 0/);
    expectRestored(terminal);
  });

  test('ctrl-z gives it back, and carries on where nobody stops us', async () => {
    const terminal = start();
    await terminal.waitFor(/orders/);
    const taken = terminal.bytes().split('\u001b[?1049h').length;
    terminal.press('ctrl-z');
    await terminal.waitFor(() => terminal.bytes().split('\u001b[?1049h').length > taken);
    expect(terminal.bytes()).toContain('\u001b[?1049l');
    await terminal.waitFor(/orders/);
    terminal.press('Q');
    expect(await terminal.exited()).toMatchObject({ status: 0 });
    expectRestored(terminal);
  });
});

describe('on the screen', () => {
  test('nothing from the wire is obeyed: no title, no clear, no bidi override', async () => {
    const terminal = start();
    await terminal.waitFor(/␛\[31m⇄/);
    const bytes = terminal.bytes();
    expect(bytes).not.toContain('\u001b]0;');
    expect(bytes).not.toContain('\u202e');
    expect(bytes.split('\u001b[2J').length - 1).toBe(1);
  });

  test('a resize is laid out anew, too small says so, and back again', async () => {
    const terminal = start({ cols: 100, rows: 30 });
    await terminal.waitFor(/orders/);
    terminal.resize(80, 24);
    await terminal.waitFor((screen) => screen.split('\n')[23]?.includes('help') ?? false);
    terminal.resize(50, 10);
    await terminal.waitFor(/Too small: 50x10/);
    terminal.resize(200, 50);
    await terminal.waitFor((screen) => screen.split('\n')[49]?.includes('help') ?? false);
  });

  test('a filter narrows as it is typed, says why it is wrong, and esc brings the old one back', async () => {
    const terminal = start();
    await terminal.waitFor(/nightly/);
    terminal.press('/');
    terminal.type('from:scanner');
    await terminal.waitFor((screen) => screen.includes('/from:scanner') && !screen.includes('nightly'));
    terminal.type(' stats:1');
    await terminal.waitFor(/did you mean status\?/);
    terminal.press('esc');
    await terminal.waitFor(/nightly/);
  });

  test('the palette finds by a few letters and runs with enter', async () => {
    const terminal = start();
    await terminal.waitFor(/orders/);
    terminal.press(':');
    await terminal.waitFor(/Commands/);
    terminal.type('graph');
    await terminal.waitFor(/▸ Graph: who calls whom/);
    terminal.press('enter');
    await terminal.waitFor((screen) => !screen.includes('Commands'));
  });

  test('pausing holds the rows and counts what arrives', async () => {
    const terminal = start();
    await terminal.waitFor(/orders/);
    terminal.press('space');
    await terminal.waitFor(/PAUSED \+[1-9]/);
    terminal.press('space');
    await terminal.waitFor((screen) => !screen.includes('PAUSED'));
  });

  test('NO_COLOR leaves no colour, an ASCII locale no other sign', async () => {
    const terminal = start({ env: { NO_COLOR: '1', LANG: 'C' } });
    await terminal.waitFor(/x BLOCK/);
    const shown = terminal.bytes();
    const looks = shown.split('\u001b[').flatMap((piece) => /^([0-9;]*)m/.exec(piece)?.[1] ?? []);
    expect(looks.filter((codes) => /(?:^|;)(?:3|4|9|10)\d/.test(codes))).toEqual([]);
    expect(Array.from(shown).filter((char) => char.charCodeAt(0) > 0x7f)).toEqual([]);
  });

  test('read-only says so, opens the dialog, and y does nothing', async () => {
    const terminal = start({ env: { READ_ONLY: '1' } });
    await terminal.waitFor((screen) => screen.includes('scanner') && / RO$/m.test(screen));
    terminal.press('/');
    terminal.type('from:scanner');
    terminal.press('enter', 'B');
    await terminal.waitFor(/Block scanner/);
    terminal.press('y');
    await terminal.waitFor(/read-only/);
    expect(terminal.screen()).not.toContain('Sent');
  });
});
