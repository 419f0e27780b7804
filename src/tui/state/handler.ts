// The shape of everything that answers a message: state and data in, next state and effects out.
import type { AppState, Notice } from './state.ts';
import type { DataView } from './data-view.ts';
import type { Effect, Intent, Next } from './msg.ts';

/** Answers an intent. Pure; one that has nothing to do returns the very state it was given. */
export type Handler = (state: AppState, data: DataView) => Next<AppState>;
/** The meanings of some keys. */
export type Handlers = Readonly<Partial<Record<Intent, Handler>>>;

/** The next state and what it asks for. */
export function next(state: AppState, ...effects: readonly Effect[]): Next<AppState> {
  return [state, effects];
}

/** How long a sentence stays, by how much it matters. */
const noticeMs: Readonly<Record<Notice['level'], number>> = {
  info: 4000,
  good: 6000,
  warn: 8000,
  bad: 12_000,
};

/** Say something on the message line. */
export function withNotice(state: AppState, level: Notice['level'], text: string): AppState {
  return { ...state, notice: { level, text, untilMs: state.nowMs + noticeMs[level] } };
}

/** A value held between two bounds, the lower one winning. */
export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
