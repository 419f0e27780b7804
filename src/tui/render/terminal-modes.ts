// Takes the terminal over and gives it back as it was: alternate screen, cursor, wrapping, raw mode. Idempotent, so that every
// way out (quit, crash, signal, suspend) may call it.

/** What is needed of the terminal's two streams. */
export interface TerminalStreams {
  readonly input: { setRawMode?: (raw: boolean) => unknown };
  readonly output: { write(text: string): unknown };
}

/** Whose the terminal is at the moment. */
export interface TerminalModes {
  /** Alternate screen, no cursor, no autowrap. */
  enter(): void;
  /** Everything back. */
  leave(): void;
  readonly entered: boolean;
}

const alternateScreen = 1049;
const cursor = 25;
const autowrap = 7;
const bracketedPaste = 2004;
const synchronised = 2026;

const on = (mode: number): string => `\u001b[?${mode}h`;
const off = (mode: number): string => `\u001b[?${mode}l`;

/** Bytes that take the terminal over, and those that give it back. */
export const takeOver = on(alternateScreen) + off(cursor) + off(autowrap) + on(bracketedPaste);
/** Bytes that give the terminal back, whichever of the modes were on. */
export const giveBack =
  off(synchronised) + '\u001b[m' + off(bracketedPaste) + on(autowrap) + on(cursor) + off(alternateScreen);

/** Modes of one terminal, not yet entered. */
export function createTerminalModes({ input, output }: TerminalStreams): TerminalModes {
  let entered = false;
  return {
    get entered() {
      return entered;
    },
    enter() {
      if (entered) return;
      entered = true;
      output.write(takeOver);
      input.setRawMode?.(true);
    },
    leave() {
      if (!entered) return;
      entered = false;
      try {
        input.setRawMode?.(false);
      } finally {
        output.write(giveBack);
      }
    },
  };
}
