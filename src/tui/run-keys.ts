// From key presses to messages: what a key means here, or what it types. Pure over the state; the caller dispatches.
import type { Key } from 'ink';
import { editKeys } from './keys/edit-keys.ts';
import { keyPresses } from './keys/key-name.ts';
import type { KeyPress } from './keys/key-name.ts';
import type { Keymap } from './keys/keymap.ts';
import { inputMode, keyContext } from './state/key-context.ts';
import type { Msg } from './state/msg.ts';
import type { AppState } from './state/state.ts';

/** What a press asks for: a message, or a sentence why the key is not bound now. */
export type KeyAnswer =
  | { readonly type: 'message'; readonly message: Msg }
  | { readonly type: 'barred'; readonly sentence: string };

function barredSentence(state: AppState, label: string): string {
  return state.access.readOnly
    ? `Started with --read-only: "${label}" is off. Start without it to change policies.`
    : `Locked: "${label}" is off. Leave this and press L to unlock.`;
}

/** The answer to one press in this state, undefined when it means nothing. */
export function answerKey(press: KeyPress, state: AppState, keymap: Keymap): KeyAnswer | undefined {
  const typing = inputMode(state) === 'text';
  if (typing && press.text !== '') return { type: 'message', message: { type: 'text', text: press.text } };
  const row = keymap.find(keyContext(state), press.name);
  if (row) {
    if (row.dangerous && (state.access.readOnly || state.access.locked))
      return { type: 'barred', sentence: barredSentence(state, row.label) };
    return { type: 'message', message: { type: 'intent', intent: row.intent } };
  }
  const edit = typing ? editKeys.get(press.name) : undefined;
  return edit && { type: 'message', message: { type: 'edit', edit } };
}

/** Answers to one input event of ink, asking for the state anew between presses; typed text comes in one piece. */
export function* answerInput(
  input: string,
  key: Key,
  state: () => AppState,
  keymap: Keymap,
): Generator<KeyAnswer> {
  const presses = keyPresses(input, key);
  if (presses.length > 1 && inputMode(state()) === 'text' && presses.every((press) => press.text !== '')) {
    yield { type: 'message', message: { type: 'text', text: presses.map((press) => press.text).join('') } };
    return;
  }
  for (const press of presses) {
    const answer = answerKey(press, state(), keymap);
    if (answer) yield answer;
  }
}
