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

/** Where the watch is: in a paste or outside of any, and what may be the beginning of a mark. */
interface Position {
  paste: OpenPaste | undefined;
  tail: string;
}

/** What to hand on of a text, and what of it is to be looked at again. */
interface Step {
  readonly out: string;
  readonly rest: string;
}

/** How much of the text the paste may still take: what is handed on, with its end where it is too much. */
function admit(open: OpenPaste, text: string, nowMs: number): string {
  if (open.cut) return '';
  const room = nowMs - open.sinceMs > pasteLimits.totalMs ? 0 : pasteLimits.characters - open.characters;
  open.characters += text.length;
  if (text.length <= room) return text;
  open.cut = true;
  return text.slice(0, room) + pasteEnd;
}

/** Takes what is left of a paste that ends in this text; undefined when it goes on. */
function inside(position: Position, open: OpenPaste, text: string): Step | undefined {
  const end = endOfMark(position.tail, text, pasteEnd);
  const stop = end < 0 ? text.indexOf(ctrlC) : end;
  if (stop < 0) return undefined;
  position.paste = undefined;
  position.tail = '';
  const out = open.cut ? '' : text.slice(0, stop) + (end >= 0 ? '' : pasteEnd);
  return { out, rest: text.slice(stop) };
}

function outside(position: Position, text: string, nowMs: number): Step {
  const begin = endOfMark(position.tail, text, pasteStart);
  if (begin < 0) {
    position.tail = tailOf(position.tail + text);
    return { out: text, rest: '' };
  }
  position.tail = '';
  position.paste = { sinceMs: nowMs, characters: 0, cut: false };
  return { out: text.slice(0, begin), rest: text.slice(begin) };
}

function stepOn(position: Position, text: string, nowMs: number): Step {
  const { paste } = position;
  if (!paste) return outside(position, text, nowMs);
  const ended = inside(position, paste, text);
  if (ended) return ended;
  position.tail = tailOf(position.tail + text);
  return { out: admit(paste, text, nowMs), rest: '' };
}

/** A watch outside of any paste. */
export function createPasteWatch(): PasteWatch {
  const position: Position = { paste: undefined, tail: '' };
  return {
    pass(chunk, nowMs) {
      let out = '';
      for (let rest = chunk; rest !== '';) {
        const step = stepOn(position, rest, nowMs);
        out += step.out;
        rest = step.rest;
      }
      return out;
    },
    silence() {
      const owed = position.paste && !position.paste.cut ? pasteEnd : '';
      position.paste = undefined;
      position.tail = '';
      return owed;
    },
    get isOpen() {
      return position.paste !== undefined;
    },
  };
}
