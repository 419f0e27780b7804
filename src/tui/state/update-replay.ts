// Replay's clock: pause, speed and scrubbing as effects. The time shown is always the one the feed reports; speed and pause are
// taken as asked until it does, so that keys pressed in a row add up.
import type { ReplayPosition } from '../../core/model/feed-port.ts';
import type { DataView } from './data-view.ts';
import type { Handlers } from './handler.ts';
import { clamp, next, withNotice } from './handler.ts';
import type { Next } from './msg.ts';
import type { AppState } from './state.ts';

const speeds = [0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

function seek(state: AppState, toMs: number): Next<AppState> {
  const { replay } = state;
  if (!replay) return next(state);
  const seeking = Math.round(clamp(toMs, replay.startMs, replay.endMs));
  return next({ ...state, seeking }, { type: 'replay.seek', toMs: seeking });
}

/** One step of the scrubber: a fiftieth of the recording, at least a second. */
export function scrubBy(state: AppState, steps: number): Next<AppState> {
  const { replay } = state;
  if (!replay) return next(state);
  const step = Math.max(1000, (replay.endMs - replay.startMs) / 50);
  return seek(state, (state.seeking ?? replay.nowMs) + steps * step);
}

function changeSpeed(state: AppState, by: -1 | 1): Next<AppState> {
  const { replay } = state;
  if (!replay) return next(state);
  const at = speeds.findLastIndex((speed) => speed <= replay.speed * 1.001);
  const speed = speeds[clamp(at + by, 0, speeds.length - 1)] ?? 1;
  return next({ ...state, replay: { ...replay, speed } }, { type: 'replay.speed', speed });
}

/** Start or stop the clock. */
export function toggleReplay(state: AppState): Next<AppState> {
  const { replay } = state;
  if (!replay) return next(state);
  const paused = !replay.paused;
  return next({ ...state, replay: { ...replay, paused } }, { type: 'replay.pause', paused });
}

const noLaterFinding = ({ outline }: ReplayPosition): string =>
  outline && outline.findings.length > 0
    ? 'No finding of the recording is later than this.'
    : 'No later finding is known: the recording does not list them, and only what has been played is on the axis.';

function nextFinding(state: AppState, data: DataView): Next<AppState> {
  const { replay } = state;
  if (!replay) return next(state);
  const after = (data.timeline?.marks ?? [])
    .map((mark) => mark.timeMs)
    .filter((timeMs) => timeMs > (state.seeking ?? replay.nowMs) + 500)
    .sort((left, right) => left - right)[0];
  if (after === undefined) return next(withNotice(state, 'info', noLaterFinding(replay)));
  return seek(state, after + 500);
}

/** The keys of a replay's clock; without a replay they do nothing. */
export const replayHandlers = {
  'replay.pause': toggleReplay,
  'replay.faster': (state) => changeSpeed(state, 1),
  'replay.slower': (state) => changeSpeed(state, -1),
  'replay.back': (state) => scrubBy(state, -1),
  'replay.forward': (state) => scrubBy(state, 1),
  'replay.start': (state) => seek(state, state.replay?.startMs ?? 0),
  'replay.end': (state) => seek(state, state.replay?.endMs ?? 0),
  'replay.nextFinding': nextFinding,
} satisfies Handlers;
