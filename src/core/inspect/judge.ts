// Puts one question to policy and turns the answer into what the connection does. Knows no bytes but the head's.
import type { Decision, Exchange } from '../model/exchange.ts';
import type { HeadView } from '../model/head-view.ts';
import { strictPathCodes, type Decider } from '../policy/decider.ts';
import { newDecision } from '../policy/decision.ts';
import type { AnswerLimit } from '../protocol/http1/answers.ts';
import type { BrokenCode } from '../protocol/http1/broken-code.ts';
import { parsed } from '../protocol/http1/message-parser.ts';
import { RequestParser } from '../protocol/http1/request-parser.ts';
import { refusal, type Slot } from './slot.ts';
import type { Talk } from './talk.ts';

const block = 1;
const throttle = 2;
const strictParsing = -2;

const refuses = (decision: Decision): boolean => decision.action === block || decision.action === throttle;

function refusalOf(decision: Decision): number {
  if (!refuses(decision)) return refusal.none;
  if (decision.policy === strictParsing) return 400;
  if (decision.answer === 1) return refusal.resets;
  return decision.action === block ? 403 : 429;
}

/** Asked at once: when the answer's turn comes, another snapshot may number its policies differently. */
function limitOf(decider: Decider, decision: Decision): AnswerLimit | undefined {
  const terms = decider.throttleTerms?.(decision.policy);
  if (terms === undefined) return undefined;
  return { ...terms, quota: decision.limitBurst, remaining: decision.limitRemaining };
}

/** Judges a complete head; the outcome stands in the slot. */
export function judgeRequest(talk: Talk, slot: Slot, head: HeadView): void {
  const { exchange } = slot;
  const { decision } = exchange;
  const decider = talk.decider();
  decider.decide(talk.scope, head, exchange.route, talk.now, decision);
  exchange.generation = decider.generation;
  if (decision.policy === strictParsing) exchange.broken = strictPathCodes[decision.rule] ?? '';
  if (decision.policy !== -1 || decision.shadowPolicy !== -1)
    exchange.normalisedPath = decider.normalisedPath?.() ?? '';
  slot.refusal = refusalOf(decision);
  if (slot.refusal === 429) slot.limit = limitOf(decider, decision);
  if (slot.refusal !== refusal.none) exchange.blockId = talk.options.randomId();
  else if (talk.connectFailure !== 0) {
    slot.refusal = talk.connectFailure;
    exchange.cut = talk.ending;
    slot.last = true;
  }
}

/** Strict parsing refuses this exchange: 400 and the end of the connection. */
export function refuseBroken(talk: Talk, slot: Slot, code: BrokenCode): void {
  const { exchange } = slot;
  exchange.broken = code;
  exchange.generation = talk.decider().generation;
  const { decision } = exchange;
  decision.action = decision.shadowAction = block;
  decision.policy = decision.shadowPolicy = strictParsing;
  decision.rule = decision.shadowRule = -1;
  exchange.blockId = talk.options.randomId();
  slot.refusal = 400;
  slot.last = true;
}

/**
 * Judges a stream that cannot be read as HTTP. False when it was refused: then the connection has been reset and observed.
 */
export function admitOpaque(talk: Talk, slot: Slot): boolean {
  const { exchange } = slot;
  const decider = talk.decider();
  decider.decideOpaque(talk.scope, talk.now, exchange.decision);
  exchange.generation = decider.generation;
  if (!refuses(exchange.decision)) return true;
  exchange.blockId = talk.options.randomId();
  talk.finish('reset', 'policy-cut');
  return false;
}

/** Whether policy refuses this connection for not being HTTP at all; decides nothing. */
export function opaqueRefused(talk: Talk): boolean {
  const decision = newDecision();
  talk.decider().decideOpaque(talk.scope, talk.now, decision);
  return refuses(decision);
}

/** Opaque streams that no enforcing policy on requests lets begin, whatever its `failure` says: open ones are cut when one comes. */
const hidingCodes: ReadonlyMap<string, BrokenCode> = new Map([
  ['h2', 'H2_PRIOR_KNOWLEDGE'],
  ['connect', 'CONNECT_TUNNEL'],
  // The strict parser's word on a first byte that no text begins with.
  ['unknown', 'BAD_METHOD'],
]);

/** TLS that no policy watched when it began, and that upstream has not answered: nobody knows yet what it is. */
function hidingCode({ tls }: Talk, { opaque }: Exchange): BrokenCode | undefined {
  if (tls !== undefined && !tls.strict && !tls.upstream.begun) return 'TLS_FRAMING';
  return hidingCodes.get(opaque);
}

/** A new snapshot: is this opaque exchange now refused? Fills its decision when it is. */
export function nowRefused(talk: Talk, slot: Slot): boolean {
  const { exchange } = slot;
  const fresh = newDecision();
  const decider = talk.decider();
  const unreadable = exchange.broken === '' ? hidingCode(talk, exchange) : exchange.broken;
  if (
    unreadable !== undefined &&
    talk.mustRead() &&
    !(exchange.opaque === 'unknown' && opaqueRefused(talk))
  ) {
    refuseBroken(talk, slot, unreadable as BrokenCode);
    return true;
  }
  if (!redecide(talk, slot, fresh)) decider.decideOpaque(talk.scope, talk.now, fresh);
  // A throttle limits new requests; it cuts nothing that was admitted.
  if (fresh.action !== block) return false;
  Object.assign(exchange.decision, fresh);
  exchange.generation = decider.generation;
  exchange.blockId = talk.options.randomId();
  return true;
}

/** An upgraded or tunnelled connection was admitted as a request: judge that request again from its kept head. */
function redecide(talk: Talk, slot: Slot, into: Decision): boolean {
  const { exchange } = slot;
  if (exchange.headLength === 0 || exchange.broken !== '') return false;
  const parser = new RequestParser(talk.workspace.heads);
  if (parser.push(exchange.head, 0, exchange.headLength) !== parsed.head) return false;
  talk.decider().judge(talk.scope, parser.view, exchange.route, talk.now, into);
  parser.releaseHead();
  return true;
}
