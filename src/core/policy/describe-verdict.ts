// Decision numbers → the verdict of an event: policy, rule, field and normalised value by name. Main thread only.
import type { Verdict } from '../model/event.ts';
import { actionCodes, type Decision } from '../model/exchange.ts';
import { noPolicy, strictParsing } from './decision.ts';
import { strictPathCodes } from './decider.ts';
import { strictPathWords } from './refusal-code.ts';
import type { Policy } from './schema.ts';
import type { Snapshot } from './snapshot.ts';

/** A decision in words. */
export interface DescribedVerdict {
  readonly verdict: Verdict;
  /** Only where "enforced set plus shadow set" would have acted differently. */
  readonly shadow?: Verdict;
}

/** `Verdict.policy` where the strict reading of the request refused, not a policy. */
export const strictParsingName = '(strict-parsing)';

type Words = Pick<Snapshot, 'policies' | 'names' | 'rules'>;

/** A decision of this snapshot's evaluator, in words. */
export function describeVerdict(
  decision: Decision,
  snapshot: Words,
  request: RequestWords,
): DescribedVerdict {
  const { action, policy, rule, retryAfterMs, indeterminate } = decision;
  const enforced = wordsOf(snapshot, { action, policy, rule, retryAfterMs, indeterminate }, request);
  const verdict: Verdict = { ...enforced, mode: 'enforce' };
  if (decision.shadowAction === action) return { verdict };
  const would = {
    action: decision.shadowAction,
    policy: decision.shadowPolicy,
    rule: decision.shadowRule,
    retryAfterMs: decision.shadowRetryAfterMs,
    indeterminate: false,
  };
  return { verdict, shadow: { ...wordsOf(snapshot, would, request), mode: 'shadow' } };
}

interface Outcome {
  readonly action: number;
  readonly policy: number;
  readonly rule: number;
  readonly retryAfterMs: number;
  readonly indeterminate: boolean;
}

/** Values of the request that no table of the snapshot holds; '' where they are not known. */
export interface RequestWords {
  /** The reading of the path that decided. */
  readonly normalisedPath: string;
  /** The caller's: the value where the source decided. */
  readonly principal: string;
}

function wordsOf(snapshot: Words, outcome: Outcome, request: RequestWords): Omit<Verdict, 'mode'> {
  const action = actionCodes[outcome.action] ?? 'allow';
  if (outcome.policy === strictParsing) return strictWords(action, outcome.rule, request.normalisedPath);
  const policy = outcome.policy === noPolicy ? undefined : snapshot.policies[outcome.policy];
  if (policy === undefined) return { action };
  const rule = snapshot.rules[outcome.rule];
  return {
    action,
    policy: snapshot.names[outcome.policy] ?? '',
    ...(rule === undefined ? {} : fieldOf(policy, rule, request)),
    ...reasonOf(policy, outcome),
    ...(outcome.retryAfterMs > 0 ? { retryAfterSeconds: Math.ceil(outcome.retryAfterMs / 1000) } : {}),
  };
}

function strictWords(action: Verdict['action'], code: number, path: string): Omit<Verdict, 'mode'> {
  const name = strictPathCodes[code];
  const base = { action, policy: strictParsingName };
  // What the parser itself refused has its code in the event's `broken`; no field of it can be trusted.
  if (name === undefined) return { ...base, field: 'request' };
  return {
    ...base,
    rule: name,
    field: 'path',
    ...(path === '' ? {} : { value: path }),
    reason: strictPathWords[name].meaning,
  };
}

function reasonOf(policy: Policy, { action, indeterminate }: Outcome): { reason?: string } {
  const { reason } = policy.spec;
  if (!indeterminate) return reason === undefined ? {} : { reason };
  const failure = actionCodes[action] === 'allow' ? 'Open: let through' : 'Closed: refused';
  const missing =
    policy.spec.match === undefined && policy.spec.action.type === 'Block'
      ? 'address or labels'
      : 'HTTP fields';
  return {
    reason: `Cannot be evaluated here: the ${missing} it asks for cannot be seen. Its failure is ${failure}.`,
  };
}

/** Headers whose values must not travel in events, even where a policy spells them out. */
const secretName = /auth|cookie|key|token|secret|session|passw/;

/** The request's field a rule looks at, and the value that met it. */
function fieldOf(
  policy: Policy,
  rule: string,
  { normalisedPath, principal }: RequestWords,
): Pick<Verdict, 'rule' | 'field' | 'value'> {
  const [, list = '', at = '0', valueAt = '0'] =
    /^match\.http\.(\w+)\[(\d+)\](?:\.values\[(\d+)\])?$/.exec(rule) ?? [];
  const http = policy.spec.match?.http;
  const index = Number(at);
  switch (list) {
    case 'paths':
      return { rule, field: 'path', ...(normalisedPath === '' ? {} : { value: normalisedPath }) };
    case 'hosts':
      return { rule, field: 'host', value: (http?.hosts?.[index] ?? '').toLowerCase() };
    case 'methods':
      return { rule, field: 'method', value: http?.methods?.[index] ?? '' };
    case 'headers': {
      const header = http?.headers?.[index];
      const name = (header?.name ?? '').toLowerCase();
      const value = secretName.test(name) ? '(hidden)' : (header?.values[Number(valueAt)] ?? '');
      return { rule, field: `header:${name}`, value };
    }
    default:
      return { rule, field: 'source', ...(principal === '' ? {} : { value: principal }) };
  }
}
