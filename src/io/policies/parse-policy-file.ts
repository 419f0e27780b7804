// The text of one policy file to its objects, or to the one reason why none of it counts. Pure; never throws.
// Line numbers come from the YAML nodes, so that a rejection points at the field and not at the object.
import { LineCounter, isScalar, parseAllDocuments } from 'yaml';
import type { Document } from 'yaml';
import type { PolicyName } from '../../core/model/brand.ts';
import { nameOf } from '../../core/policy/policy-name.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { PolicyRejection } from '../../core/policy/store.ts';
import { acceptPolicy } from './accept-policy.ts';
import { policyLimits } from './policy-limits.ts';
import { offsetOf } from '../yaml/offset-of.ts';

/** One object of a file, and where it stands. */
export interface FilePolicy {
  readonly name: PolicyName;
  readonly policy: Policy;
  /** 1-based. */
  readonly line: number;
  /** Which document of the file. */
  readonly document: number;
}

/** A file’s objects, or the reason why none counts; `object` is what a wrong document held. */
export type PolicyFileRead =
  | { readonly ok: true; readonly policies: readonly FilePolicy[] }
  | { readonly ok: false; readonly rejection: PolicyRejection; readonly object?: unknown };

type Rejected = Extract<PolicyFileRead, { ok: false }>;
type Doc = Document.Parsed;

/** One object a file is usual, several documents are read; one wrong document rejects the whole file. */
export function parsePolicyFile(file: string, text: string): PolicyFileRead {
  const reject = (code: string, reason: string, at: Place = {}): Rejected => ({
    ok: false,
    rejection: rejectionAt(file, { code, reason, ...at }),
  });
  if (text.trim() === '') return reject('POLICY_FILE_EMPTY', 'it is empty; delete it to remove its policies');
  if (nestsTooDeep(text)) return reject('YAML_TOO_DEEP', tooDeep);
  const lines = new LineCounter();
  let documents: Doc[];
  try {
    documents = parseAllDocuments(text, { lineCounter: lines, logLevel: 'silent' }).filter(isDocument);
  } catch {
    return reject('YAML_TOO_DEEP', tooDeep);
  }
  const policies: FilePolicy[] = [];
  for (const [index, document] of documents.entries()) {
    const read = readDocument(document, lines);
    if (read.type === 'empty') continue;
    if (read.type === 'wrong') {
      const rejected = reject(read.code, read.reason, read.at);
      return read.object === undefined ? rejected : { ...rejected, object: read.object };
    }
    const name = nameOf(read.policy);
    const twin = policies.find((one) => one.name === name);
    if (twin !== undefined)
      return reject('DUPLICATE_NAME', `${name} stands in it twice, first at line ${twin.line}`, {
        line: read.line,
      });
    policies.push({ name, policy: read.policy, line: read.line, document: index });
  }
  return { ok: true, policies };
}

const tooDeep = `its nesting is deeper than any policy: at most ${policyLimits.depth} levels are read`;

/**
 * Before the parser, which recurses: levels opened on one line by `- ` and `? `, and by brackets in all. Brackets within texts
 * count too; a policy has nowhere near as many.
 */
function nestsTooDeep(text: string): boolean {
  let brackets = 0;
  for (const line of text.split('\n')) {
    let at = 0;
    let marks = 0;
    for (; at < line.length && ' \t-?'.includes(line.charAt(at)); at += 1)
      if (line.charAt(at) === '-' || line.charAt(at) === '?') marks += 1;
    if (marks > policyLimits.depth && !/^-+\s*$/.test(line)) return true;
    for (; at < line.length; at += 1) {
      const char = line.charAt(at);
      if (char === '[' || char === '{') brackets += 1;
      else if ((char === ']' || char === '}') && brackets > 0) brackets -= 1;
      if (brackets > policyLimits.depth) return true;
    }
  }
  return false;
}

interface Reason extends Place {
  readonly code: string;
  /** A part of a sentence, after the place and a colon. */
  readonly reason: string;
}

interface Place {
  readonly line?: number;
  readonly field?: string;
}

/** The sentence names file, line, field and reason, so that it can be shown alone. */
export function rejectionAt(file: string, { code, reason, ...at }: Reason): PolicyRejection {
  const line = at.line === undefined ? '' : `, line ${at.line}`;
  const field = at.field === undefined || at.field === '' ? '' : `, ${at.field}`;
  return { file, ...at, code, message: `${file}${line}${field}: ${ended(reason)}` };
}

/** A reason as the end of a sentence; a question has its own mark. */
const ended = (reason: string): string => (/[.?]$/.test(reason) ? reason : `${reason}.`);

type DocumentRead =
  | { readonly type: 'policy'; readonly policy: Policy; readonly line: number }
  | { readonly type: 'empty' }
  | {
      readonly type: 'wrong';
      readonly code: string;
      readonly reason: string;
      readonly at: Place;
      readonly object?: unknown;
    };

const isDocument = (value: unknown): value is Doc =>
  typeof value === 'object' && value !== null && 'contents' in value;

function readDocument(document: Doc, lines: LineCounter): DocumentRead {
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  // A warning is, say, an unknown tag: what it would mean to the author is not what we would read.
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const reason =
      problem.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'it is not YAML';
    return { type: 'wrong', code: 'YAML_INVALID', reason, at: { line: lineAt(problem.pos[0]) } };
  }
  const { contents } = document;
  if (contents === null || isBlank(contents)) return { type: 'empty' };
  const start = lineAt(contents.range[0]);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: policyLimits.aliases });
  } catch (error) {
    if (error instanceof RangeError)
      return { type: 'wrong', code: 'YAML_TOO_DEEP', reason: tooDeep, at: { line: start } };
    const reason = error instanceof Error ? error.message : 'it cannot be read';
    return { type: 'wrong', code: 'YAML_INVALID', reason, at: { line: start } };
  }
  const parsed = acceptPolicy(value);
  if (parsed.ok) return { type: 'policy', policy: parsed.policy, line: start };
  const at = { line: lineAt(offsetOf(contents, parsed.path)), field: fieldText(parsed.path) };
  return { type: 'wrong', code: parsed.code, reason: parsed.message, at, object: value };
}

/** Nothing but comments: a policy somebody switched off by commenting it out. */
function isBlank(contents: NonNullable<Doc['contents']>): boolean {
  return isScalar(contents) && contents.value === null && contents.source === '';
}

/** `spec.from.peers[0].cidr`. */
const fieldText = (path: readonly (string | number)[]): string =>
  path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('');
