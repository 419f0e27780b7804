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

/** Control characters by the key that sends them, where `ctrl-letter` is not what a person calls it. */
const controls = new Map([
  [0x00, 'ctrl-space'],
  [0x08, 'backspace'],
  [0x09, 'tab'],
  [0x0a, 'enter'],
  [0x0d, 'enter'],
  [0x1b, 'esc'],
  [0x7f, 'backspace'],
]);

/** What was pressed: its name, and what it would type ('' for keys that type nothing). */
export interface KeyPress {
  readonly name: string;
  readonly text: string;
  /** Esc and a key in one read look like alt and that key: what it is where the alt key means nothing. */
  readonly otherwise?: readonly KeyPress[];
}

const silent = (name: string): KeyPress => ({ name, text: '' });
const esc = silent('esc');

/** The press of one character as the terminal sends it; undefined for C1 controls, which no key sends. */
function characterPress(character: string): KeyPress | undefined {
  const code = character.codePointAt(0) ?? 0;
  const control = controls.get(code);
  if (control !== undefined) return silent(control);
  if (code < 0x20) return silent(`ctrl-${String.fromCharCode(code + (code <= 26 ? 96 : 64))}`);
  if (code >= 0x80 && code < 0xa0) return undefined;
  return { name: character === ' ' ? 'space' : character, text: character };
}

/** By code points and not graphemes: a read may end between a letter and its accent. */
const pressesOf = (text: string): readonly KeyPress[] =>
  Array.from(text, characterPress).filter((press) => press !== undefined);

/** Keys whose alt form is an esc before them; the others say alt in a sequence of their own. */
const prefixed: ReadonlySet<string> = new Set(['enter', 'tab', 'backspace']);

function withAlt(press: KeyPress): KeyPress {
  return { name: `alt-${press.name}`, text: '', otherwise: [esc, press] };
}

/** Keys of one ink input event, oldest first: a read may hold many (fast typing, a slow line), control keys between text. */
export function keyPresses(input: string, key: Key): readonly KeyPress[] {
  const flagged = flags.find(([flag]) => key[flag])?.[1];
  if (flagged === 'esc') return key.meta ? [esc, esc] : [esc];
  if (flagged !== undefined) {
    if (key.ctrl) return [silent(`ctrl-${flagged}`)];
    if (!key.meta) return [silent(key.shift ? `shift-${flagged}` : flagged)];
    return [prefixed.has(flagged) ? withAlt(silent(flagged)) : silent(`alt-${flagged}`)];
  }
  const ctrl = key.ctrl && input !== '' ? silent(`ctrl-${input === ' ' ? 'space' : input}`) : undefined;
  const presses = ctrl ? [ctrl] : key.ctrl ? [] : pressesOf(input);
  const [first, ...rest] = presses;
  return key.meta && first ? [withAlt(first), ...rest] : presses;
}

const modifiers = /^(?:ctrl-|alt-|shift-)?(.+)$/su;

/** True for a name that a key press can produce. */
export function isKeyName(name: string): boolean {
  const base = modifiers.exec(name)?.[1] ?? '';
  if (namedKeys.some((known) => known === base)) return true;
  if (name.startsWith('shift-')) return false;
  const [only, more] = Array.from(base);
  return only !== undefined && more === undefined && !/[\s\p{C}]/u.test(only);
}
