// Turns a regular expression into a small instruction list. Supports literals, `.`, classes, groups, `|`, `* + ? {m,n}`, `^ $`;
// refuses what cannot run in linear time (backreferences, look-around). Knows nothing of matching.

/** Most characters of a pattern, and most instructions it may become: bounds the work per character of text. */
export const regexLimits = { patternLength: 256, instructions: 1024, repetition: 100, depth: 24 } as const;

/** Inclusive code unit ranges, flattened: from, to, from, to … */
export interface CharSet {
  readonly ranges: readonly number[];
  readonly negated: boolean;
}

/** One step of a compiled pattern; targets are indexes into the program. */
export type Instruction =
  | { readonly op: 'set'; readonly set: CharSet }
  | { readonly op: 'split'; readonly first: number; readonly second: number }
  | { readonly op: 'jump'; readonly to: number }
  | { readonly op: 'begin' | 'end' | 'match' };

type Node =
  | { readonly type: 'set'; readonly set: CharSet }
  | { readonly type: 'begin' | 'end' }
  | { readonly type: 'sequence' | 'choice'; readonly nodes: readonly Node[] }
  | { readonly type: 'repeat'; readonly node: Node; readonly min: number; readonly max: number };

/** Thrown inside this file and its caller only: a pattern's complaint, with its offset. */
export class PatternError extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const shorthand = new Map<string, CharSet>([
  ['d', { ranges: [48, 57], negated: false }],
  ['D', { ranges: [48, 57], negated: true }],
  ['w', { ranges: [48, 57, 65, 90, 95, 95, 97, 122], negated: false }],
  ['W', { ranges: [48, 57, 65, 90, 95, 95, 97, 122], negated: true }],
  ['s', { ranges: [9, 13, 32, 32, 160, 160], negated: false }],
  ['S', { ranges: [9, 13, 32, 32, 160, 160], negated: true }],
]);
const controls = new Map<string, number>([
  ['t', 9],
  ['n', 10],
  ['r', 13],
]);
const anyChar: CharSet = { ranges: [], negated: true };

interface Cursor {
  readonly text: string;
  at: number;
  depth: number;
}

const single = (code: number): CharSet => ({ ranges: [code, code], negated: false });

function readEscape(cursor: Cursor): CharSet {
  const start = cursor.at;
  const char = cursor.text[cursor.at + 1];
  if (char === undefined) throw new PatternError('ends in a lone backslash', start);
  cursor.at += 2;
  const known = shorthand.get(char);
  if (known) return known;
  const control = controls.get(char);
  if (control !== undefined) return single(control);
  if (/[A-Za-z0-9]/.test(char)) throw new PatternError(`\\${char} is not supported`, start);
  return single(char.charCodeAt(0));
}

function readClassItem(cursor: Cursor): CharSet {
  if (cursor.text[cursor.at] === '\\') return readEscape(cursor);
  return single(cursor.text.charCodeAt(cursor.at++));
}

function readClass(cursor: Cursor): CharSet {
  const start = cursor.at++;
  const negated = cursor.text[cursor.at] === '^';
  if (negated) cursor.at++;
  const ranges: number[] = [];
  for (let first = true; first || cursor.text[cursor.at] !== ']'; first = false) {
    if (cursor.at >= cursor.text.length) throw new PatternError('has a [ without its ]', start);
    const item = readClassItem(cursor);
    if (item.negated) throw new PatternError('has a negated shorthand inside [ ]', start);
    const from = item.ranges[0] ?? 0;
    const dash = cursor.text[cursor.at] === '-' && (cursor.text[cursor.at + 1] ?? ']') !== ']';
    if (!dash || item.ranges.length !== 2) {
      ranges.push(...item.ranges);
      continue;
    }
    cursor.at++;
    const last = readClassItem(cursor);
    const to = last.ranges[0] ?? 0;
    if (last.negated || last.ranges.length !== 2 || last.ranges[1] !== to || to < from)
      throw new PatternError('has a range in the wrong order', start);
    ranges.push(from, to);
  }
  cursor.at++;
  return { ranges, negated };
}

function readAtom(cursor: Cursor): Node {
  const char = cursor.text[cursor.at];
  switch (char) {
    case '(':
      return readGroup(cursor);
    case '[':
      return { type: 'set', set: readClass(cursor) };
    case '\\':
      return { type: 'set', set: readEscape(cursor) };
    case '.':
      cursor.at++;
      return { type: 'set', set: anyChar };
    case '^':
      cursor.at++;
      return { type: 'begin' };
    case '$':
      cursor.at++;
      return { type: 'end' };
    case '*':
    case '+':
    case '?':
      throw new PatternError(`has nothing before ${char}`, cursor.at);
    default:
      return { type: 'set', set: single(cursor.text.charCodeAt(cursor.at++)) };
  }
}

function readGroup(cursor: Cursor): Node {
  const start = cursor.at++;
  if (cursor.text.startsWith('?:', cursor.at)) cursor.at += 2;
  else if (cursor.text[cursor.at] === '?') throw new PatternError('uses (? which is not supported', start);
  if (++cursor.depth > regexLimits.depth) throw new PatternError('nests too deep', start);
  const node = readChoice(cursor);
  cursor.depth--;
  if (cursor.text[cursor.at] !== ')') throw new PatternError('has a ( without its )', start);
  cursor.at++;
  return node;
}

const countPattern = /\{(\d{1,3})(,(\d{1,3})?)?\}/y;

function readRepeat(cursor: Cursor, node: Node): Node {
  const char = cursor.text[cursor.at];
  let bounds: readonly [number, number] | undefined;
  if (char === '*') bounds = [0, Infinity];
  else if (char === '+') bounds = [1, Infinity];
  else if (char === '?') bounds = [0, 1];
  if (bounds) cursor.at++;
  else if (char === '{') {
    countPattern.lastIndex = cursor.at;
    const found = countPattern.exec(cursor.text);
    if (!found) return node;
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === undefined ? Infinity : Number(found[3]);
    if (max < min || min > regexLimits.repetition || (max !== Infinity && max > regexLimits.repetition))
      throw new PatternError(`repeats out of order or more than ${regexLimits.repetition} times`, cursor.at);
    bounds = [min, max];
    cursor.at += found[0].length;
  }
  if (!bounds) return node;
  if (cursor.text[cursor.at] === '?') cursor.at++;
  if (node.type === 'begin' || node.type === 'end') throw new PatternError('repeats an anchor', cursor.at);
  return { type: 'repeat', node, min: bounds[0], max: bounds[1] };
}

function readSequence(cursor: Cursor): Node {
  const nodes: Node[] = [];
  while (cursor.at < cursor.text.length && cursor.text[cursor.at] !== '|' && cursor.text[cursor.at] !== ')')
    nodes.push(readRepeat(cursor, readAtom(cursor)));
  return { type: 'sequence', nodes };
}

function readChoice(cursor: Cursor): Node {
  const nodes = [readSequence(cursor)];
  while (cursor.text[cursor.at] === '|') {
    cursor.at++;
    nodes.push(readSequence(cursor));
  }
  return nodes.length === 1 && nodes[0] ? nodes[0] : { type: 'choice', nodes };
}

function add(program: Instruction[], instruction: Instruction): number {
  if (program.length >= regexLimits.instructions) throw new PatternError('is too large', 0);
  return program.push(instruction) - 1;
}

function emitRepeat(program: Instruction[], node: Node & { type: 'repeat' }): void {
  for (let i = 0; i < node.min; i++) {
    const before = program.length;
    emit(program, node.node);
    if (program.length === before) return;
  }
  if (node.max === Infinity) {
    const split = add(program, { op: 'jump', to: 0 });
    emit(program, node.node);
    add(program, { op: 'jump', to: split });
    program[split] = { op: 'split', first: split + 1, second: program.length };
    return;
  }
  const splits: number[] = [];
  for (let i = node.min; i < node.max; i++) {
    splits.push(add(program, { op: 'jump', to: 0 }));
    emit(program, node.node);
  }
  for (const split of splits) program[split] = { op: 'split', first: split + 1, second: program.length };
}

function emitChoice(program: Instruction[], nodes: readonly Node[]): void {
  const jumps: number[] = [];
  nodes.forEach((node, index) => {
    const last = index === nodes.length - 1;
    const split = last ? -1 : add(program, { op: 'jump', to: 0 });
    emit(program, node);
    if (last) return;
    jumps.push(add(program, { op: 'jump', to: 0 }));
    program[split] = { op: 'split', first: split + 1, second: program.length };
  });
  for (const jump of jumps) program[jump] = { op: 'jump', to: program.length };
}

function emit(program: Instruction[], node: Node): void {
  switch (node.type) {
    case 'set':
      add(program, { op: 'set', set: node.set });
      return;
    case 'begin':
    case 'end':
      add(program, { op: node.type });
      return;
    case 'sequence':
      for (const part of node.nodes) emit(program, part);
      return;
    case 'choice':
      emitChoice(program, node.nodes);
      return;
    case 'repeat':
      emitRepeat(program, node);
      return;
  }
}

/** Compiles `pattern`; throws PatternError with a phrase that continues "the pattern …". */
export function compileProgram(pattern: string): readonly Instruction[] {
  if (pattern.length > regexLimits.patternLength)
    throw new PatternError(
      `is longer than ${regexLimits.patternLength} characters`,
      regexLimits.patternLength,
    );
  const cursor: Cursor = { text: pattern, at: 0, depth: 0 };
  const node = readChoice(cursor);
  if (cursor.at < pattern.length) throw new PatternError('has a ) without its (', cursor.at);
  const program: Instruction[] = [];
  emit(program, node);
  add(program, { op: 'match' });
  return program;
}
