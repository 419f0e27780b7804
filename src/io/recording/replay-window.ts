// What a consumer needs after a jump: what still held before the window, and the window's own events up to the target.
// Reads no more of the file than that; knows no clock and no consumer.
import type { ApiEvent } from '../../core/model/event.ts';
import type { RecordingFile } from './recording-file.ts';
import type { RecordingIndex } from './recording-format.ts';
import { isStateful, recordingLimits } from './recording-format.ts';
import type { ReplayCursor } from './replay-cursor.ts';
import { createCursor } from './replay-cursor.ts';
import { createStandingState } from './standing-state.ts';

/** Events of a window: what the terminal's own store holds. */
const windowEvents = 50_000;

/** What stands at the target of a jump. */
export interface ReplayWindow {
  readonly standing: readonly ApiEvent[];
  readonly events: readonly ApiEvent[];
  /** Stands behind the window. */
  readonly cursor: ReplayCursor;
}

/** A recording that is being read, and whether what is read is still wanted. */
export interface Reading {
  readonly file: RecordingFile;
  readonly index: RecordingIndex;
  /** Asked between two blocks. */
  readonly isStale: () => boolean;
}

/** Undefined when `isStale` said, between two blocks, that nobody wants it any more. */
export async function readWindow(
  { file, index, isStale }: Reading,
  span: { readonly fromMs: number; readonly toMs: number },
): Promise<ReplayWindow | undefined> {
  const first = firstBlock(index, span);
  const standing = await standingBefore({ file, index, isStale }, first);
  if (standing === undefined) return undefined;
  const cursor = createCursor(file, index, first);
  let events: ApiEvent[] = [];
  for (let state = 'behind'; state === 'behind';) {
    if (isStale()) return undefined;
    const taken = await cursor.take(span.toMs, 5_000);
    events = events.concat(taken.events).slice(-windowEvents);
    state = taken.state;
  }
  return { standing, events, cursor };
}

/** Walks back from the target until the window is covered or full. */
function firstBlock({ blocks }: RecordingIndex, span: { fromMs: number; toMs: number }): number {
  let first = blocks.findLastIndex((block) => block.startMs <= span.toMs);
  if (first < 0) return 0;
  let held = 0;
  for (; first > 0; first -= 1) {
    const block = blocks[first];
    held += block === undefined ? 0 : block.flows + block.others;
    if (held >= windowEvents || (block?.startMs ?? 0) <= span.fromMs) break;
  }
  return first;
}

/** What held before block `first`: the nearest state line, or the header, and what was said between it and there. */
export async function standingBefore(
  { file, index, isStale }: Reading,
  first: number,
): Promise<readonly ApiEvent[] | undefined> {
  const standing = createStandingState<ApiEvent>(recordingLimits.stateFindings);
  const note = (events: readonly ApiEvent[]): void =>
    events.filter(isStateful).forEach((event) => standing.note(event, event));
  const row = index.states.findLast((one) => one.blocksBefore <= first);
  const saved = row && (await file.read(row.offset));
  const state = saved?.type === 'events' ? saved.state : undefined;
  note(state ?? headerEvents(file));
  for (let at = state === undefined ? 0 : (row?.blocksBefore ?? 0); at < first; at += 1) {
    if (isStale()) return undefined;
    const block = index.blocks[at];
    if (block === undefined || block.others === 0) continue;
    const read = await file.read(block.offset);
    if (read.type === 'events') note(read.events);
  }
  return standing.values();
}

/** What the header says was there from the beginning. */
export function headerEvents(file: RecordingFile): readonly ApiEvent[] {
  return file.header === undefined ? [] : [...file.header.identities, ...file.header.policies];
}
