// Gathers events into blocks of bounded size and age, follows the clock, remembers what a seek will need, counts what is lost.
// Knows the block writer, not the file.
import { zstdCompressSync } from 'node:zlib';
import type { ApiEvent, LostEvent } from '../../core/model/event.ts';
import { createBlockLedger, createStateLedger, type BlockLedger, type StateLedger } from './block-ledger.ts';
import type { BlockWriter } from './block-writer.ts';
import type { RecordingIndex } from './recording-format.ts';
import { encodeFooter, indexLine, recordingLimits, zstdParams } from './recording-format.ts';

/** Those of `recordingLimits` that a caller may change. */
export type RecorderLimits = Record<'blockChars' | 'blockMs' | 'queueChars' | 'stateMs', number>;

interface SessionOptions {
  /** What the header tells already. */
  readonly standing: readonly ApiEvent[];
  /** Epoch ms. */
  readonly now: () => number;
  /** True once the disk has refused. */
  readonly failed: () => boolean;
  readonly limits?: Partial<RecorderLimits>;
}

/** The events of one recording on their way into blocks. */
export interface RecordingSession {
  write(event: ApiEvent): void;
  stats(): { readonly events: number; readonly lost: number };
  finish(): void;
}

/** What a session adds events to. */
interface Ledgers {
  readonly block: BlockLedger;
  readonly state: StateLedger;
  readonly counts: { events: number; lost: number };
  /** Losses that no event has told yet. */
  untold: number;
}

function add({ block, state, counts }: Ledgers, event: ApiEvent, line: string): void {
  counts.events += 1;
  block.add(event, line);
  state.note(event, line);
}

/** Losses stand in the recording where they happened, before the next event that fits. */
function tellLoss(ledgers: Ledgers, nowMs: number): void {
  if (ledgers.untold === 0) return;
  const time = new Date(nowMs).toISOString();
  const event: LostEvent = { type: 'lost', time, where: 'recording', count: ledgers.untold };
  ledgers.untold = 0;
  add(ledgers, event, JSON.stringify(event));
}

/** Gathers lines into blocks, follows the clock, and remembers what a seek will need. */
export function createRecordingSession(writer: BlockWriter, options: SessionOptions): RecordingSession {
  const { failed, now } = options;
  const limits = { ...recordingLimits, ...options.limits };
  const block = createBlockLedger(writer);
  const state = createStateLedger(writer, { now, stateMs: limits.stateMs });
  for (const event of options.standing) state.note(event, JSON.stringify(event));
  const ledgers: Ledgers = { block, state, counts: { events: 0, lost: 0 }, untold: 0 };
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const cut = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const chars = block.cut();
    if (chars > 0) state.save(chars, block.rows.length);
  };
  return {
    write(event) {
      const full = writer.waitingChars() + block.chars() > limits.queueChars;
      const line = closed || failed() || full ? undefined : stringify(event);
      if (line === undefined) {
        ledgers.counts.lost += 1;
        ledgers.untold += 1;
        return;
      }
      tellLoss(ledgers, now());
      add(ledgers, event, line);
      if (block.chars() >= limits.blockChars) cut();
      else timer ??= setTimeout(cut, limits.blockMs);
    },
    stats: () => ledgers.counts,
    finish() {
      closed = true;
      tellLoss(ledgers, now());
      cut();
      writer.appendRaw((offset) => indexAndFooter(offset, { blocks: block.rows, states: state.rows }));
    },
  };
}

/** The last two frames of a recording, the first of them at `offset`. */
function indexAndFooter(offset: number, index: RecordingIndex): Buffer {
  const frame = zstdCompressSync(`${indexLine(index)}\n`, zstdParams);
  return Buffer.concat([frame, encodeFooter(offset, frame)]);
}

/** Undefined for what cannot be a line: too long, or nested beyond what JSON can be made of. */
function stringify(event: ApiEvent): string | undefined {
  try {
    const line = JSON.stringify(event);
    return line.length <= recordingLimits.lineChars ? line : undefined;
  } catch {
    return undefined;
  }
}
