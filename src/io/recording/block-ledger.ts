// The block that is being filled, and the index rows of those already cut; and the state lines between them.
// Knows the block writer, not the file and not when to cut.
import type { ApiEvent } from '../../core/model/event.ts';
import type { BlockWriter } from './block-writer.ts';
import type { IndexedBlock, IndexedState } from './recording-format.ts';
import { isStateful, recordingLimits } from './recording-format.ts';
import { createStandingState } from './standing-state.ts';

/** The block that is being filled, and the index rows of those written. */
export interface BlockLedger {
  add(event: ApiEvent, line: string): void;
  /** Hands the block to the writer; returns its characters, 0 when there was nothing to cut. */
  readonly cut: () => number;
  /** Of the block being filled. */
  chars(): number;
  /** Offsets are known once the writer is drained. */
  readonly rows: readonly IndexedBlock[];
}

interface Block {
  readonly lines: string[];
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

/** Starts with an empty block. */
export function createBlockLedger(writer: BlockWriter): BlockLedger {
  const rows: IndexedBlock[] = [];
  let block = emptyBlock(-Infinity);
  return {
    add: (event, line) => addLine(block, event, line),
    cut() {
      if (block.lines.length === 0) return 0;
      const { lines, chars, flows, others, startMs: first, endMs: last } = block;
      block = emptyBlock(last);
      const startMs = Number.isFinite(first) ? first : 0;
      const row = { offset: -1, startMs, endMs: Math.max(startMs, last), flows, others };
      const place = rows.push(row) - 1;
      writer.append(lines.join(''), (offset) => (rows[place] = { ...row, offset }));
      return chars;
    },
    chars: () => block.chars,
    rows,
  };
}

function addLine(block: Block, event: ApiEvent, line: string): void {
  block.lines.push(`${line}\n`);
  block.chars += line.length + 1;
  if (event.type === 'flow') block.flows += 1;
  else block.others += 1;
  const timeMs = Date.parse(event.time);
  if (timeMs > block.endMs) block.endMs = timeMs;
  if (Number.isNaN(block.startMs)) block.startMs = block.endMs;
}

/** What stands (policies, identities, findings), saved now and then so that a seek need not read from the start. */
export interface StateLedger {
  note(event: ApiEvent, line: string): void;
  /** After a block of `chars` was cut: writes a state line when one is due. */
  save(chars: number, blocksBefore: number): void;
  readonly rows: readonly IndexedState[];
}

/** Starts with nothing standing and nothing saved. */
export function createStateLedger(
  writer: BlockWriter,
  options: { readonly now: () => number; readonly stateMs: number },
): StateLedger {
  const rows: IndexedState[] = [];
  const standing = createStandingState<string>(recordingLimits.stateFindings);
  let savedAtMs = options.now();
  let charsSince = 0;
  let stateChars = 0;
  return {
    note(event, line) {
      if (isStateful(event)) standing.note(event, line);
    },
    save(chars, blocksBefore) {
      charsSince += chars;
      const early = options.now() - savedAtMs < options.stateMs;
      if (early || charsSince < stateChars * recordingLimits.stateShare) return;
      const line = `{"type":"state","events":[${standing.values().join(',')}]}\n`;
      savedAtMs = options.now();
      stateChars = line.length;
      charsSince = 0;
      writer.append(line, (offset) => rows.push({ offset, blocksBefore }));
    },
    rows,
  };
}
