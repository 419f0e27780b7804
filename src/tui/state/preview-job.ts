// A preview run in slices, so that the screen stays alive: the caller steps it between frames. Judges the flows held, or what a
// source hands out piece by piece (a whole recording), of which it holds one piece at a time.
import { AppError } from '../../core/model/app-error.ts';
import { createPreview } from '../../core/policy/preview.ts';
import type { Preview, PolicyChange, PreviewResult } from '../../core/policy/preview.ts';
import type { Millis, WorkloadId } from '../../core/model/brand.ts';
import type { FlowEvent, PolicyEvent } from '../../core/model/event.ts';
import type { AgentStatus } from '../../core/model/feed-message.ts';
import type { PolicyPast } from './policy-log.ts';
import type { Session } from './session.ts';

/** Flows from elsewhere than the session, in order, with the policies that were in force among them. */
export interface PreviewSource {
  readonly events: AsyncIterable<readonly (FlowEvent | PolicyEvent)[]>;
  /** How many flows there are, as far as is known; for the progress only. */
  readonly total: number;
  /** Where the source was found damaged, in a sentence; asked once it has ended. */
  readonly damage?: () => string | undefined;
}

/** What is asked of a preview: which change, over which flows, by which clock. */
export interface PreviewJobInput {
  readonly session: Session;
  readonly change: PolicyChange;
  readonly focusCaller: WorkloadId | undefined;
  /** Last status of the agent, for the open connections it counts. */
  readonly status: AgentStatus | undefined;
  /** The agent works in the pods of a node. */
  readonly node?: boolean | undefined;
  /** The clock policies are judged by (expiry): the position's clock in replay. */
  readonly nowMs: Millis;
  /** What to judge; absent: the flows that the session holds. */
  readonly source?: PreviewSource | undefined;
}

/** How far a preview has come, and what it found once it is there. */
export interface PreviewStep {
  /** Flows judged so far. */
  readonly done: number;
  readonly result: PreviewResult | undefined;
  /** Set when nothing can be done before this resolves; it never rejects. */
  readonly wait?: Promise<void>;
}

/** A preview under way. The caller steps it until `result` is there, or stops it. */
export interface PreviewJob {
  /** Flows to judge. */
  readonly total: number;
  /** Judge up to `limit` more; the result once all are. May throw AppError (a policy that cannot be compiled, a source that cannot be read). */
  step(limit: number): PreviewStep;
  /** Nobody wants the result any more: stop reading. */
  stop?(): void;
}

function previewOf(input: PreviewJobInput, tellsPolicies: boolean): Preview {
  const { session } = input;
  const callers = session.data.flows.services
    .filter((service) => service.callees.length > 0 || service.identity?.role === 'caller')
    .map((service) => service.id);
  return createPreview({
    current: session.policies(),
    tellsPolicies,
    change: input.change,
    ...(input.focusCaller === undefined ? {} : { focusCaller: input.focusCaller }),
    ...(input.status === undefined ? {} : { openByPair: input.status.openByPair }),
    ...(input.node === true ? { node: true } : {}),
    knownCallers: callers,
    nowMs: input.nowMs,
  });
}

/** A job over what is held now, or over `source`. */
export function createPreviewJob(input: PreviewJobInput): PreviewJob {
  if (input.source) return sourceJob(previewOf(input, true), input.source);
  const { session, change } = input;
  const past = session.policyPast(session.data.flows.totals.oldestHeldMs);
  // Where nothing changed, the set of now held all the time: that is judged faster, in whatever order flows came.
  const tellsPolicies = change.type === 'remove' || past.changes.length > 0;
  return heldJob(previewOf(input, tellsPolicies), session, tellsPolicies ? past : undefined);
}

/** Held flows as they came, each change of the set before the first flow that is later. */
function* withPolicies(flows: Iterable<FlowEvent>, past: PolicyPast): Iterable<FlowEvent | PolicyEvent> {
  yield* past.standing;
  const { changes } = past;
  let at = 0;
  let nextMs = timeAt(changes, at);
  for (const flow of flows) {
    if (nextMs !== Infinity) {
      const flowMs = Date.parse(flow.time);
      for (; flowMs >= nextMs; nextMs = timeAt(changes, at)) {
        const change = changes[at++];
        if (change) yield change;
      }
    }
    yield flow;
  }
}

/** When the change at this place was; Infinity behind the last one. */
function timeAt(changes: readonly PolicyEvent[], at: number): number {
  const change = changes[at];
  return change ? Date.parse(change.time) : Infinity;
}

function heldJob(preview: Preview, session: Session, past: PolicyPast | undefined): PreviewJob {
  const total = session.data.flows.totals.held;
  const held = session.flows.held();
  const events = (past ? withPolicies(held, past) : held)[Symbol.iterator]();
  let done = 0;
  return {
    total,
    step(limit) {
      for (let count = 0; count < limit; count++) {
        const next = events.next();
        if (next.done === true) return { done: total, result: preview.result() };
        preview.push(next.value);
        if (next.value.type === 'flow') done++;
      }
      return { done, result: undefined };
    },
  };
}

function unreadable(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError({
    code: 'PREVIEW_UNREADABLE',
    family: 'data',
    message: `The recording cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    hint: 'See that the file is still there and readable, then try again.',
    cause: error,
  });
}

const withDamage = (result: PreviewResult, damage: string | undefined): PreviewResult =>
  damage === undefined ? result : { ...result, damage };

/** Where a read of the source has got to. */
type Reading =
  | { readonly type: 'waiting'; readonly wait: Promise<void> }
  | { readonly type: 'slice'; readonly events: readonly (FlowEvent | PolicyEvent)[]; at: number }
  | { readonly type: 'end' }
  | { readonly type: 'failed'; readonly error: AppError };

function sourceJob(preview: Preview, source: PreviewSource): PreviewJob {
  const iterator = source.events[Symbol.asyncIterator]();
  let done = 0;
  let reading: Reading = read();
  function read(): Reading {
    const wait = iterator.next().then(
      (next) => {
        reading = next.done === true ? { type: 'end' } : { type: 'slice', events: next.value, at: 0 };
      },
      (error: unknown) => {
        reading = { type: 'failed', error: unreadable(error) };
      },
    );
    return { type: 'waiting', wait };
  }
  return {
    total: source.total,
    step(limit) {
      if (reading.type === 'failed') throw reading.error;
      if (reading.type === 'end') return { done, result: withDamage(preview.result(), source.damage?.()) };
      if (reading.type === 'waiting') return { done, result: undefined, wait: reading.wait };
      const { events } = reading;
      const until = Math.min(events.length, reading.at + limit);
      for (; reading.at < until; reading.at++) {
        const event = events[reading.at];
        if (!event) continue;
        preview.push(event);
        if (event.type === 'flow') done++;
      }
      if (until < events.length) return { done, result: undefined };
      const following = read();
      reading = following;
      return { done, result: undefined, ...(following.type === 'waiting' ? { wait: following.wait } : {}) };
    },
    stop() {
      reading = { type: 'end' };
      iterator.return?.().catch(() => undefined);
    },
  };
}
