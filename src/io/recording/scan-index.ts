// Rebuilds the index of a recording that has none (a crash, plain NDJSON) by reading it once. Holds one block at a time.
import type { BlockSource } from './block-source.ts';
import { peekLine } from './read-lines.ts';
import type { IndexedBlock, IndexedState, RecordingIndex } from './recording-format.ts';

const eventTypes: ReadonlySet<string> = new Set(['flow', 'finding', 'policy', 'lost', 'identity']);

/** Reads from `offset` (behind the header) up to the end or the first damage. */
export async function scanIndex(source: BlockSource, offset: number): Promise<RecordingIndex> {
  const blocks: IndexedBlock[] = [];
  const states: IndexedState[] = [];
  let clockMs = -Infinity;
  for (let at = offset; ;) {
    const read = await source.read(at);
    if (read.type === 'end' || read.type === 'damage') return { blocks, states };
    if (read.type === 'text') {
      const scan = scanLines(read.text, clockMs);
      if (scan.state) states.push({ offset: at, blocksBefore: blocks.length });
      if (scan.flows + scan.others > 0) {
        const startMs = Number.isFinite(scan.startMs) ? scan.startMs : 0;
        const endMs = Number.isFinite(scan.endMs) ? scan.endMs : startMs;
        blocks.push({ offset: at, startMs, endMs, flows: scan.flows, others: scan.others });
        clockMs = scan.endMs;
      }
    }
    at = read.next;
  }
}

interface LineScan {
  flows: number;
  others: number;
  state: boolean;
  startMs: number;
  endMs: number;
}

/** Counts a block's events and follows the clock: the greatest time so far. */
function scanLines(text: string, clockMs: number): LineScan {
  const scan: LineScan = { flows: 0, others: 0, state: false, startMs: NaN, endMs: clockMs };
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const line = end > start ? peekLine(text, start, end) : undefined;
    if (line?.type === 'state') scan.state = true;
    else if (line !== undefined && eventTypes.has(line.type)) {
      if (line.type === 'flow') scan.flows += 1;
      else scan.others += 1;
      if (line.timeMs > scan.endMs) scan.endMs = line.timeMs;
      if (Number.isNaN(scan.startMs)) scan.startMs = scan.endMs;
    }
    start = end + 1;
  }
  return scan;
}
