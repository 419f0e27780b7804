// Where keys go, derived from state: the key table's contexts, most specific first. Nothing stores an input mode.
import type { AppState } from './state.ts';
import { topDialog } from './top-dialog.ts';

/** Contexts of the key table. `text` contexts take typed characters; their intents come from named keys only. */
export const keyContexts = [
  'flows',
  'graph',
  'findings',
  'policies',
  'detail',
  'axis',
  'replay',
  'global',
  'prompt',
  'mutation',
  'field',
  'confirm',
  'text',
  'help',
  'palette',
  'message',
] as const;

/** A place where keys have meanings of their own. */
export type KeyContext = (typeof keyContexts)[number];

/** Contexts to look a key up in, first hit wins. */
export function keyContext(state: AppState): readonly KeyContext[] {
  const dialog = topDialog(state);
  if (dialog?.type === 'mutation' && dialog.editing) return ['field'];
  if (dialog) return [dialog.type];
  if (state.filter.prompt) return ['prompt'];
  const replay: readonly KeyContext[] = state.replay ? ['replay'] : [];
  const pane: readonly KeyContext[] = state.focus === 'list' ? [] : [state.focus];
  return [...pane, state.screen, ...replay, 'global'];
}

/** `text`: printable keys and pastes are `{type:'text'}` messages, editing keys are `{type:'edit'}`. */
export function inputMode(state: AppState): 'keys' | 'text' {
  const [first] = keyContext(state);
  return first === 'field' || first === 'prompt' || first === 'palette' ? 'text' : 'keys';
}
