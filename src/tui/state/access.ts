// Whether a mutation may be sent now, and the sentence when not. Drafting and previewing are always allowed.
import { withKey } from './key-hint.ts';
import type { Intent } from './msg.ts';
import type { AppState } from './state.ts';

/** An agent without a store. In a cluster whoever may write is the API server's to say, for each change. */
const isUnwritable = ({ place, connection }: AppState): boolean =>
  place === undefined && connection.hello?.writable === false;

/** Short word for the header: who may act. */
export function accessWord(state: AppState): 'RO' | 'LOCK' | 'REPLAY' | 'ACT' {
  if (state.connection.kind === 'replay') return 'REPLAY';
  if (state.access.readOnly || isUnwritable(state)) return 'RO';
  return state.access.locked ? 'LOCK' : 'ACT';
}

/** Why nothing can be changed now, as a whole sentence with what to do; undefined when it can. */
export function mutationRefusal(state: AppState): string | undefined {
  if (state.connection.kind === 'replay')
    return 'This is a recording: what happened cannot be changed. Export the policy and apply it to the live agent.';
  if (state.access.readOnly) return 'Started with --read-only: start without it to change policies.';
  if (state.access.locked) return `Locked: ${withKey(state, 'unlock first', 'app.lock')}, then apply.`;
  // In a cluster changes go to the API server, past the hub.
  if (state.place === undefined && state.connection.state !== 'connected')
    return `Not connected to the agent (${state.connection.state}): nothing can be stored until it is back.`;
  if (isUnwritable(state)) return 'The agent takes no policies over this feed: start it with --policies DIR.';
  return undefined;
}

/** True while keys that change policies at once mean nothing but a sentence why. */
export function isBarred(state: AppState): boolean {
  return mutationRefusal(state) !== undefined;
}

/** What a recording cannot do, not even as a draft to be exported: there is no agent whose change it would be. */
const unplayable: ReadonlySet<Intent> = new Set(['policy.undo', 'policy.remove']);

/** True for what can be asked for in this place; the others are not offered in footer, palette and help. */
export function isPlayable(intent: Intent, { connection, restarts }: AppState): boolean {
  // Where it goes on by itself there is nothing to begin anew.
  if (intent === 'app.restart') return restarts && connection.state === 'closed';
  return connection.kind === 'live' || !unplayable.has(intent);
}

/** The clock that policies and ages are judged by: the position's in replay, else the tick's. */
export function clockMs(state: AppState): number {
  return state.replay?.nowMs ?? state.nowMs;
}
