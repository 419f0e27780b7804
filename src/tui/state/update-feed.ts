// What the feed said, as far as the view must follow: connection, position, counters. The data itself is in the session.
import { assertNever } from '../../core/model/assert-never.ts';
import type { AgentStatus } from '../../core/model/feed-message.ts';
import type { FeedMessage, ReplayPosition } from '../../core/model/feed-port.ts';
import { followTail } from './flow-cursor.ts';
import { next, withNotice } from './handler.ts';
import type { Msg, Next } from './msg.ts';
import type { AppState, ConnectionState } from './state.ts';

function withConnection(state: AppState, change: Partial<ConnectionState>): AppState {
  return { ...state, connection: { ...state.connection, ...change } };
}

/** A running clock is a little past its target when it says that it is there; an overtaken jump lands elsewhere. */
function hasArrived(target: number | undefined, { nowMs, speed }: ReplayPosition): boolean {
  return target === undefined || Math.abs(nowMs - target) <= 50 * Math.max(1, speed);
}

function moved(state: AppState, message: Extract<FeedMessage, { type: 'position' }>): AppState {
  const placed = { ...state, replay: message.position };
  if (!message.reset) return placed;
  const seeking = hasArrived(state.seeking, message.position) ? undefined : state.seeking;
  // The rows are other rows now: nothing of the old selection holds.
  return {
    ...followTail(placed),
    seeking,
    detail: { ...state.detail, open: false, id: undefined, scroll: 0, explained: undefined },
    focus: state.focus === 'detail' ? 'list' : state.focus,
  };
}

function connected(state: AppState, message: Extract<FeedMessage, { type: 'connection' }>): AppState {
  const before = state.connection.state;
  const { error: problem } = message;
  const changed = withConnection(state, { state: message.state, detail: message.detail, problem });
  if (message.state === before || state.connection.kind === 'replay') return changed;
  // Before anything was received the whole screen says it.
  if (problem !== undefined && state.connection.hello === undefined) return changed;
  if (message.state === 'connected')
    return before === 'reconnecting' ? withNotice(changed, 'good', 'Connected again.') : changed;
  return withNotice(
    changed,
    'bad',
    message.state === 'closed'
      ? `The feed has ended: ${message.detail.replace(/\.$/, '')}. What was received stays.`
      : `The agent is away: ${message.detail}. What was received stays; trying again.`,
  );
}

/** A sentence of the agent's is said once, when it is new. */
function withStatus(state: AppState, status: AgentStatus): AppState {
  const { notice } = status;
  const changed = withConnection(state, { status });
  return notice === undefined || notice === state.connection.status?.notice
    ? changed
    : withNotice(changed, 'warn', notice);
}

/** The API server, beside the hub: what is wrong with it is said once, unless something is being said, and stands above policies and drafts. */
function withPolicies(state: AppState, message: Extract<FeedMessage, { type: 'policies' }>): AppState {
  const { problem, sinceMs } = message;
  const before = state.connection.policies;
  const changed = withConnection(state, {
    policies: problem && { ...problem, sinceMs },
  });
  if (problem === undefined)
    return before === undefined ? changed : withNotice(changed, 'good', 'Policies are read again.');
  return problem.message === before?.message || state.notice !== undefined
    ? changed
    : withNotice(changed, 'bad', `${problem.message} ${problem.hint}`);
}

/** The state after a feed message. */
export function updateFeed(state: AppState, msg: Extract<Msg, { type: 'feed' }>): Next<AppState> {
  const { message } = msg;
  const fresh = withConnection(state, { lastReceivedMs: msg.nowMs });
  switch (message.type) {
    case 'hello':
      return next(
        withConnection(fresh, {
          hello: message.hello,
          state: state.connection.state === 'connecting' ? 'connected' : state.connection.state,
        }),
      );
    case 'batch':
      return next(fresh);
    case 'status':
      return next(withStatus(fresh, message.status));
    case 'connection':
      return next(connected(state, message));
    case 'position':
      return next(moved(fresh, message));
    case 'policies':
      return next(withPolicies(state, message));
    default:
      return assertNever(message);
  }
}
