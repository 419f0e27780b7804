// Editing keys of a line being typed, readline's: not remappable, only active where text is typed.
import type { TextEdit } from '../state/text-input.ts';

/** Key name to edit. */
export const editKeys: ReadonlyMap<string, TextEdit> = new Map<string, TextEdit>([
  ['backspace', 'backspace'],
  ['ctrl-h', 'backspace'],
  ['delete', 'delete'],
  ['ctrl-d', 'delete'],
  ['left', 'left'],
  ['ctrl-b', 'left'],
  ['right', 'right'],
  ['ctrl-f', 'right'],
  ['home', 'home'],
  ['ctrl-a', 'home'],
  ['end', 'end'],
  ['ctrl-e', 'end'],
  ['ctrl-w', 'deleteWord'],
  ['alt-backspace', 'deleteWord'],
  ['ctrl-u', 'deleteToStart'],
  ['ctrl-k', 'deleteToEnd'],
]);

/** Readline's word keys that do nothing here: they must not be taken for esc and a letter, which would leave the line. */
export const idleEditKeys: ReadonlySet<string> = new Set(['alt-b', 'alt-d', 'alt-f']);
