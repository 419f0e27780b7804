// Ends a paste that its terminal does not end: while a paste is open ink hands nothing on, ctrl-c included, however long that is.
// Follows the bytes on their way to ink and puts the missing end in. Knows no stream; time comes from outside.

const pasteStart = '\u001b[200~';
const pasteEnd = '\u001b[201~';
const ctrlC = '\u0003';

/**
 * Characters of one paste (what follows is dropped until its end; a policy or a list of hosts is some KiB), milliseconds without
 * a character after which it is over (a paste comes as fast as the line is), and milliseconds it may take in all.
 */
export const pasteLimits = { characters: 64 * 1024, silenceMs: 300, totalMs: 5_000 } as const;

/** Follows the bytes of one terminal. */
export interface PasteWatch {
  /** What to hand on of this chunk now. */
  pass(chunk: string, nowMs: number): string;
  /** Nothing came for `silenceMs`: an open paste is over. What to hand on. */
  silence(): string;
  /** True while the end of a paste is awaited: `silence` must be told. */
  readonly isOpen: boolean;
}

interface OpenPaste {
  readonly sinceMs: number;
  characters: number;
  /** Its end has been handed on already; the rest is dropped. */
  cut: boolean;
}

/** Where `mark` ends in `text`, counted behind `tail` that stands before it; -1 when it is not there. */
function endOfMark(tail: string, text: string, mark: string): number {
  const at = (tail + text).indexOf(mark);
  return at < 0 ? -1 : at + mark.length - tail.length;
}

/** The characters at the end that may be the beginning of a mark. */
const tailOf = (text: string): string => text.slice(-(pasteStart.length - 1));

/** A watch outside of any paste. */
export function createPasteWatch(): PasteWatch {
  let paste: OpenPaste | undefined;
  let tail = '';

  /** Takes all that belongs to the open paste; the rest is what comes after it. */
  const inside = (open: OpenPaste, text: string, nowMs: number): { out: string; rest: string } => {
    const end = endOfMark(tail, text, pasteEnd);
    const interrupt = end < 0 ? text.indexOf(ctrlC) : -1;
    if (end >= 0 || interrupt >= 0) {
      const stop = end >= 0 ? end : interrupt;
      paste = undefined;
      tail = '';
      const out = open.cut ? '' : text.slice(0, stop) + (end >= 0 ? '' : pasteEnd);
      return { out, rest: text.slice(stop) };
    }
    tail = tailOf(tail + text);
    if (open.cut) return { out: '', rest: '' };
    const room = nowMs - open.sinceMs > pasteLimits.totalMs ? 0 : pasteLimits.characters - open.characters;
    open.characters += text.length;
    if (text.length <= room) return { out: text, rest: '' };
    open.cut = true;
    return { out: text.slice(0, room) + pasteEnd, rest: '' };
  };
  const outside = (text: string, nowMs: number): { out: string; rest: string } => {
    const begin = endOfMark(tail, text, pasteStart);
    if (begin < 0) {
      tail = tailOf(tail + text);
      return { out: text, rest: '' };
    }
    tail = '';
    paste = { sinceMs: nowMs, characters: 0, cut: false };
    return { out: text.slice(0, begin), rest: text.slice(begin) };
  };
  return {
    pass(chunk, nowMs) {
      let out = '';
      for (let rest = chunk; rest !== '';) {
        const step = paste ? inside(paste, rest, nowMs) : outside(rest, nowMs);
        out += step.out;
        rest = step.rest;
      }
      return out;
    },
    silence() {
      const owed = paste && !paste.cut ? pasteEnd : '';
      paste = undefined;
      tail = '';
      return owed;
    },
    get isOpen() {
      return paste !== undefined;
    },
  };
}
