// One comparison's right side made into a test: text by glob, equality or regex; numbers by order, class or range.
// Also the judge of validity: what cannot be compiled is returned as a phrase. Knows no flow.
import { severities } from '../model/event.ts';
import { fieldRow } from './filter.ts';
import type { FieldRow, FilterOp } from './filter.ts';
import { globMatch, isGlob } from './glob.ts';
import { compileRegex } from './linear-regex.ts';
import { nearest } from './nearest.ts';

/** Whether a text is what the filter asks for. */
export type TextTest = (text: string) => boolean;
/** Whether a number is what the filter asks for. */
export type NumberTest = (value: number) => boolean;

/** One comparison of a filter, compiled. */
export type Term =
  | { readonly type: 'text'; readonly test: TextTest }
  | { readonly type: 'number'; readonly test: NumberTest }
  /** `test` is absent when the header only has to be there. */
  | { readonly type: 'header'; readonly name: TextTest; readonly test?: TextTest };

/** A compiled comparison, or a sentence why there is none. */
export type TermResult =
  { readonly ok: true; readonly term: Term } | { readonly ok: false; readonly message: string };

const fail = (message: string): TermResult => ({ ok: false, message });

/** Glob with case ignored. */
function globTest(value: string): TextTest {
  const wanted = value.toLowerCase();
  return isGlob(wanted)
    ? (text) => globMatch(wanted, text.toLowerCase())
    : (text) => text.toLowerCase() === wanted;
}

/** Fields whose case counts because it counts for servers and policies. */
const caseSensitive = new Set<string>(['path', 'route']);

function textTerm(row: FieldRow, op: FilterOp, value: string): TermResult {
  if (op === '~') {
    const regex = compileRegex(value);
    return regex.ok
      ? { ok: true, term: { type: 'text', test: regex.test } }
      : fail(`the pattern for ${row.field} ${regex.message}`);
  }
  if (op !== ':' && op !== '=' && op !== '!=') return fail(`${row.field} has no order: use : = != or ~`);
  if (row.shape && !row.shape.pattern.test(value))
    return fail(`${row.field} takes ${row.shape.words}, not "${value}"`);
  if (row.closed && !row.closed.some(globTest(value)) && value !== '*') {
    const near = nearest(value, row.closed);
    return fail(
      `${row.field} is one of ${row.closed.join(', ')}, not "${value}"${near === undefined ? '' : `: did you mean ${near}?`}`,
    );
  }
  if (row.field === 'protocol' && value.toLowerCase() === 'http')
    return { ok: true, term: { type: 'text', test: (text) => text.startsWith('http/') } };
  if (caseSensitive.has(row.field))
    return {
      ok: true,
      term: {
        type: 'text',
        test: op !== '=' && isGlob(value) ? (text) => globMatch(value, text) : (text) => text === value,
      },
    };
  if (op === '=') {
    const wanted = value.toLowerCase();
    return { ok: true, term: { type: 'text', test: (text) => text.toLowerCase() === wanted } };
  }
  return { ok: true, term: { type: 'text', test: globTest(value) } };
}

function orderTest(op: FilterOp, wanted: number): NumberTest | undefined {
  switch (op) {
    case ':':
    case '=':
    case '!=':
      return (value) => value === wanted;
    case '>=':
      return (value) => value >= wanted;
    case '<=':
      return (value) => value <= wanted;
    case '>':
      return (value) => value > wanted;
    case '<':
      return (value) => value < wanted;
    case '~':
      return undefined;
  }
}

function countTerm(row: FieldRow, op: FilterOp, value: string): TermResult {
  const equality = op === ':' || op === '=' || op === '!=';
  const classOf = /^([1-9])xx$/i.exec(value);
  const range = /^(\d{1,9})(?:-|\.\.)(\d{1,9})$/.exec(value);
  if ((classOf || range) && !equality) return fail(`${row.field}${op} needs a plain number, not "${value}"`);
  const number = (test: NumberTest): TermResult => ({ ok: true, term: { type: 'number', test } });
  if (value === '*' && equality) return number(() => true);
  if (classOf) {
    const hundred = Number(classOf[1]);
    return number((status) => Math.floor(status / 100) === hundred);
  }
  if (range) {
    const from = Number(range[1]);
    const to = Number(range[2]);
    if (to < from) return fail(`${row.field} range ${value} ends before it begins`);
    return number((status) => status >= from && status <= to);
  }
  const test = /^\d{1,9}$/.test(value) ? orderTest(op, Number(value)) : undefined;
  return test
    ? number(test)
    : fail(`${row.field} takes a number, a class such as 4xx or a range such as 400-499, not "${value}"`);
}

const unitMs = new Map<string, number>([
  ['', 1],
  ['us', 0.001],
  ['µs', 0.001],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
]);

function durationTerm(row: FieldRow, op: FilterOp, value: string): TermResult {
  const found = /^(\d{1,9}(?:\.\d{1,6})?)(us|µs|ms|s|m)?$/.exec(value);
  const unit = found ? unitMs.get(found[2] ?? '') : undefined;
  const test = found && unit !== undefined ? orderTest(op, Number(found[1]) * unit) : undefined;
  return test
    ? { ok: true, term: { type: 'number', test } }
    : fail(`${row.field} takes a time such as 200ms or 1.5s with > >= < <=, not "${value}"`);
}

function severityTerm(row: FieldRow, op: FilterOp, value: string): TermResult {
  const level = severities.findIndex((name) => name === value.toLowerCase());
  const test = level < 0 ? undefined : orderTest(op, level);
  return test
    ? { ok: true, term: { type: 'number', test } }
    : fail(`${row.field} is one of ${severities.join(', ')}, not "${value}"`);
}

function headerTerm(op: FilterOp, value: string): TermResult {
  if (op !== ':' && op !== '=' && op !== '!=')
    return fail('write header:name, header:name=value or header:name~regex');
  const split = /[=:~]/.exec(value);
  const name = split ? value.slice(0, split.index) : value;
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return fail(`"${name}" is not a header name`);
  const nameTest = globTest(name);
  if (!split) return { ok: true, term: { type: 'header', name: nameTest } };
  const wanted = value.slice(split.index + 1);
  if (wanted === '') return fail(`header:${name} needs a value after ${split[0]}`);
  if (split[0] !== '~') return { ok: true, term: { type: 'header', name: nameTest, test: globTest(wanted) } };
  const regex = compileRegex(wanted);
  return regex.ok
    ? { ok: true, term: { type: 'header', name: nameTest, test: regex.test } }
    : fail(`the pattern for header:${name} ${regex.message}`);
}

/** Compiles one comparison. `!=` gives the same test as `=` with globs: the caller negates. */
export function compileTerm(field: string, op: FilterOp, value: string): TermResult {
  const row = fieldRow(field);
  if (!row) return fail(`there is no field "${field}"`);
  switch (row.kind) {
    case 'text':
      return textTerm(row, op, value);
    case 'count':
      return countTerm(row, op, value);
    case 'duration':
      return durationTerm(row, op, value);
    case 'severity':
      return severityTerm(row, op, value);
    case 'header':
      return headerTerm(op, value);
  }
}
