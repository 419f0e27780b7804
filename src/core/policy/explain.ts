// Why a flow or a hypothetical request is allowed or refused, in sentences; on demand, never per request. The verdict comes
// from the evaluator that enforces; only the words are made here.
import { millis, type Millis } from '../model/brand.ts';
import type { Endpoint, FlowEvent, Verdict } from '../model/event.ts';
import type { Decision } from '../model/exchange.ts';
import { createBuckets } from './buckets.ts';
import { withoutExpiry } from './compile-facts.ts';
import { compilePolicies } from './compile.ts';
import { judgement, strictPathCodes } from './decider.ts';
import {
  actionRefuse,
  actionThrottled,
  newDecision,
  resetDecision,
  shadowAsEnforced,
  strictParsing,
} from './decision.ts';
import { withBrokenCode } from './broken-verdict.ts';
import { describeVerdict, strictParsingName } from './describe-verdict.ts';
import {
  codeStep,
  nearest,
  readsRequests,
  stepOf,
  type ExplanationStep,
  type NearestMiss,
} from './explain-steps.ts';
import { createEvaluator } from './evaluator.ts';
import { createFieldChecks } from './field-checks.ts';
import { createHeadEncoder, factsOf, identityOf, type HttpFacts } from './request-facts.ts';
import type { Policy } from './schema.ts';
import { selectsSide, type ScopeIdentity } from './scope.ts';
import { nameOf } from './policy-name.ts';
import { byAttribution } from './specificity.ts';
import { openTables } from './tables.ts';
import { unreadableCode } from './unreadable-code.ts';
import { withRequestValues } from './verdict-values.ts';

export type { ExplanationStep, NearestMiss } from './explain-steps.ts';

/** A request nobody has sent (yet). Omit `method` for a stream that is not HTTP. */
export interface HypotheticalRequest {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly method?: string;
  readonly host?: string;
  /** Without query, as it would be sent. */
  readonly path?: string;
  readonly route?: string;
  readonly headers?: readonly (readonly [string, string])[];
}

/** Why a request is allowed or refused. */
export interface Explanation {
  /** One sentence. */
  readonly outcome: string;
  /** What the given policies say now; for throttles with full buckets. */
  readonly verdict: Verdict;
  readonly shadow?: Verdict;
  readonly steps: readonly ExplanationStep[];
  /** For what is allowed: the policy that came closest. */
  readonly nearestMiss?: NearestMiss;
}

/** What `policies` say to a request that would be sent at `nowMs`. */
export function explainRequest(
  policies: readonly Policy[],
  request: HypotheticalRequest,
  nowMs: Millis,
): Explanation {
  const { method, host = '', path = '/', route = '', headers = [] } = request;
  const http = method === undefined ? undefined : { method, host, path, route: route || path, headers };
  const who = identityOf(request.source, request.destination);
  return explain(policies, { who, http, unreadable: tunnelCode(http) }, nowMs);
}

/**
 * What `policies` say to a recorded flow, and what was done to it then where that differs (the policies may have changed,
 * or a throttle's bucket was empty). Values that were masked at capture count as unknown.
 */
export function explainFlow(policies: readonly Policy[], flow: FlowEvent, nowMs: Millis): Explanation {
  const who = identityOf(flow.source, flow.destination);
  const now = explain(policies, { who, http: factsOf(flow), unreadable: unreadableCode(flow) }, nowMs);
  const done = doneSentence(flow);
  if (done === undefined) return now;
  const same = now.verdict.action === flow.verdict.action && now.verdict.policy === flow.verdict.policy;
  const steps = same
    ? now.steps
    : [{ matched: false, text: `Judged by today's policies: ${now.outcome}` }, ...now.steps];
  const shadow = flow.shadow === undefined ? {} : { shadow: flow.shadow };
  return { outcome: done, verdict: flow.verdict, ...shadow, steps };
}

/** What was done, when it was not simply let through. */
function doneSentence({ verdict }: FlowEvent): string | undefined {
  const { action, policy, reason } = verdict;
  if (action === 'allow') return undefined;
  const why = reason === undefined ? '' : ` (${reason.replace(/\.$/, '')})`;
  const wait =
    verdict.retryAfterSeconds === undefined
      ? ''
      : `; the next token was due within ${verdict.retryAfterSeconds} s`;
  const verb = action === 'throttle' ? 'Throttled' : action === 'block' ? 'Refused' : 'Redacted';
  return `${verb} by ${policy ?? 'the agent'}${decidedBy(verdict)}${why}${wait}.`;
}

const decidedBy = ({ rule, field, value }: Verdict): string => {
  if (rule === undefined) return '';
  return `: ${rule}${field === undefined ? '' : `, ${field}${value === undefined ? '' : ` = ${value}`}`}`;
};

/** What is judged. */
interface Asked {
  readonly who: ScopeIdentity;
  /** Undefined for a stream that is not HTTP. */
  readonly http: HttpFacts | undefined;
  /** Code for which an enforcing policy on requests refuses it unread. */
  readonly unreadable: string | undefined;
}

function explain(policies: readonly Policy[], asked: Asked, nowMs: Millis): Explanation {
  const { who, http, unreadable } = asked;
  const { out, strict, ...verdicts } = judge(policies, asked, nowMs);
  const { verdict, shadow } = verdicts;
  const judged = candidates(policies, who).map((policy) => ({
    policy,
    checks: createFieldChecks(policy)(who, http),
  }));
  const nearestMiss = verdict.action === 'allow' ? nearest(judged, nowMs) : undefined;
  const reader = strict ? judged.find((each) => readsRequests(each, nowMs)) : undefined;
  const code = (verdict.policy === strictParsingName ? verdict.rule : undefined) ?? unreadable;
  return {
    outcome: outcomeOf(verdict, out.action === actionThrottled ? out.retryAfterMs : 0, out.limitRemaining),
    verdict,
    ...(shadow === undefined ? {} : { shadow }),
    steps: [
      ...codeStep(code, strict, reader?.policy),
      ...judged.map((each) => stepOf(each, nowMs)),
      ...shadowStep(shadow),
    ],
    ...(nearestMiss === undefined ? {} : { nearestMiss }),
  };
}

interface Judgement {
  readonly out: Decision;
  /** An enforcing policy needs to read requests here: strict reading refuses what is unreadable. */
  readonly strict: boolean;
  readonly verdict: Verdict;
  readonly shadow?: Verdict;
}

/** The verdict of the evaluator that enforces, in words. */
function judge(policies: readonly Policy[], { who, http, unreadable }: Asked, nowMs: Millis): Judgement {
  const snapshot = compilePolicies(policies, { generation: 0, nowMs });
  const evaluator = createEvaluator(snapshot.buffer, createBuckets());
  const scope = evaluator.scope(who);
  const out = newDecision();
  if (http === undefined) evaluator.decideOpaque(scope, nowMs, out);
  else evaluator.decide(scope, createHeadEncoder().encode(http, true), http.route, nowMs, out);
  const strict = evaluator.judges(scope, nowMs) === judgement.l7;
  if (strict && unreadable !== undefined) refuseUnread(out, unreadable);
  const words = describeVerdict(out, snapshot, {
    normalisedPath: evaluator.normalisedPath(),
    principal: who.source.principal,
  });
  const complete = (verdict: Verdict): Verdict =>
    withBrokenCode(withRequestValues(verdict, http?.host), unreadable ?? '');
  return {
    out,
    strict,
    verdict: complete(words.verdict),
    ...(words.shadow === undefined ? {} : { shadow: complete(words.shadow) }),
  };
}

function refuseUnread(out: Decision, code: string): void {
  resetDecision(out);
  out.action = actionRefuse;
  out.policy = strictParsing;
  out.rule = strictPathCodes.findIndex((known) => known === code);
  shadowAsEnforced(out);
}

/** A tunnel hides what goes through it, whoever asks for it. */
const tunnelCode = (http: HttpFacts | undefined): string | undefined =>
  http?.method === 'CONNECT' ? 'CONNECT_TUNNEL' : undefined;

/** Policies looked at field by field; of more, those that select both ends come first, then those that select one. */
const maxJudged = 200;

function candidates(policies: readonly Policy[], who: ScopeIdentity): readonly Policy[] {
  if (policies.length <= maxJudged) return [...policies].sort(byAttribution);
  const always = policies.map((policy): Policy =>
    withoutExpiry({ ...policy, spec: { ...policy.spec, mode: 'Enforce' } }),
  );
  const all = compilePolicies(always, { generation: 0, nowMs: millis(0) });
  const tables = openTables(all.buffer);
  const byName = new Map(policies.map((policy) => [nameOf(policy), policy]));
  const ends = (index: number): number =>
    (selectsSide(tables, { policy: index, side: 'source' }, who) === 0 ? 0 : 1) +
    (selectsSide(tables, { policy: index, side: 'destination' }, who) === 0 ? 0 : 1);
  return all.names
    .map((name, index) => ({ policy: byName.get(name), ends: ends(index) }))
    .toSorted((a, b) => b.ends - a.ends)
    .slice(0, maxJudged)
    .flatMap(({ policy }) => (policy === undefined ? [] : [policy]));
}

function outcomeOf(verdict: Verdict, waitMs: number, tokensLeft: number): string {
  const { action, policy, reason } = verdict;
  const because = reason === undefined ? '' : ` ${reason.replace(/\.?$/, '.')}`;
  if (action === 'throttle')
    return `Throttled by ${policy ?? ''}${decidedBy(verdict)}; next token in ${waitMs} ms.${because}`;
  if (action === 'block') return `Refused by ${policy ?? ''}${decidedBy(verdict)}.${because}`;
  if (policy !== undefined) return `Let through although ${policy} could not be evaluated.${because}`;
  if (tokensLeft > 0)
    return `Allowed: a throttle applies and has ${tokensLeft} tokens left after this request.`;
  return 'Allowed: no Block or Throttle in force matches, and the default is to allow.';
}

function shadowStep(shadow: Verdict | undefined): ExplanationStep[] {
  if (shadow === undefined) return [];
  const by = shadow.policy === undefined ? '' : ` by ${shadow.policy}${decidedBy(shadow)}`;
  return [{ matched: true, text: `With the shadow policies in force it would be: ${shadow.action}${by}.` }];
}
