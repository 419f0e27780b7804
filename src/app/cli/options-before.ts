// Options written before the verb, as kubectl's users are used to: they are the verb's where it has them, and a mistake where it has not. Never
// ignored: `--context staging block …` must not go to another cluster. Pure.
import { AppError } from '../../core/model/app-error.ts';
import type { OptionValues } from './verbs.ts';

/** One option that stood before the verb. */
export interface OptionBefore {
  /** As the verb's code asks for it: `asGroup`. */
  readonly name: string;
  /** As it was written: `--as-group`. */
  readonly flag: string;
  readonly value: string | boolean | undefined;
}

/** What the verb was told in all. */
export interface Told {
  readonly before: readonly OptionBefore[];
  /** With its defaults. */
  readonly own: OptionValues;
  /** Names of those that stood behind the verb: they count more. */
  readonly typed: ReadonlySet<string>;
  /** All that it knows. */
  readonly known: ReadonlySet<string>;
}

/** The verb's options. @throws AppError OPTION_BEFORE_VERB for one that it does not have. */
export function withOptionsBefore(verb: string, { before, own, typed, known }: Told): OptionValues {
  const taken: Record<string, string | boolean | undefined> = { ...own };
  for (const { name, flag, value } of before) {
    if (!known.has(name))
      throw new AppError({
        code: 'OPTION_BEFORE_VERB',
        family: 'usage',
        message: `${flag} was written before "${verb}", which has no such option.`,
        hint: `Leave it out; kubectl api-defense ${verb} --help lists what it takes.`,
      });
    if (!typed.has(name)) taken[name] = value;
  }
  return taken;
}
