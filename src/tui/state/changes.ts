// The mutations of this session and what may truthfully be said of each: asked, stored, reported active, seen deciding.
// "Enforced" is only ever said because the agent reported it or because a flow carries the policy's name.
import { enforcementSentence, enforcementWord } from '../../core/model/enforcement-words.ts';
import type { PolicyEvent } from '../../core/model/event.ts';
import { formatCount, plural } from '../columns/format.ts';
import { shortPolicy } from '../columns/verdict-words.ts';
import type { DataView } from './data-view.ts';
import type { SideWords } from './other-side.ts';
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

/** A throttle lets through what keeps to its rate: that has met it, and nothing was refused. */
const nothingYet = {
  block: 'no request has met it yet',
  throttle: 'no request has gone over its rate yet',
} as const;

const awaited = (text: string): ChangeWords => ({ level: 'info', text, settled: false });
const settled = (level: Notice['level'], text: string): ChangeWords => ({ level, text, settled: true });

/** Requests that the policy of a change has decided, or would have, since it was asked for: counted from flows. */
function decidedSince({ name, mode, hitsBefore }: Change, data: DataView): number {
  const tally = name && data.flows.tally(name);
  return (mode === 'shadow' ? (tally?.shadowHits ?? 0) : (tally?.hits ?? 0)) - hitsBefore;
}

/** On a node: what of an accepted policy does not stand. It may still come, so more is awaited. */
function wantingWords(event: PolicyEvent, short: string): ChangeWords | undefined {
  const found = enforcementWord(event);
  const sentence = enforcementSentence(event);
  if (found?.isWanting !== true || sentence === undefined) return undefined;
  // Of a cluster a while passes before anybody has said anything: that is not bad, only not known.
  const level = event.cluster !== undefined && found.word === 'PENDING' ? 'warn' : 'bad';
  return { level, text: `${short} is ${found.word}: ${sentence}`, settled: false };
}

/** ` on 2/2 nodes`, of a cluster. */
const nodesText = ({ cluster }: PolicyEvent): string =>
  cluster?.enforced === undefined ? '' : ` on ${cluster.enforced} nodes`;

function appliedWords(change: Change, data: DataView, side: SideWords): ChangeWords {
  const short = shortPolicy(change.name ?? '');
  const event: PolicyEvent | undefined = change.name && data.policies.byName(change.name);
  const seen = decidedSince(change, data);
  const done = `${plural(seen, 'request')} ${doneWord[change.action ?? 'block']}`;
  switch (event?.state) {
    case undefined:
      return seen > 0
        ? settled('good', `${short} decides: ${done}.`)
        : awaited(`${short} is ${side.taken}; waiting for ${side.reporter} to report it active.`);
    case 'active': {
      const wanting = wantingWords(event, short);
      if (wanting !== undefined) return wanting;
      return seen > 0
        ? settled('good', `${short} is active${nodesText(event)}; ${done} so far.`)
        : awaited(`${short} is active${nodesText(event)}; ${nothingYet[change.action ?? 'block']}.`);
    }
    case 'shadow': {
      const would = formatCount(Math.max(0, seen));
      const text = `${short} is in shadow, nothing is refused; ${would} would have been.`;
      return seen > 0 ? settled('info', text) : awaited(text);
    }
    case 'off':
      return settled('info', `${short} is ${side.taken} and off: it does nothing.`);
    case 'rejected':
      return settled(
        'bad',
        `${short} was rejected by ${side.reporter}: ${event.error?.message ?? 'no reason given'}`,
      );
    case 'expired':
      return settled('info', `${short} has expired.`);
    case 'removed':
      return settled('info', `${short} was removed.`);
  }
}

/** What is known of a change, in one sentence. */
export function changeWords(change: Change, data: DataView, side: SideWords): ChangeWords {
  const name = change.name === undefined ? 'The newest change' : shortPolicy(change.name);
  if (change.state === 'sent') return awaited(`${name}: sent to ${side.writer}, not answered yet.`);
  if (change.state === 'refused') return settled('bad', `${name}: refused. ${change.answer}`);
  if (change.kind === 'apply') return appliedWords(change, data, side);
  if (change.kind === 'undo') return settled('good', `Undone: ${name} was ${change.answer}.`);
  const gone = change.name !== undefined && data.policies.byName(change.name) === undefined;
  return gone
    ? settled('good', `${name} is removed; ${side.writer} reports it gone.`)
    : awaited(`${name}: removal ${side.taken}; waiting for ${side.writer} to report it gone.`);
}
