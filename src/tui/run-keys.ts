// From key presses to messages: what a key means here, or what it types. Pure over the state; the caller dispatches.
import type { Key } from 'ink';
import { editKeys, idleEditKeys } from './keys/edit-keys.ts';
import { keyPresses } from './keys/key-name.ts';
import type { KeyPress } from './keys/key-name.ts';
import type { Keymap } from './keys/keymap.ts';
import { isBarred, mutationRefusal } from './state/access.ts';
import { inputMode, keyContext } from './state/key-context.ts';
import { withKey } from './state/key-hint.ts';
import type { Msg } from './state/msg.ts';
import type { AppState } from './state/state.ts';

/** What a press asks for: a message, or a sentence why the key is not bound now. */
export type KeyAnswer =
  | { readonly type: 'message'; readonly message: Msg }
  | { readonly type: 'barred'; readonly sentence: string };

function barredSentence(state: AppState, label: string): string {
  return state.access.readOnly
    ? `Started with --read-only: "${label}" is off. Start without it to change policies.`
    : state.access.locked
      ? `Locked: "${label}" is off. Leave this and ${withKey(state, 'unlock', 'app.lock')}.`
      : inDialog(state, label);
}

/** A dialog of a change says itself why it cannot be made: the whole sentence a second time would tell nothing. */
function inDialog(state: AppState, label: string): string {
  const refusal = mutationRefusal(state) ?? '';
  return state.dialogs.at(-1)?.type !== 'mutation'
    ? refusal
    : `"${label}" is off: ${withKey(state, 'export it', 'flow.export')}, or leave.`;
}

/** The answer to a key that types nothing here, undefined when it means nothing. */
function answerKey(press: KeyPress, state: AppState, keymap: Keymap): KeyAnswer | undefined {
  const row = keymap.find(keyContext(state), press.name);
  if (row) {
    if (row.dangerous && isBarred(state))
      return { type: 'barred', sentence: barredSentence(state, row.label) };
    return { type: 'message', message: { type: 'intent', intent: row.intent } };
  }
  const edit = inputMode(state) === 'text' ? editKeys.get(press.name) : undefined;
  return edit && { type: 'message', message: { type: 'edit', edit } };
}

/** The text that is typed from `start` on without another key between. */
function typedFrom(presses: readonly KeyPress[], start: number): string {
  const end = presses.findIndex((press, index) => index >= start && press.text === '');
  return presses
    .slice(start, end < 0 ? presses.length : end)
    .map((press) => press.text)
    .join('');
}

/** Answers to key presses, asking for the state anew before each; a run of typed text comes in one piece. */
function* answerPresses(
  presses: readonly KeyPress[],
  state: () => AppState,
  keymap: Keymap,
): Generator<KeyAnswer> {
  let taken = 0;
  for (const [index, press] of presses.entries()) {
    if (index < taken) continue;
    const typing = inputMode(state()) === 'text';
    if (typing && press.text !== '') {
      const text = typedFrom(presses, index);
      taken = index + Array.from(text).length;
      yield { type: 'message', message: { type: 'text', text } };
      continue;
    }
    const answer = answerKey(press, state(), keymap);
    if (answer) yield answer;
    else if (press.otherwise && !(typing && idleEditKeys.has(press.name)))
      yield* answerPresses(press.otherwise, state, keymap);
  }
}

/** Answers to one input event of ink. */
export function answerInput(
  { input, key }: { readonly input: string; readonly key: Key },
  state: () => AppState,
  keymap: Keymap,
): Generator<KeyAnswer> {
  return answerPresses(keyPresses(input, key), state, keymap);
}
