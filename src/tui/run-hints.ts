// A sentence of the shell's own on the message line: said for a few seconds or until the next key. Knows no screen.

/** At most one sentence at a time; a newer one takes its place. */
export interface Hints {
  say(sentence: string): void;
  clear(): void;
  /** The sentence while it stays. */
  current(): string | undefined;
}

/** How long a sentence stays, milliseconds. */
const hintMs = 6000;

/** No sentence yet; `now` is the wall clock in milliseconds. */
export function createHints(now: () => number): Hints {
  let hint: { readonly text: string; readonly untilMs: number } | undefined;
  return {
    say(text) {
      hint = { text, untilMs: now() + hintMs };
    },
    clear() {
      hint = undefined;
    },
    current: () => (hint && hint.untilMs > now() ? hint.text : undefined),
  };
}
