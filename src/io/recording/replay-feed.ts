// A recording as a FeedPort: the same messages as a live feed, with a clock that can be moved. Knows no terminal.
import { basename } from 'node:path';
import { AppError } from '../../core/model/app-error.ts';
import type { FlowEvent, PolicyEvent } from '../../core/model/event.ts';
import { feedVersion } from '../../core/model/feed-message.ts';
import type { Hello, Operation } from '../../core/model/feed-message.ts';
import type { FeedPort, ReplayControls } from '../../core/model/feed-port.ts';
import type { RecordingFile } from './recording-file.ts';
import { openRecording } from './recording-file.ts';
import { readRecording } from './read-recording.ts';
import { createReplayPlayer } from './replay-player.ts';

/** The clock of the replay; injected by tests. */
export interface ReplayTimer {
  readonly now: () => number;
  /** Run once after `delayMs`; returns how to cancel. */
  readonly schedule: (run: () => void, delayMs: number) => () => void;
}

/** How a replay begins, and the timer it runs by. */
export interface ReplayOptions {
  /** Multiplier of real time, 0.1 to 1000; default 1. */
  readonly speed?: number;
  readonly paused?: boolean;
  readonly timer?: ReplayTimer;
}

/** A feed whose clock can be moved. */
export type ReplayFeed = FeedPort & {
  readonly kind: 'replay';
  readonly replay: ReplayControls;
  /** Resolves when all that was due, or jumped to, has been told: until the clock moves on nothing more comes. */
  settled(): Promise<void>;
};

const realTimer: ReplayTimer = {
  now: () => performance.now(),
  schedule(run, delayMs) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** What a plain NDJSON file without a header lets us assume: the demo's window. */
const assumedWindowMs = 10 * 60_000;

/**
 * Opens a recording for replay; a damaged one plays up to the damage, which `position` then tells.
 * @throws AppError when it is missing, not ours, too new, or its header cannot be read.
 */
export async function openReplay(path: string, options: ReplayOptions = {}): Promise<ReplayFeed> {
  const file = await openRecording(path);
  const index = await file.index().catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  const hello = helloOf(file);
  const player = createReplayPlayer({
    file,
    index,
    windowMs: hello.windowMs,
    speed: options.speed ?? 1,
    paused: options.paused ?? false,
    timer: options.timer ?? realTimer,
  });
  return {
    kind: 'replay',
    start(listener) {
      listener({ type: 'connection', state: 'connected', detail: `recording ${basename(path)}` });
      listener({ type: 'hello', hello });
      player.start(listener);
    },
    request: (operation) => Promise.reject(readOnly(file, operation)),
    replay: { ...player.controls, history: (onDamage) => historyOf(file, onDamage) },
    settled: () => player.settled(),
    async close() {
      await player.stop();
      await file.close();
    },
  };
}

/** Reads the file on its own, so that neither the clock nor the end of the replay is in its way. */
async function* historyOf(
  { path, header }: RecordingFile,
  onDamage?: (message: string) => void,
): AsyncGenerator<readonly (FlowEvent | PolicyEvent)[]> {
  if (header !== undefined && header.policies.length > 0) yield header.policies;
  const reader = readRecording(path);
  for await (const events of reader.blocks()) {
    const wanted = events.filter((event) => event.type === 'flow' || event.type === 'policy');
    if (wanted.length > 0) yield wanted;
  }
  const damage = reader.damage();
  if (damage !== undefined) onDamage?.(damage.message);
}

function helloOf({ header, path }: RecordingFile): Hello {
  return {
    type: 'hello',
    version: feedVersion,
    name: header?.name ?? basename(path),
    time: header?.created ?? new Date(0).toISOString(),
    writable: false,
    listeners: header?.listeners ?? [],
    windowMs: header?.windowMs ?? assumedWindowMs,
    defaultTtlMs: 30 * 60_000,
    ...(header !== undefined && isOfNode(header) ? { node: true } : {}),
  };
}

/** Only agents of a node say what a policy comes to there, so recordings from before the header said it are known too. */
export const isOfNode = ({ node, policies }: NonNullable<RecordingFile['header']>): boolean =>
  node ?? policies.some(({ enforcement }) => enforcement !== undefined);

/** One sentence per operation; the table keeps a new one from being forgotten. */
const wanted: Record<Operation['op'], string> = {
  'policy.apply': 'nothing can be applied to it',
  'policy.remove': 'nothing can be removed from it',
  'policy.undo': 'nothing in it can be undone',
  'policy.list': 'no agent is there to list policies',
  status: 'no agent is there to ask',
  node: 'no node is there to ask about',
  nodes: 'no hub is there to ask about nodes',
};

function readOnly({ header, path }: RecordingFile, operation: Operation): AppError {
  const made = header === undefined ? '' : ` made at ${header.created}`;
  return new AppError({
    code: 'REPLAY_READ_ONLY',
    family: 'denied',
    message: `Since this is a recording of ${header?.name ?? basename(path)}${made}, ${wanted[operation.op]}.`,
    hint: 'To apply it, save the YAML or connect to the live agent with --connect.',
  });
}
