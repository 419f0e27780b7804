// The dialog stack's top: reading and replacing it without copying the idea around.
import type { Dialog } from './dialog.ts';
import type { AppState } from './state.ts';

/** The dialog that has the keys, if any. */
export function topDialog(state: AppState): Dialog | undefined {
  return state.dialogs.at(-1);
}

/** Put a dialog on top. */
export function pushDialog(state: AppState, dialog: Dialog): AppState {
  return { ...state, dialogs: [...state.dialogs, dialog] };
}

/** Take the top dialog away. */
export function popDialog(state: AppState): AppState {
  return { ...state, dialogs: state.dialogs.slice(0, -1) };
}

/** Put another dialog in the place of the top one. */
export function replaceTop(state: AppState, dialog: Dialog): AppState {
  return { ...state, dialogs: [...state.dialogs.slice(0, -1), dialog] };
}
