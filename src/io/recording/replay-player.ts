// Plays a recording against a clock: batches as it passes them, positions, jumps. Knows the file only through cursor and window.
import type { ApiEvent } from '../../core/model/event.ts';
import type { FeedMessage, ReplayControls, ReplayOutline } from '../../core/model/feed-port.ts';
import type { Damage, RecordingFile } from './recording-file.ts';
import type { RecordingIndex } from './recording-format.ts';
import type { ReplayClock } from './replay-clock.ts';
import { createReplayClock } from './replay-clock.ts';
import type { ReplayCursor } from './replay-cursor.ts';
import { createCursor } from './replay-cursor.ts';
import type { ReplayTimer } from './replay-feed.ts';
import type { Announcer, Loop } from './replay-loop.ts';
import { createAnnouncer, createLoop } from './replay-loop.ts';
import { outlineOf, readFindings } from './replay-outline.ts';
import { headerEvents, readWindow } from './replay-window.ts';

/** Events of one tick; when more are due the clock is held back and runs slower than asked. */
const tickEvents = 20_000;
/** Events of one message. */
const batchEvents = 2_000;

/** Plays one file into a consumer. */
export interface ReplayPlayer {
  start(emit: (message: FeedMessage) => void): void;
  readonly controls: Omit<ReplayControls, 'history'>;
  settled(): Promise<void>;
  /** Resolves when nothing is read any more. */
  stop(): Promise<void>;
}

/** Whom to tell, and by which clock. */
export interface PlayerOptions {
  readonly file: RecordingFile;
  readonly index: RecordingIndex;
  readonly windowMs: number;
  readonly speed: number;
  readonly paused: boolean;
  readonly timer: ReplayTimer;
}

/** Where a replay stands; changed by one step of the loop at a time, and by the controls. */
interface Play extends PlayerOptions {
  readonly startMs: number;
  readonly clock: ReplayClock;
  /** Moves back to where damage was found. */
  endMs: number;
  cursor: ReplayCursor;
  emit: (message: FeedMessage) => void;
  seekTo: number | undefined;
  ended: boolean;
  stopped: boolean;
  damage: Damage | undefined;
  outline: ReplayOutline;
}

function newPlay(options: PlayerOptions): Play {
  const { file, index, timer } = options;
  const startMs = index.blocks[0]?.startMs ?? file.header?.clock.startMs ?? 0;
  const endMs = index.blocks.at(-1)?.endMs ?? startMs;
  return {
    ...options,
    startMs,
    endMs,
    clock: createReplayClock({ ...options, startMs, endMs, wallMs: timer.now() }),
    cursor: createCursor(file, index, 0),
    emit: () => undefined,
    seekTo: undefined,
    ended: false,
    stopped: false,
    damage: undefined,
    outline: outlineOf(index),
  };
}

/** Stands still until `start`. */
export function createReplayPlayer(options: PlayerOptions): ReplayPlayer {
  const play = newPlay(options);
  const { clock, timer } = play;
  const announce = createAnnouncer(timer, (reset) => tellPosition(play, reset));
  let outlining = Promise.resolve();
  const loop = createLoop(timer, {
    step: () => step(play, announce),
    isUrgent: () => play.seekTo !== undefined,
    onError(error) {
      play.ended = true;
      const why = error instanceof Error ? error.message : String(error);
      const detail = `the recording cannot be read any further: ${why}`;
      play.emit({ type: 'connection', state: 'closed', detail });
    },
  });
  return {
    start(listener) {
      play.emit = listener;
      clock.moveTo(play.startMs, timer.now());
      tellEvents(play, headerEvents(play.file));
      announce.now(false);
      outlining = completeOutline(play, announce);
      loop.wake();
    },
    controls: createControls(play, announce, loop),
    async settled() {
      await outlining;
      await loop.settled();
    },
    async stop() {
      play.stopped = true;
      announce.stop();
      await outlining;
      await loop.stop();
    },
  };
}

/** Reads which findings there are. What cannot be read is left out: playing up to there says what is wrong. */
async function completeOutline(play: Play, announce: Announcer): Promise<void> {
  const findings = await readFindings(play.file, play.index, () => play.stopped).catch(() => undefined);
  if (findings === undefined || findings.length === 0 || play.stopped) return;
  play.outline = { ...play.outline, findings };
  announce.soon();
}

function createControls(play: Play, announce: Announcer, loop: Loop): Omit<ReplayControls, 'history'> {
  const { clock, timer } = play;
  return {
    seek(toMs) {
      if (Number.isNaN(toMs)) return;
      play.seekTo = Math.min(play.endMs, Math.max(play.startMs, toMs));
      loop.wake();
    },
    setSpeed(speed) {
      clock.setSpeed(speed, timer.now());
      announce.soon();
    },
    setPaused(paused) {
      clock.setPaused(paused, timer.now());
      announce.soon();
      loop.wake();
    },
  };
}

/** One look at the clock, or one jump; true when the clock goes on. */
async function step(play: Play, announce: Announcer): Promise<boolean> {
  const target = play.seekTo;
  play.seekTo = undefined;
  if (target === undefined) await advance(play, announce);
  else await jump(play, target, announce);
  return !play.stopped && (isOutdated(play) || !(play.clock.paused() || play.ended));
}

/** True when what is being read is no longer wanted: another jump was asked for, or the end. */
const isOutdated = (play: Play): boolean => play.seekTo !== undefined || play.stopped;

async function jump(play: Play, toMs: number, announce: Announcer): Promise<void> {
  const span = { fromMs: toMs - play.windowMs, toMs };
  const window = await readWindow(
    { file: play.file, index: play.index, isStale: () => isOutdated(play) },
    span,
  );
  if (window === undefined) return;
  play.cursor = window.cursor;
  play.ended = false;
  play.clock.moveTo(toMs, play.timer.now());
  announce.now(true);
  tellEvents(play, window.standing);
  tellEvents(play, window.events);
}

async function advance(play: Play, announce: Announcer): Promise<void> {
  const { clock, timer } = play;
  const taken = await play.cursor.take(clock.nowMs(timer.now()), tickEvents);
  if (isOutdated(play)) return;
  tellEvents(play, taken.events);
  if (taken.state === 'behind') clock.moveTo(taken.atMs, timer.now());
  if (taken.state !== 'ended') {
    announce.soon();
    return;
  }
  play.ended = true;
  play.damage = taken.damage ?? play.damage;
  if (taken.damage !== undefined) play.endMs = taken.atMs;
  announce.now(false);
}

function tellEvents(play: Play, events: readonly ApiEvent[]): void {
  for (let at = 0; at < events.length; at += batchEvents)
    play.emit({ type: 'batch', events: events.slice(at, at + batchEvents) });
}

function tellPosition(play: Play, reset: boolean): void {
  const { clock, timer, startMs, endMs, damage, outline, emit } = play;
  const nowMs = Math.min(endMs, clock.nowMs(timer.now()));
  const words = damage === undefined ? {} : { damage: damage.message };
  const position = { startMs, endMs, nowMs, speed: clock.speed(), paused: clock.paused(), outline, ...words };
  emit({ type: 'position', position, reset });
}
