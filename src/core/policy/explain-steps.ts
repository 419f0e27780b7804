// What explain says of each policy it looked at: the field in the way, why one that matches does nothing, which came closest.
// Knows the checks of one request, not how it was judged.
import type { Millis } from '../model/brand.ts';
import { expiryOf } from './compile-facts.ts';
import type { FieldCheck } from './field-checks.ts';
import { refusalWords } from './refusal-code.ts';
import type { Policy } from './schema.ts';
import { nameOf } from './policy-name.ts';

/** One thing that was looked at, as a sentence. */
export interface ExplanationStep {
  /** Policy this step is about; absent for steps that concern all. */
  readonly policy?: string;
  readonly matched: boolean;
  readonly text: string;
}

/** The policy that came closest to deciding, and what kept it from it. */
export interface NearestMiss {
  readonly policy: string;
  /** The first field that kept it from matching, e.g. `match.http.paths`. */
  readonly rule: string;
  /** One sentence. */
  readonly text: string;
}

/** One policy against one request, field by field. */
export interface Judged {
  readonly policy: Policy;
  readonly checks: readonly FieldCheck[];
}

/** Whether a policy in force selects both ends and asks for something only a readable request has. */
export function readsRequests({ policy, checks }: Judged, nowMs: Millis): boolean {
  const { match, action } = policy.spec;
  const asks = match !== undefined || action.type === 'Throttle';
  const ends = checks.filter(({ field }) => ['source', 'destination', 'port'].includes(field));
  return asks && inForce(policy, nowMs) && ends.every(({ result }) => result !== 'miss');
}

/** What strict reading found: the code, what it means, where the rule comes from, and why it counts here or not. */
export function codeStep(
  code: string | undefined,
  strict: boolean,
  reader: Policy | undefined,
): ExplanationStep[] {
  if (code === undefined) return [];
  const words = refusalWords(code);
  const says =
    words === undefined
      ? `${code}, a code that this version does not know.`
      : `${code}. ${words.meaning} The rule comes from ${words.source}.`;
  const because = reader === undefined ? 'a policy in force' : nameOf(reader);
  const counts = strict
    ? `Such requests are refused because ${because} needs to read requests here.`
    : 'No policy in force needs to read requests here, so that it is not refused for this.';
  return [{ matched: strict, text: `Strict reading found ${says} ${counts}` }];
}

/** Why a policy that matches does nothing, in words; undefined when it is in force. */
function idle(policy: Policy, nowMs: Millis): string | undefined {
  const { spec } = policy;
  if (spec.mode === 'Off') return 'its mode is Off';
  if (nowMs >= expiryOf(policy)) return `it expired at ${spec.expiresAt ?? ''}`;
  return undefined;
}

/** What there is to say of one policy. */
export function stepOf({ policy, checks }: Judged, nowMs: Millis): ExplanationStep {
  const name = nameOf(policy);
  const { action, mode } = policy.spec;
  const failing = checks.find(({ result }) => result !== 'match');
  const label = `${name} (${action.type}, ${mode})`;
  if (failing !== undefined)
    return { policy: name, matched: false, text: `${label} does not match: ${missSentence(failing)}` };
  const why = idle(policy, nowMs);
  const facts = checks.map(({ field, actual }) => `${field} ${actual}`).join(', ');
  if (why !== undefined)
    return { policy: name, matched: false, text: `${label} would match (${facts}), but ${why}.` };
  return { policy: name, matched: true, text: `${label} matches: ${facts}.` };
}

function missSentence({ field, rule, result, wanted, actual }: FieldCheck): string {
  if (result === 'unknown') return `${rule} asks for ${field} ${wanted}, which cannot be told (${actual}).`;
  return `${rule} wants ${field} ${wanted}, and this is ${actual}.`;
}

/**
 * The policy with the fewest fields in the way, of those the most that fit. A policy that fits but is Off, expired or in
 * Shadow is the nearest of all.
 */
export function nearest(judged: readonly Judged[], nowMs: Millis): NearestMiss | undefined {
  const ranked = judged
    .map((each) => ({
      ...each,
      missing: each.checks.filter(({ result }) => result !== 'match').length,
      fitting: each.checks.filter(({ result }) => result === 'match').length,
    }))
    .filter(({ policy, missing, fitting }) => fitting > 0 && (missing > 0 || !inForce(policy, nowMs)))
    .toSorted((a, b) => a.missing - b.missing || b.fitting - a.fitting);
  const [closest] = ranked;
  if (closest === undefined) return undefined;
  const { policy, checks } = closest;
  const name = nameOf(policy);
  const failing = checks.find(({ result }) => result !== 'match');
  if (failing !== undefined)
    return { policy: name, rule: failing.rule, text: `${name} came closest: ${missSentence(failing)}` };
  const why = idle(policy, nowMs);
  return why === undefined
    ? { policy: name, rule: 'mode', text: `${name} fits in every field, but it is only in Shadow.` }
    : {
        policy: name,
        rule: policy.spec.mode === 'Off' ? 'mode' : 'expiresAt',
        text: `${name} fits in every field, but ${why}.`,
      };
}

const inForce = (policy: Policy, nowMs: Millis): boolean =>
  policy.spec.mode === 'Enforce' && nowMs < expiryOf(policy);
