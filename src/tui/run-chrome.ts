// The chrome that ink shows: asked for anew at each commit, handed on only where it differs. Ink lays the whole screen out for one
// changed figure (5 ms), so while only its lines say something else they are written past it.
import { changedLines, chromeModel } from './chrome/chrome-model.ts';
import type { ChromeInput, ChromeModel } from './chrome/chrome-model.ts';

/** Keeps what ink was last given. */
export interface ChromeKeeper {
  /** Shows the chrome if it has changed. */
  commit(): void;
  /** The chrome last shown, or the first one. */
  model(): ChromeModel;
}

/** The ways to the screen. */
export interface ChromeOutlets {
  /** Through ink, which lays everything out. */
  readonly show: (model: ChromeModel) => void;
  /** One line, text with SGR, over what ink had there. */
  readonly writeLine: (row: number, text: string) => void;
}

/** A keeper that has shown nothing. */
export function createChromeKeeper(
  input: () => ChromeInput,
  { show, writeLine }: ChromeOutlets,
): ChromeKeeper {
  let shown: ChromeModel | undefined;
  return {
    commit() {
      const model = chromeModel(input());
      const lines = shown && changedLines(shown, model);
      if (lines) for (const { row, text } of lines) writeLine(row, text);
      else show(model);
      shown = model;
    },
    model: () => (shown ??= chromeModel(input())),
  };
}
