// Names that nobody answers to, as the sentence a person needs to find the typing error. Pure.
import { AppError } from '../../core/model/app-error.ts';

/** Names listed; a fleet has more than a line can hold. */
const shownNames = 12;

/** @param known `namespace/workload` of everybody seen, sorted. */
export function neverSeen(unseen: readonly string[], known: readonly string[]): AppError {
  const rest = known.length - shownNames;
  const list = known.slice(0, shownNames).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
  return new AppError({
    code: 'UNSEEN_WORKLOAD',
    family: 'usage',
    message: `No workload ${unseen.join(' and no workload ')} was seen; known: ${list || 'nobody yet'}.`,
    hint: 'Correct the name, or add --unseen to apply it all the same.',
  });
}
