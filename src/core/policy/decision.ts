// The few ways a Decision is filled. Numbers only; allocates nothing.
import { actionCodes, type Decision } from '../model/exchange.ts';

/** `Decision.action` of what is let through. */
export const actionAllow = actionCodes.indexOf('allow');
/** `Decision.action` of what is blocked. */
export const actionRefuse = actionCodes.indexOf('block');
/** `Decision.action` of what a throttle refuses. */
export const actionThrottled = actionCodes.indexOf('throttle');
/** `Decision.policy` where no policy decided. */
export const noPolicy = -1;
/** `Decision.policy` where strict parsing refused; `rule` is then an index into `strictPathCodes`. */
export const strictParsing = -2;

/** A decision that allows by default. */
export function newDecision(): Decision {
  return {
    action: actionAllow,
    policy: noPolicy,
    rule: -1,
    indeterminate: false,
    answer: 0,
    retryAfterMs: 0,
    limitBurst: 0,
    limitRemaining: 0,
    shadowAction: actionAllow,
    shadowPolicy: noPolicy,
    shadowRule: -1,
    shadowRetryAfterMs: 0,
  };
}

/** Back to the default allow. */
export function resetDecision(out: Decision): void {
  out.action = actionAllow;
  out.policy = noPolicy;
  out.rule = -1;
  out.indeterminate = false;
  out.answer = 0;
  out.retryAfterMs = 0;
  out.limitBurst = 0;
  out.limitRemaining = 0;
  shadowAsEnforced(out);
}

/** No flip: the shadow set would have done the same. */
export function shadowAsEnforced(out: Decision): void {
  out.shadowAction = out.action;
  out.shadowPolicy = out.policy;
  out.shadowRule = out.rule;
  out.shadowRetryAfterMs = out.retryAfterMs;
}

/** A flip: what "enforced set plus shadow set" would have done instead. */
export function setShadow(out: Decision, action: number, policy: number, rule: number): void {
  out.shadowAction = action;
  out.shadowPolicy = policy;
  out.shadowRule = rule;
  out.shadowRetryAfterMs = 0;
}
