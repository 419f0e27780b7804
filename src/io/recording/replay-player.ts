// Plays a recording against a clock: batches as it passes them, positions, jumps. Knows the file only through cursor and window.
import type { ApiEvent } from '../../core/model/event.ts';
import type { FeedMessage, ReplayControls } from '../../core/model/feed-port.ts';
import type { Damage, RecordingFile } from './recording-file.ts';
import type { RecordingIndex } from './recording-format.ts';
import { createReplayClock } from './replay-clock.ts';
import { createCursor } from './replay-cursor.ts';
import type { ReplayTimer } from './replay-feed.ts';
import { createAnnouncer, createLoop } from './replay-loop.ts';
import { headerEvents, readWindow } from './replay-window.ts';

/** Events of one tick; when more are due the clock is held back and runs slower than asked. */
const tickEvents = 20_000;
/** Events of one message. */
const batchEvents = 2_000;

export interface ReplayPlayer {
  start(emit: (message: FeedMessage) => void): void;
  readonly controls: ReplayControls;
  settled(): Promise<void>;
  /** Resolves when nothing is read any more. */
  stop(): Promise<void>;
}

export interface PlayerOptions {
  readonly file: RecordingFile;
  readonly index: RecordingIndex;
  readonly windowMs: number;
  readonly speed: number;
  readonly paused: boolean;
  readonly timer: ReplayTimer;
}

/** Stands still until `start`. */
export function createReplayPlayer(options: PlayerOptions): ReplayPlayer {
  const { file, index, timer } = options;
  const startMs = index.blocks[0]?.startMs ?? file.header?.clock.startMs ?? 0;
  let endMs = index.blocks.at(-1)?.endMs ?? startMs;
  const clock = createReplayClock({ ...options, startMs, endMs, wallMs: timer.now() });
  let cursor = createCursor(file, index, 0);
  let emit: (message: FeedMessage) => void = () => undefined;
  let seekTo: number | undefined;
  let ended = false;
  let stopped = false;
  let damage: Damage | undefined;
  const jumpWanted = (): boolean => seekTo !== undefined;

  const batch = (events: readonly ApiEvent[]): void => {
    for (let at = 0; at < events.length; at += batchEvents)
      emit({ type: 'batch', events: events.slice(at, at + batchEvents) });
  };
  const announce = createAnnouncer(timer, (reset) => {
    const nowMs = Math.min(endMs, clock.nowMs(timer.now()));
    const words = damage === undefined ? {} : { damage: damage.message };
    const position = { startMs, endMs, nowMs, speed: clock.speed(), paused: clock.paused(), ...words };
    emit({ type: 'position', position, reset });
  });
  const jump = async (toMs: number): Promise<void> => {
    const span = { fromMs: toMs - options.windowMs, toMs };
    const window = await readWindow(file, index, span, () => jumpWanted() || stopped);
    if (window === undefined) return;
    cursor = window.cursor;
    ended = false;
    clock.moveTo(toMs, timer.now());
    announce.now(true);
    batch(window.standing);
    batch(window.events);
  };
  const advance = async (): Promise<void> => {
    const taken = await cursor.take(clock.nowMs(timer.now()), tickEvents);
    if (stopped || jumpWanted()) return;
    batch(taken.events);
    if (taken.state === 'behind') clock.moveTo(taken.atMs, timer.now());
    if (taken.state === 'ended') {
      ended = true;
      damage = taken.damage ?? damage;
      if (taken.damage !== undefined) endMs = taken.atMs;
      announce.now(false);
    } else announce.soon();
  };
  const loop = createLoop(timer, {
    async step() {
      const target = seekTo;
      seekTo = undefined;
      if (target === undefined) await advance();
      else await jump(target);
      return !stopped && (jumpWanted() || !(clock.paused() || ended));
    },
    isUrgent: jumpWanted,
    onError(error) {
      ended = true;
      const detail = error instanceof Error ? error.message : String(error);
      emit({
        type: 'connection',
        state: 'closed',
        detail: `the recording cannot be read any further: ${detail}`,
      });
    },
  });

  return {
    start(listener) {
      emit = listener;
      clock.moveTo(startMs, timer.now());
      batch(headerEvents(file));
      announce.now(false);
      loop.wake();
    },
    controls: {
      seek(toMs) {
        if (Number.isNaN(toMs)) return;
        seekTo = Math.min(endMs, Math.max(startMs, toMs));
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
    },
    settled: () => loop.settled(),
    async stop() {
      stopped = true;
      announce.stop();
      await loop.stop();
    },
  };
}
