// Going to another place, or anew to the same one. The session ends, so what was only drafted ends with it, and that is said; what was sent is
// waited for, because nobody would know what became of it. Pure.
import { namespaceWords } from '../../core/model/cluster-place.ts';
import type { PlaceChoice } from '../../core/model/cluster-place.ts';
import { isPlayable } from './access.ts';
import type { Handlers } from './handler.ts';
import { next, withNotice } from './handler.ts';
import type { Next } from './msg.ts';
import type { AppState } from './state.ts';

/** The drafts that would be left behind, in a sentence; '' without any. */
function droppedWords(state: AppState): string {
  const [draft] = state.dialogs.flatMap((dialog) => (dialog.type === 'mutation' ? [dialog] : []));
  if (draft === undefined) return '';
  const { source, destination } = draft.flow;
  const to = draft.scope === 'everything' ? 'anyone' : destination.workload;
  const from = state.place === undefined ? 'the place before' : `the context ${state.place.context}`;
  return ` The draft to ${draft.action.toLowerCase()} ${source.workload} to ${to} was dropped: it was about ${from}. Nothing was changed.`;
}

const isWriting = ({ changes, dialogs }: AppState): boolean =>
  changes.some((change) => change.state === 'sent') ||
  dialogs.some((dialog) => 'sending' in dialog && dialog.sending !== undefined);

function leaveFor(state: AppState, place: PlaceChoice | undefined, words: string): Next<AppState> {
  if (isWriting(state))
    return next(withNotice(state, 'warn', 'A change is being written: go elsewhere when it is answered.'));
  return next(
    { ...state, quitting: true },
    { type: 'place.open', place, words: `${words}${droppedWords(state)}` },
  );
}

/** To a context of the palette. */
export function goTo(state: AppState, place: PlaceChoice): Next<AppState> {
  const { namespace } = place;
  const where = namespace === undefined ? '' : `, ${namespaceWords(namespace)}`;
  return leaveFor(state, place, `This is the context ${place.context}${where} now.`);
}

/** The key that begins anew. */
export const placeHandlers = {
  'app.restart': (state) =>
    isPlayable('app.restart', state)
      ? leaveFor(state, undefined, 'Begun anew.')
      : next(
          withNotice(state, 'info', 'There is nothing to begin anew: where it can go on, it does by itself.'),
        ),
} satisfies Handlers;
