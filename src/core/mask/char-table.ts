// One class byte per ASCII character: the cheap first look that lets ordinary text pass without any finder.

/** Class bits of a character; `mark` are those that tokens and base64 have beside letters and digits. */
export const charClass = { digit: 1, upper: 2, lower: 4, mark: 8, at: 16 } as const;

/** Letters and digits. */
export const alnum = charClass.digit | charClass.upper | charClass.lower;
/** Characters that tokens, keys and base64 are made of. */
export const wordChars = alnum | charClass.mark;

function build(): Uint8Array {
  const table = new Uint8Array(128);
  for (let code = 48; code <= 57; code += 1) table[code] = charClass.digit;
  for (let code = 65; code <= 90; code += 1) table[code] = charClass.upper;
  for (let code = 97; code <= 122; code += 1) table[code] = charClass.lower;
  for (const mark of '-_+/=.~%') table[mark.charCodeAt(0)] = charClass.mark;
  table[64] = charClass.at;
  return table;
}

/** Class bits by character code below 128. */
export const charTable = build();

/** Class bits of any character code; 0 outside the table. */
export function classOf(code: number): number {
  return code < 128 ? (charTable[code] ?? 0) : 0;
}

/** True for `[A-Za-z0-9_]`, the characters that glue a number or a name together. */
export function isWord(code: number): boolean {
  return (classOf(code) & alnum) !== 0 || code === 95;
}

/** What a first look found worth a closer one, as bits. */
export const hint = { none: 0, digits: 1, at: 2, run: 4 } as const;

/** Fewer digits make neither phone number, card nor account. */
const fewestDigits = 7;
/** Shorter runs of token characters are no key, token or card (7 digits are caught by `digits`). */
const shortestRun = 16;

/** One pass over `text[start, end)`: which finders could find anything. */
export function hintsOf(text: string, start: number, end: number): number {
  let digits = 0;
  let seen = 0;
  let run = 0;
  let longest = 0;
  for (let index = start; index < end; index += 1) {
    const bits = classOf(text.charCodeAt(index));
    seen |= bits;
    digits += bits & charClass.digit;
    if ((bits & wordChars) !== 0) run += 1;
    else {
      if (run > longest) longest = run;
      run = 0;
    }
  }
  return hintsFrom(digits, seen, run > longest ? run : longest);
}

/** The same decision for callers that count while scanning for something else. */
export function hintsFrom(digits: number, seen: number, longestRun: number): number {
  return (
    (digits >= fewestDigits ? hint.digits : 0) |
    ((seen & charClass.at) !== 0 ? hint.at : 0) |
    (longestRun >= shortestRun ? hint.run : 0)
  );
}
