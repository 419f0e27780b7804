// The chrome that ink shows: asked for anew at each commit, handed on only when it differs, for ink's frames are dear.
import { chromeModel, sameChrome } from './chrome/chrome-model.ts';
import type { ChromeInput, ChromeModel } from './chrome/chrome-model.ts';

export interface ChromeKeeper {
  /** Shows the chrome if it has changed. */
  commit(): void;
  /** The chrome last shown, or the first one. */
  model(): ChromeModel;
}

/** A keeper that has shown nothing. */
export function createChromeKeeper(
  input: () => ChromeInput,
  show: (model: ChromeModel) => void,
): ChromeKeeper {
  let shown: ChromeModel | undefined;
  return {
    commit() {
      const model = chromeModel(input());
      if (shown && sameChrome(shown, model)) return;
      shown = model;
      show(model);
    },
    model: () => (shown ??= chromeModel(input())),
  };
}
