// The filter grammar: tokens to a checked tree, or one sentence with its place. Knows no flow; never throws.
// `or` binds weakest, then `and`, then standing side by side; side by side, the same field again means "or", another one "and".
import { fieldNames, fieldRow } from './filter.ts';
import type { FieldNode, FilterNode, FilterSubject } from './filter.ts';
import { filterLimits, lexFilter } from './lex-filter.ts';
import type { FilterError, Span, Token, ValuePart } from './lex-filter.ts';
import { nearest } from './nearest.ts';
import { compileTerm } from './term.ts';

/** The tree of a filter (undefined for an empty one), or what is wrong and where. */
export type ParsedFilter =
  /** `node` is undefined for an empty filter: everything. */
  { readonly ok: true; readonly node: FilterNode | undefined } | ({ readonly ok: false } & FilterError);

interface Parser {
  readonly tokens: readonly Token[];
  readonly subject: FilterSubject | undefined;
  readonly length: number;
  at: number;
  depth: number;
  terms: number;
}

class Complaint extends Error {
  readonly detail: FilterError;
  constructor(code: string, message: string, span: Span) {
    super(message);
    this.detail = { code, message, start: span.start, end: span.end };
  }
}

const sentence = (phrase: string): string => phrase.charAt(0).toUpperCase() + phrase.slice(1) + '.';

function unknownField(name: string, span: Span): Complaint {
  const near = nearest(name, fieldNames);
  const guess = near === undefined ? '' : `: did you mean ${fieldRow(near)?.field ?? near}?`;
  const tail = guess === '' ? '; for plain text put it in quotes.' : ' For plain text put it in quotes.';
  return new Complaint('FILTER_UNKNOWN_FIELD', `There is no field "${name}"${guess}${tail}`, {
    start: span.start,
    end: span.start + name.length,
  });
}

function fieldLeaf(
  token: Token & { type: 'field' },
  part: ValuePart,
  subject: FilterSubject | undefined,
): FilterNode {
  const row = fieldRow(token.name);
  if (!row) throw unknownField(token.name, token);
  if (subject !== undefined && !row.subjects.includes(subject))
    throw new Complaint('FILTER_WRONG_SUBJECT', `${row.field} does not apply to ${subject}s.`, token);
  if (part.value === '')
    throw new Complaint('FILTER_NO_VALUE', `${row.field}${token.op} needs a value.`, token);
  if (part.regex && token.op !== ':' && token.op !== '=' && token.op !== '~')
    throw new Complaint('FILTER_OPERATOR', `A regex goes with : or ~, not with ${token.op}.`, token);
  const op = part.regex ? '~' : token.op;
  const compiled = compileTerm(row.field, op, part.value);
  if (!compiled.ok) throw new Complaint('FILTER_VALUE', sentence(compiled.message), part);
  const { start, end } = token.parts.length === 1 ? token : part;
  const leaf: FieldNode = { type: 'field', field: row.field, op, value: part.value, start, end };
  return leaf;
}

function fieldNode(parser: Parser, token: Token & { type: 'field' }): FilterNode {
  const nodes = token.parts.map((part) => fieldLeaf(token, part, parser.subject));
  parser.terms += nodes.length;
  const [only] = nodes;
  if (nodes.length === 1 && only) return only;
  return { type: token.op === '!=' ? 'and' : 'or', nodes };
}

function parseGroup(parser: Parser, open: Token): FilterNode {
  if (++parser.depth > filterLimits.depth)
    throw new Complaint('FILTER_TOO_DEEP', 'The filter nests too deep.', open);
  const node = parseOr(parser);
  parser.depth--;
  const close = parser.tokens[parser.at];
  if (close?.type !== ')')
    throw new Complaint('FILTER_BRACKET', 'A ( has no partner: add the closing ).', open);
  parser.at++;
  return node;
}

function parseUnit(parser: Parser): FilterNode {
  const token = parser.tokens[parser.at];
  const end: Span = { start: parser.length, end: parser.length };
  if (!token) throw new Complaint('FILTER_INCOMPLETE', 'The filter stops where a term should follow.', end);
  parser.at++;
  if (parser.terms > filterLimits.terms)
    throw new Complaint('FILTER_TOO_LONG', `A filter has at most ${filterLimits.terms} terms.`, token);
  switch (token.type) {
    case 'word':
      parser.terms++;
      return { type: 'word', text: token.text, start: token.start, end: token.end };
    case 'field':
      return fieldNode(parser, token);
    case 'not': {
      if (++parser.depth > filterLimits.depth)
        throw new Complaint('FILTER_TOO_DEEP', 'The filter nests too deep.', token);
      const node = parseUnit(parser);
      parser.depth--;
      return { type: 'not', node };
    }
    case '(':
      return parseGroup(parser, token);
    case ')':
      throw new Complaint('FILTER_BRACKET', 'A ) has no partner: remove it or add a (.', token);
    case 'and':
    case 'or':
      throw new Complaint('FILTER_INCOMPLETE', `"${token.type}" needs a term on both sides.`, token);
  }
}

/** The key under which terms side by side are alternatives; undefined when they stand for themselves. */
function alternativeKey(node: FilterNode): string | undefined {
  const [leaf] = node.type === 'or' ? node.nodes : [node];
  if (leaf?.type !== 'field' || leaf.op === '!=' || leaf.op.startsWith('<') || leaf.op.startsWith('>'))
    return undefined;
  if (node.type === 'or' && !node.nodes.every((each) => each.type === 'field' && each.field === leaf.field))
    return undefined;
  return leaf.field === 'header'
    ? `header ${/^[^=:~]*/.exec(leaf.value)?.[0].toLowerCase() ?? ''}`
    : leaf.field;
}

const join = (type: 'and' | 'or', nodes: readonly FilterNode[]): FilterNode => {
  const [only] = nodes;
  if (nodes.length === 1 && only) return only;
  return { type, nodes: nodes.flatMap((node) => (node.type === type ? node.nodes : [node])) };
};

function parseSideBySide(parser: Parser): FilterNode {
  const groups: FilterNode[][] = [];
  const byKey = new Map<string, FilterNode[]>();
  for (;;) {
    const bracketed = parser.tokens[parser.at]?.type === '(';
    const node = parseUnit(parser);
    const key = bracketed ? undefined : alternativeKey(node);
    const known = key === undefined ? undefined : byKey.get(key);
    if (known) known.push(node);
    else {
      const group = [node];
      groups.push(group);
      if (key !== undefined) byKey.set(key, group);
    }
    const next = parser.tokens[parser.at];
    if (!next || next.type === ')' || next.type === 'and' || next.type === 'or') break;
  }
  return join(
    'and',
    groups.map((group) => join('or', group)),
  );
}

function parseAnd(parser: Parser): FilterNode {
  const nodes = [parseSideBySide(parser)];
  while (parser.tokens[parser.at]?.type === 'and') {
    parser.at++;
    nodes.push(parseSideBySide(parser));
  }
  return join('and', nodes);
}

function parseOr(parser: Parser): FilterNode {
  const nodes = [parseAnd(parser)];
  while (parser.tokens[parser.at]?.type === 'or') {
    parser.at++;
    nodes.push(parseAnd(parser));
  }
  return join('or', nodes);
}

/**
 * Reads a filter. `start`/`end` of a complaint are offsets into `text`; `message` is a sentence. With `subject`, a field that
 * cannot be asked of it is a complaint too (a wrong field is an error, never an empty result).
 */
export function parseFilter(text: string, subject?: FilterSubject): ParsedFilter {
  const lexed = lexFilter(text);
  if (!lexed.ok) return { ok: false, ...lexed.error };
  if (lexed.tokens.length === 0) return { ok: true, node: undefined };
  const parser: Parser = { tokens: lexed.tokens, subject, length: text.length, at: 0, depth: 0, terms: 0 };
  try {
    const node = parseOr(parser);
    const rest = parser.tokens[parser.at];
    if (rest) throw new Complaint('FILTER_BRACKET', 'A ) has no partner: remove it or add a (.', rest);
    return { ok: true, node };
  } catch (error) {
    if (error instanceof Complaint) return { ok: false, ...error.detail };
    throw error;
  }
}
