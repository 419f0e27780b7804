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
  ['ctrl-u', 'deleteToStart'],
  ['ctrl-k', 'deleteToEnd'],
]);
