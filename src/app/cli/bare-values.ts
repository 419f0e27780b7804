// `--dry-run` and `--dry-run=server` are one option whose value comes after `=` alone, as kubectl has it: the word behind it may be a filter.
// Pure.

/** Gives bare flags the value that they stand for; what follows `--` is left alone. `bare`: by flag, with its dashes. */
export function withBareValues(
  argv: readonly string[],
  bare: ReadonlyMap<string, string>,
): readonly string[] {
  const end = argv.indexOf('--');
  return argv.map((word, at) => {
    const value = end === -1 || at < end ? bare.get(word) : undefined;
    return value === undefined ? word : `${word}=${value}`;
  });
}
