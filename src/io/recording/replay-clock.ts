// The clock of a replay: recording time that runs at a multiple of real time, stands still, or is moved. Pure: real time is passed in.

/** Slowest and fastest multiplier of real time. */
export const replaySpeed = { min: 0.1, max: 1000 } as const;

/** Recorded time as it passes: speed, pause, jumps. Epoch ms of the recording. */
export interface ReplayClock {
  /** Recording time, epoch ms, within start and end. */
  nowMs(wallMs: number): number;
  moveTo(recordingMs: number, wallMs: number): void;
  setSpeed(speed: number, wallMs: number): void;
  setPaused(paused: boolean, wallMs: number): void;
  speed(): number;
  paused(): boolean;
}

/** Begins at `startMs`, as fast and as paused as it is told; `wallMs` is real time now. */
export function createReplayClock(options: {
  readonly startMs: number;
  readonly endMs: number;
  readonly speed: number;
  readonly paused: boolean;
  readonly wallMs: number;
}): ReplayClock {
  let { paused } = options;
  let speed = clampSpeed(options.speed);
  let anchorMs = options.startMs;
  let anchorWallMs = options.wallMs;
  const nowMs = (wallMs: number): number => {
    const run = paused ? 0 : Math.max(0, wallMs - anchorWallMs) * speed;
    return Math.min(options.endMs, Math.max(options.startMs, anchorMs + run));
  };
  const moveTo = (recordingMs: number, wallMs: number): void => {
    anchorMs = Math.min(options.endMs, Math.max(options.startMs, recordingMs));
    anchorWallMs = wallMs;
  };
  return {
    nowMs,
    moveTo,
    setSpeed(wanted, wallMs) {
      moveTo(nowMs(wallMs), wallMs);
      speed = clampSpeed(wanted);
    },
    setPaused(wanted, wallMs) {
      moveTo(nowMs(wallMs), wallMs);
      paused = wanted;
    },
    speed: () => speed,
    paused: () => paused,
  };
}

/** What is no number leaves real time. */
const clampSpeed = (speed: number): number =>
  Number.isNaN(speed) ? 1 : Math.min(replaySpeed.max, Math.max(replaySpeed.min, speed));
