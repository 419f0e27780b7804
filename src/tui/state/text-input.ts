// One line of text being typed: pure edits by grapheme, with a length bound. Knows no key names of terminals.

/** A line and the place in it where typing goes. */
export interface TextInput {
  readonly text: string;
  /** UTF-16 offset of the insertion point. */
  readonly cursor: number;
}

/** Edits besides typing. */
export const textEdits = [
  'backspace',
  'delete',
  'left',
  'right',
  'home',
  'end',
  'deleteWord',
  'deleteToStart',
  'deleteToEnd',
] as const;

/** An edit besides typing. */
export type TextEdit = (typeof textEdits)[number];

/** Longest line, in UTF-16 units: more than any filter or reason needs, little enough to parse on each key. */
export const textLimit = 1024;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
// C0, DEL, C1 (Cc), bidi controls and the byte order mark (Cf but for joiners), separators: nothing typed on purpose.
const unwanted = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu;

/** A line with the cursor at its end. */
export function textInput(text = ''): TextInput {
  return { text, cursor: text.length };
}

/** Insert typed or pasted text at the cursor; control characters become one blank, the bound cuts the rest. */
export function insertText(input: TextInput, typed: string): TextInput {
  const clean = typed.replace(unwanted, ' ').slice(0, Math.max(0, textLimit - input.text.length));
  return {
    text: input.text.slice(0, input.cursor) + clean + input.text.slice(input.cursor),
    cursor: input.cursor + clean.length,
  };
}

function previousStop(text: string, cursor: number): number {
  let last = 0;
  for (const { index } of segmenter.segment(text.slice(0, cursor))) last = index;
  return last;
}

function nextStop(text: string, cursor: number): number {
  const first = segmenter.segment(text.slice(cursor))[Symbol.iterator]().next().value;
  return first ? cursor + first.segment.length : text.length;
}

function wordStart(text: string, cursor: number): number {
  const before = text.slice(0, cursor).trimEnd();
  return before.lastIndexOf(' ') + 1;
}

function cut(input: TextInput, from: number, to: number): TextInput {
  return { text: input.text.slice(0, from) + input.text.slice(to), cursor: from };
}

const edits: Readonly<Record<TextEdit, (input: TextInput) => TextInput>> = {
  backspace: (input) => cut(input, previousStop(input.text, input.cursor), input.cursor),
  delete: (input) => cut(input, input.cursor, nextStop(input.text, input.cursor)),
  left: (input) => ({ ...input, cursor: previousStop(input.text, input.cursor) }),
  right: (input) => ({ ...input, cursor: nextStop(input.text, input.cursor) }),
  home: (input) => ({ ...input, cursor: 0 }),
  end: (input) => ({ ...input, cursor: input.text.length }),
  deleteWord: (input) => cut(input, wordStart(input.text, input.cursor), input.cursor),
  deleteToStart: (input) => cut(input, 0, input.cursor),
  deleteToEnd: (input) => cut(input, input.cursor, input.text.length),
};

/** Apply one edit. */
export function editText(input: TextInput, edit: TextEdit): TextInput {
  return edits[edit](input);
}
