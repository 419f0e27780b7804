// Names of keys as tables and files write them: `j`, `G`, `ctrl-d`, `shift-tab`, `enter`, `space`. Translates ink's key events.
import type { Key } from 'ink';

/** Named keys besides single characters; each may take `ctrl-`, `alt-` or `shift-` before it. */
export const namedKeys = [
  'enter',
  'esc',
  'tab',
  'space',
  'backspace',
  'delete',
  'up',
  'down',
  'left',
  'right',
  'home',
  'end',
  'pageup',
  'pagedown',
] as const;

const flags = [
  ['return', 'enter'],
  ['escape', 'esc'],
  ['tab', 'tab'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['home', 'home'],
  ['end', 'end'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
] as const satisfies readonly (readonly [keyof Key, string])[];

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function characterName(character: string): string {
  if (character === ' ') return 'space';
  if (character === '\r' || character === '\n') return 'enter';
  if (character === '\t') return 'tab';
  return character;
}

/** What was pressed: the names, and what it would type (several keys may arrive in one read). */
export interface KeyPress {
  readonly name: string;
  readonly text: string;
}

/** Key names of one ink input event, oldest first. */
export function keyPresses(input: string, key: Key): readonly KeyPress[] {
  const flagged = flags.find(([flag]) => key[flag])?.[1];
  if (flagged !== undefined) {
    const modifier = key.ctrl ? 'ctrl-' : key.meta && flagged !== 'esc' ? 'alt-' : key.shift ? 'shift-' : '';
    return [{ name: modifier + flagged, text: '' }];
  }
  if (key.ctrl) return input === '' ? [] : [{ name: `ctrl-${characterName(input.toLowerCase())}`, text: '' }];
  if (key.meta) return input === '' ? [] : [{ name: `alt-${characterName(input)}`, text: '' }];
  return Array.from(segmenter.segment(input), ({ segment }) => {
    const name = characterName(segment);
    return { name, text: name === 'enter' || name === 'tab' ? '' : segment };
  });
}

const modifiers = /^(?:ctrl-|alt-|shift-)?(.+)$/su;

/** True for a name that a key press can produce. */
export function isKeyName(name: string): boolean {
  const base = modifiers.exec(name)?.[1] ?? '';
  if (namedKeys.some((known) => known === base)) return true;
  if (name.startsWith('shift-')) return false;
  const [only, more] = Array.from(segmenter.segment(base), ({ segment }) => segment);
  return only !== undefined && more === undefined && !/[\s\p{C}]/u.test(only);
}
