// A mistyped verb: told by name, with the one that was probably meant. Pure.
import { AppError } from '../../core/model/app-error.ts';
import { nearest } from '../../core/filter/nearest.ts';

/** Words that commander answers itself. */
const ownWords: readonly string[] = ['help'];

/** Undefined when the command line begins with a verb or an option. */
export function unknownVerb(argv: readonly string[], verbs: readonly string[]): AppError | undefined {
  const [first] = argv;
  if (first === undefined || first.startsWith('-')) return undefined;
  if (verbs.includes(first) || ownWords.includes(first)) return undefined;
  const meant = nearest(first, verbs);
  return new AppError({
    code: 'UNKNOWN_VERB',
    family: 'usage',
    message: `There is no verb "${first}"${meant === undefined ? '.' : `; did you mean ${meant}?`}`,
    hint: `The verbs are ${verbs.join(', ')}; --help explains them.`,
  });
}
