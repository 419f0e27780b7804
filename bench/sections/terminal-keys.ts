// Keys pressed in the terminal, each with what only that key brings to the screen: how long from the write to the paint.
import { setTimeout as sleep } from 'node:timers/promises';
import type { PseudoTerminal } from '../lib/pseudo-terminal.ts';

interface KeyPress {
  /** Row of the table of results. */
  readonly group: string;
  readonly keys: string;
  /** True once the key shows; `before` is the screen at the press. */
  readonly shows: (screen: string, before: string) => boolean;
}

export interface TimedKey {
  readonly group: string;
  readonly ms: number;
}

const lines = (screen: string): readonly string[] => screen.split('\n');
const cursorRow = (screen: string): number => lines(screen).findIndex((line) => line.startsWith('▸'));
const foot = (screen: string): string => lines(screen).at(-1) ?? '';
const says =
  (word: string) =>
  (screen: string): boolean =>
    screen.includes(word);
const moves = (screen: string, before: string): boolean => cursorRow(screen) !== cursorRow(before);
const prompts = (text: string) => (screen: string) => foot(screen).trimStart().startsWith(`/${text} `);
const isHelp = (screen: string): boolean => screen.includes('─ Keys');

const move = (keys: string): KeyPress => ({ group: 'j k', keys, shows: moves });
const screenKey = (keys: string, word: string): KeyPress => ({
  group: '1 2 3 4',
  keys,
  shows: says(word),
});

const filterText = 'from:cart';

/** One round; it ends where it began. */
const round: readonly KeyPress[] = [
  ...['j', 'j', 'k', 'j', 'k'].map(move),
  screenKey('2', 'callers'),
  screenKey('3', 'No findings.'),
  screenKey('4', 'No policies'),
  screenKey('1', 'TIME▼'),
  { group: '? q', keys: '?', shows: isHelp },
  { group: '? q', keys: 'q', shows: (screen) => !isHelp(screen) },
  { group: '/', keys: '/', shows: (screen) => !foot(screen).includes('help') },
  ...Array.from(filterText, (keys, index): KeyPress => ({
    group: 'typing a filter',
    keys,
    shows: prompts(filterText.slice(0, index + 1)),
  })),
  { group: 'esc', keys: '\u001b', shows: (screen) => foot(screen).includes('help') },
];

/** Pauses between keys, uneven so that they fall into any phase of batches and frames. */
const pausesMs = [61, 97, 143, 79, 119];

/** Rounds of all keys; rejects when a key never shows. */
export async function pressKeys(terminal: PseudoTerminal, rounds: number): Promise<readonly TimedKey[]> {
  const timed: TimedKey[] = [];
  for (let each = 0; each < rounds; each++)
    for (const { group, keys, shows } of round) {
      await sleep(pausesMs[timed.length % pausesMs.length]);
      const before = terminal.screen();
      timed.push({ group, ms: await terminal.timed(keys, (screen) => shows(screen, before)) });
    }
  return timed;
}

/** Help opened and closed without a pause until `done`: what a person sees who presses keys while a history comes in. */
export async function pressHelpUntil(
  terminal: PseudoTerminal,
  done: (screen: string) => boolean,
): Promise<readonly TimedKey[]> {
  const timed: TimedKey[] = [];
  for (let pair = 0; pair < 200 && !done(terminal.screen()); pair++) {
    for (const keys of ['?', 'q']) {
      const shows = (screen: string): boolean => isHelp(screen) === (keys === '?');
      timed.push({ group: 'history', ms: await terminal.timed(keys, shows) });
      await sleep(5);
    }
  }
  return timed;
}
