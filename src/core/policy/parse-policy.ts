// Turns an unknown value (YAML, a feed frame) into a policy, or says where and why not. Strict: one unknown field or
// mode rejects the whole object, because ignoring it could widen or enforce what was not meant. Knows no file and no store.
import type { z } from 'zod';
import { nearest } from '../filter/nearest.ts';
import { knownFields } from './known-fields.ts';
import {
  clusterFlowPolicySchema,
  flowPolicySchema,
  type ClusterFlowPolicy,
  type FlowPolicy,
  type Policy,
} from './schema.ts';
import { foreignDestination } from './tenancy.ts';
import { valueAt } from './value-at.ts';

/** Why an object is no policy: a stable code, the place in the object and a sentence naming it. */
export interface PolicyRejection {
  readonly ok: false;
  readonly code: string;
  readonly message: string;
  readonly path: readonly (string | number)[];
}
/** The policy, or why the object is none that this agent can enforce. */
export type ParsedPolicy = { readonly ok: true; readonly policy: Policy } | PolicyRejection;
/** The same of one kind. */
type Parsed<Kind> = { readonly ok: true; readonly policy: Kind } | PolicyRejection;

type Issue = z.core.$ZodIssue;

/** Never throws. One problem is reported, unknown fields first: they most often explain the rest. */
export const parsePolicy = (value: unknown): ParsedPolicy =>
  isOfCluster(value) ? parseClusterPolicy(value) : parseFlowPolicy(value);

const policyKinds = ['FlowPolicy', 'ClusterFlowPolicy'] as const;

/** What says of itself that it is cluster-wide; all else is read as a FlowPolicy. */
const isOfCluster = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'ClusterFlowPolicy';

function parseFlowPolicy(value: unknown): Parsed<FlowPolicy> {
  const checked = check(value, flowPolicySchema, 'FlowPolicy');
  if (!checked.ok) return checked;
  const foreign = foreignDestination(checked.policy);
  return foreign === -1 ? checked : foreignRejection(checked.policy, foreign);
}

/** The cluster-scoped kind may select anywhere and therefore says where. */
const parseClusterPolicy = (value: unknown): Parsed<ClusterFlowPolicy> =>
  check(value, clusterFlowPolicySchema, 'ClusterFlowPolicy');

function check<T>(value: unknown, schema: z.ZodType<T>, kind: string): Parsed<T> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return reject(
      'POLICY_NOT_OBJECT',
      [],
      `A ${kind} is an object with apiVersion, kind, metadata and spec.`,
    );
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, policy: parsed.data };
  const problems = parsed.error.issues.flatMap((issue) => unfold(issue, []));
  const unknown = problems.find(({ issue }) => issue.code === 'unrecognized_keys');
  if (unknown?.issue.code === 'unrecognized_keys')
    return unknownField(unknown.path, unknown.issue.keys[0] ?? '', {
      kind,
      known: knownFields(schema, unknown.path),
    });
  return rejection(problems[0], value, kind);
}

/** `spec.from.peers[0].name`. */
export function spellPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

interface Problem {
  readonly issue: Issue;
  readonly path: readonly PropertyKey[];
}

/** A union's issues are those of the member that came closest; its own says only that none fits. */
function unfold(issue: Issue, base: readonly PropertyKey[]): Problem[] {
  const path = [...base, ...issue.path];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ issue, path }];
  const branches = issue.errors.map((issues) => issues.flatMap((inner) => unfold(inner, path)));
  const closest = branches.toSorted((a, b) => distance(a, path) - distance(b, path))[0] ?? [];
  return closest.length === 0 ? [{ issue, path }] : closest;
}

/** A member that complains only deep inside was meant; one that lacks a field or refuses one at its top was not. */
const distance = (problems: readonly Problem[], base: readonly PropertyKey[]): number =>
  problems.reduce((sum, { issue, path }) => {
    const shallow = path.length <= base.length + 1 ? 10 : 0;
    return sum + 1 + shallow + (issue.code === 'unrecognized_keys' ? issue.keys.length : 0);
  }, 0);

function rejection(problem: Problem | undefined, value: unknown, kind: string): PolicyRejection {
  if (problem === undefined) return reject('POLICY_INVALID', [], `This is no ${kind}.`);
  const { issue, path } = problem;
  if (valueAt(value, path) === undefined)
    return reject('POLICY_MISSING_FIELD', path, missingSentence(issue, path));
  if (issue.code === 'invalid_value') {
    const choices = path.length === 1 && path[0] === 'kind' ? policyKinds : issue.values;
    return wrongChoice(path, choices, valueAt(value, path));
  }
  if (issue.code === 'invalid_type' && issue.expected === 'array') return noList(path, valueAt(value, path));
  if (issue.code === 'invalid_key') return wrongKey(path, issue.issues[0]?.message);
  if (issue.code === 'invalid_union') return unionRejection(issue, path, valueAt(value, path));
  return reject(
    'POLICY_INVALID_VALUE',
    path,
    `${spellPath(path)} ${plainReason(issue)}${shown(valueAt(value, path))}.`,
  );
}

/** Fields of an action that only one type of it has. */
const actionOwning: ReadonlyMap<string, string> = new Map([
  ['block', 'Block'],
  ['throttle', 'Throttle'],
]);

function unknownField(
  path: readonly PropertyKey[],
  key: string,
  { kind, known }: { readonly kind: string; readonly known: readonly string[] },
): PolicyRejection {
  const owner = path.at(-1) === 'action' ? actionOwning.get(key) : undefined;
  if (owner !== undefined)
    return reject(
      'POLICY_UNKNOWN_FIELD',
      [...path, key],
      `${spellPath(path)} has no field ${quote(key)} here: ${key} belongs to type ${owner}.`,
    );
  const guess = nearest(key, known);
  const where = path.length === 0 ? `A ${kind}` : spellPath(path);
  const hint = guess === undefined ? '' : ` Did you mean ${guess}?`;
  return reject(
    'POLICY_UNKNOWN_FIELD',
    [...path, key],
    `${where} has no field ${quote(key)}.${hint} It takes ${known.join(', ')}; a field that is not understood rejects the whole policy.`,
  );
}

/** `paths: /zz`, where a list was meant. */
function noList(path: readonly PropertyKey[], actual: unknown): PolicyRejection {
  const isPlain = typeof actual === 'string' || typeof actual === 'number';
  const how = isPlain ? `; write ${String(path.at(-1))}: [${quote(String(actual))}]` : '';
  return reject('POLICY_INVALID_VALUE', path, `${spellPath(path)} must be a list${how}.`);
}

/** Of a map, such as labels. */
function wrongKey(path: readonly PropertyKey[], says = 'is none'): PolicyRejection {
  const name = quote(String(path.at(-1)));
  return reject(
    'POLICY_INVALID_VALUE',
    path,
    `${spellPath(path.slice(0, -1))} has the name ${name}: it ${says}.`,
  );
}

function missingSentence(issue: Issue, path: readonly PropertyKey[]): string {
  if (path.at(-1) === 'scope')
    return `${spellPath(path.slice(0, -1))} says nobody: it needs a list of peers, or \`scope: All\` for everyone in so many words.`;
  const choices = issue.code === 'invalid_value' ? `: one of ${issue.values.map(String).join(', ')}` : '';
  const side =
    path.at(-1) === 'from' || path.at(-1) === 'to' ? ': a list of peers, or `scope: All` for everyone' : '';
  return `${spellPath(path)} is missing${choices}${side}; it is required.`;
}

function wrongChoice(
  path: readonly PropertyKey[],
  values: readonly unknown[],
  actual: unknown,
): PolicyRejection {
  const words = values.map(String);
  const guess = typeof actual === 'string' ? nearest(actual, words) : undefined;
  const hint = guess === undefined || words.length === 1 ? '' : ` Did you mean ${guess}?`;
  const choice = words.length === 1 ? `must be ${words.join('')}` : `must be one of ${words.join(', ')}`;
  const code = path.at(-1) === 'mode' ? 'POLICY_UNKNOWN_MODE' : 'POLICY_INVALID_VALUE';
  return reject(code, path, `${spellPath(path)} ${choice}${shown(actual)}.${hint}`);
}

function unionRejection(issue: Issue, path: readonly PropertyKey[], actual: unknown): PolicyRejection {
  const sentence =
    path.at(-1) === 'action' || path.at(-1) === 'type'
      ? `must be one of Block, Throttle`
      : plainReason(issue);
  return reject('POLICY_INVALID_VALUE', path, `${spellPath(path)} ${sentence}${shown(actual)}.`);
}

/** zod's own sentences start with "Invalid input: …" or "Too small: …"; ours say what must be. */
function plainReason(issue: Issue): string {
  const message = issue.message.replace(/^Invalid input: /, 'is wrong: ').replace(/\.$/, '');
  return /^(must|may|has|needs|is) /.test(message) ? message : `is wrong: ${message}`;
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `, not ${quote(String(value))}` : '';
}

/** A value from outside, safe to print and bounded. */
const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);

function foreignRejection(policy: FlowPolicy, index: number): PolicyRejection {
  const path = ['spec', 'to', 'peers', index];
  return reject(
    'POLICY_FOREIGN_DESTINATION',
    path,
    `${spellPath(path)} is outside namespace ${policy.metadata.namespace}: a FlowPolicy protects destinations of its own namespace, unless all its sources are of that namespace.`,
  );
}

function reject(code: string, path: readonly PropertyKey[], message: string): PolicyRejection {
  return {
    ok: false,
    code,
    message,
    path: path.map((part) => (typeof part === 'symbol' ? String(part) : part)),
  };
}
