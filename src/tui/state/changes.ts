// The mutations of this session and what may truthfully be said of each: asked, stored, reported active, seen deciding.
// "Enforced" is only ever said because the agent reported it or because a flow carries the policy's name.
import type { PolicyEvent } from '../../core/model/event.ts';
import { formatCount, plural } from '../columns/format.ts';
import { shortPolicy } from '../columns/verdict-words.ts';
import type { DataView } from './data-view.ts';
import type { AppState, Change, Notice } from './state.ts';

/** Changes remembered. */
const changeLimit = 50;

/** Remember a change that was just asked for. */
export function withChange(state: AppState, change: Change): AppState {
  return { ...state, changes: [...state.changes, change].slice(-changeLimit) };
}

/** Replace the change with this tag; others stay. */
export function updateChange(state: AppState, tag: number, with_: Partial<Change>): AppState {
  return {
    ...state,
    changes: state.changes.map((change) => (change.tag === tag ? { ...change, ...with_ } : change)),
  };
}

/** The change with this tag. */
export function changeOf(state: AppState, tag: number): Change | undefined {
  return state.changes.find((change) => change.tag === tag);
}

/** What is told of a change, and whether there is more to come. */
export interface ChangeWords {
  readonly level: Notice['level'];
  readonly text: string;
  /** True once nothing further is awaited. */
  readonly settled: boolean;
}

const doneWord = { block: 'refused', throttle: 'throttled' } as const;

function appliedWords(change: Change, data: DataView): ChangeWords {
  const name = change.name ?? '';
  const short = shortPolicy(name);
  const event: PolicyEvent | undefined = change.name && data.policies.byName(change.name);
  const tally = change.name && data.flows.tally(change.name);
  const seen = (change.mode === 'shadow' ? (tally?.shadowHits ?? 0) : (tally?.hits ?? 0)) - change.hitsBefore;
  const verb = doneWord[change.action ?? 'block'];
  switch (event?.state) {
    case undefined:
      return seen > 0
        ? { level: 'good', text: `${short} decides: ${plural(seen, 'request')} ${verb}.`, settled: true }
        : {
            level: 'info',
            text: `${short} is stored; waiting for the agent to report it active.`,
            settled: false,
          };
    case 'active':
      return seen > 0
        ? {
            level: 'good',
            text: `${short} is active; ${plural(seen, 'request')} ${verb} so far.`,
            settled: true,
          }
        : { level: 'info', text: `${short} is active; no request has met it yet.`, settled: false };
    case 'shadow':
      return {
        level: 'info',
        text: `${short} is in shadow, nothing is refused; ${formatCount(Math.max(0, seen))} would have been.`,
        settled: seen > 0,
      };
    case 'off':
      return { level: 'info', text: `${short} is stored and off: it does nothing.`, settled: true };
    case 'rejected':
      return {
        level: 'bad',
        text: `${short} was rejected by the agent: ${event.error?.message ?? 'no reason given'}`,
        settled: true,
      };
    case 'expired':
      return { level: 'info', text: `${short} has expired.`, settled: true };
    case 'removed':
      return { level: 'info', text: `${short} was removed.`, settled: true };
  }
}

/** What is known of a change, in one sentence. */
export function changeWords(change: Change, data: DataView): ChangeWords {
  const name = change.name === undefined ? 'The newest change' : shortPolicy(change.name);
  if (change.state === 'sent')
    return { level: 'info', text: `${name}: sent to the agent, not answered yet.`, settled: false };
  if (change.state === 'refused')
    return { level: 'bad', text: `${name}: refused. ${change.answer}`, settled: true };
  if (change.kind === 'apply') return appliedWords(change, data);
  if (change.kind === 'undo')
    return { level: 'good', text: `Undone: ${name} was ${change.answer}.`, settled: true };
  const gone = change.name !== undefined && data.policies.byName(change.name) === undefined;
  return gone
    ? { level: 'good', text: `${name} is removed; the agent reports it gone.`, settled: true }
    : {
        level: 'info',
        text: `${name}: removal stored; waiting for the agent to report it gone.`,
        settled: false,
      };
}
