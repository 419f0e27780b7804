// Gathers events into blocks of bounded size and age, follows the clock, remembers what a seek will need, counts what is lost.
// Knows the block writer, not the file.
import { zstdCompressSync } from 'node:zlib';
import type { ApiEvent, LostEvent } from '../../core/model/event.ts';
import type { BlockWriter } from './block-writer.ts';
import type { IndexedBlock, IndexedState } from './recording-format.ts';
import { encodeFooter, indexLine, isStateful, recordingLimits, zstdParams } from './recording-format.ts';
import { createStandingState } from './standing-state.ts';

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

export interface RecordingSession {
  write(event: ApiEvent): void;
  stats(): { readonly events: number; readonly lost: number };
  finish(): void;
}

/** Gathers lines into blocks, follows the clock, and remembers what a seek will need. */
export function createRecordingSession(writer: BlockWriter, options: SessionOptions): RecordingSession {
  const { failed, now } = options;
  const limits = { ...recordingLimits, ...options.limits };
  const blocks: IndexedBlock[] = [];
  const states: IndexedState[] = [];
  const standing = createStandingState<string>(recordingLimits.stateFindings);
  for (const event of options.standing) standing.note(event, JSON.stringify(event));
  let block = emptyBlock(-Infinity);
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let events = 0;
  let lost = 0;
  let owed = 0;
  let stateAtMs = now();
  let charsSinceState = 0;
  let stateChars = 0;

  const add = (event: ApiEvent, line: string): void => {
    events += 1;
    addLine(block, event, line);
    if (isStateful(event)) standing.note(event, line);
  };
  const saveState = (): void => {
    if (now() - stateAtMs < limits.stateMs || charsSinceState < stateChars * recordingLimits.stateShare)
      return;
    const line = `{"type":"state","events":[${standing.values().join(',')}]}\n`;
    stateAtMs = now();
    stateChars = line.length;
    charsSinceState = 0;
    const blocksBefore = blocks.length;
    writer.append(line, (offset) => states.push({ offset, blocksBefore }));
  };
  const cut = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (block.lines.length === 0) return;
    const done = block;
    block = emptyBlock(done.endMs);
    charsSinceState += done.chars;
    const startMs = Number.isFinite(done.startMs) ? done.startMs : 0;
    const row = {
      offset: -1,
      startMs,
      endMs: Math.max(startMs, done.endMs),
      flows: done.flows,
      others: done.others,
    };
    const place = blocks.push(row) - 1;
    writer.append(done.lines.join(''), (offset) => (blocks[place] = { ...row, offset }));
    saveState();
  };
  const lose = (count: number): void => {
    lost += count;
    owed += count;
  };
  return {
    write(event) {
      if (closed || failed() || writer.waitingChars() + block.chars > limits.queueChars) {
        lose(1);
        return;
      }
      const line = stringify(event);
      if (line === undefined) {
        lose(1);
        return;
      }
      if (owed > 0) {
        const told: LostEvent = lostEvent(now(), owed);
        owed = 0;
        add(told, JSON.stringify(told));
      }
      add(event, line);
      if (block.chars >= limits.blockChars) cut();
      else timer ??= setTimeout(cut, limits.blockMs);
    },
    stats: () => ({ events, lost }),
    finish() {
      closed = true;
      if (owed > 0) add(lostEvent(now(), owed), JSON.stringify(lostEvent(now(), owed)));
      cut();
      writer.appendRaw((offset) => {
        const index = zstdCompressSync(`${indexLine({ blocks, states })}\n`, zstdParams);
        return Buffer.concat([index, encodeFooter(offset, index)]);
      });
    },
  };
}

interface Block {
  lines: string[];
  chars: number;
  flows: number;
  others: number;
  startMs: number;
  endMs: number;
}

const emptyBlock = (clockMs: number): Block => ({
  lines: [],
  chars: 0,
  flows: 0,
  others: 0,
  startMs: NaN,
  endMs: clockMs,
});

function addLine(block: Block, event: ApiEvent, line: string): void {
  block.lines.push(`${line}\n`);
  block.chars += line.length + 1;
  if (event.type === 'flow') block.flows += 1;
  else block.others += 1;
  const timeMs = Date.parse(event.time);
  if (timeMs > block.endMs) block.endMs = timeMs;
  if (Number.isNaN(block.startMs)) block.startMs = block.endMs;
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

const lostEvent = (nowMs: number, count: number): LostEvent => ({
  type: 'lost',
  time: new Date(nowMs).toISOString(),
  where: 'recording',
  count,
});
