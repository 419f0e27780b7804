// A mistyped verb: told by name, with the one that was probably meant. Pure.
import { AppError } from '../../core/model/app-error.ts';

/** Words that commander answers itself. */
const ownWords: readonly string[] = ['help'];
/** Longer ones are no typing errors, and the distance costs the product of both lengths. */
const longestWord = 32;

/** Insertions, deletions, replacements and swaps of neighbours from one word to the other. */
function distance(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let line = 1; line <= one.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[line - 1] === other[column - 1];
      const swapped = one[line - 1] === other[column - 2] && one[line - 2] === other[column - 1];
      next.push(
        Math.min(
          (row[column] ?? 0) + 1,
          (next[column - 1] ?? 0) + 1,
          (row[column - 1] ?? 0) + (same ? 0 : 1),
          line > 1 && column > 1 && swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    before = row;
    row = next;
  }
  return row[other.length] ?? 0;
}

/** The verb at most a third of its letters away, or that begins like the word. */
export function nearestVerb(word: string, verbs: readonly string[]): string | undefined {
  const begins = verbs.find((verb) => word.length >= 2 && verb.startsWith(word));
  if (begins !== undefined || word.length > longestWord) return begins;
  const [best] = verbs
    .map((verb) => ({ verb, away: distance(word, verb) }))
    .filter(({ verb, away }) => away <= Math.max(1, Math.ceil(verb.length / 3)))
    .sort((one, other) => one.away - other.away);
  return best?.verb;
}

/** Undefined when the command line begins with a verb or an option. */
export function unknownVerb(argv: readonly string[], verbs: readonly string[]): AppError | undefined {
  const [first] = argv;
  if (first === undefined || first.startsWith('-')) return undefined;
  if (verbs.includes(first) || ownWords.includes(first)) return undefined;
  const nearest = nearestVerb(first, verbs);
  return new AppError({
    code: 'UNKNOWN_VERB',
    family: 'usage',
    message: `There is no verb "${first}"${nearest === undefined ? '.' : `; did you mean ${nearest}?`}`,
    hint: `The verbs are ${verbs.join(', ')}; --help explains them.`,
  });
}
