// Where a load runs and what it asks: this machine's own network when nothing is said, else a network namespace. Knows no load.

/** A namespace for the client, and the address of the server. */
export interface LoadPlace {
  /** Name as `ip netns` knows it. */
  readonly netns: string;
  readonly host: string;
}

/** A command line, moved into the place's namespace. */
export function commandIn(
  place: LoadPlace | undefined,
  words: readonly (string | number)[],
): readonly [string, readonly string[]] {
  const [command = '', ...rest] = words.map(String);
  return place === undefined ? [command, rest] : ['ip', ['netns', 'exec', place.netns, command, ...rest]];
}
