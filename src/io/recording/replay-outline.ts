// A recording at a glance, before it is played: how much happened when, from its index, and which findings were made, from its
// last state line and what follows it. Knows no clock and no consumer.
import type { ReplayOutline } from '../../core/model/feed-port.ts';
import type { RecordingFile } from './recording-file.ts';
import type { RecordingIndex } from './recording-format.ts';
import { standingBefore } from './replay-window.ts';

/** Flows by block; findings are not in the index. */
export function outlineOf({ blocks }: RecordingIndex): ReplayOutline {
  return {
    flows: blocks.reduce((sum, block) => sum + block.flows, 0),
    spans: blocks.map(({ startMs, endMs, flows }) => ({ startMs, endMs, flows })),
    findings: [],
  };
}

/** First sightings of all findings, at most as many as a state line keeps; undefined when `isStale` said so meanwhile. */
export async function readFindings(
  file: RecordingFile,
  index: RecordingIndex,
  isStale: () => boolean,
): Promise<ReplayOutline['findings'] | undefined> {
  const standing = await standingBefore({ file, index, isStale }, index.blocks.length);
  return standing?.flatMap((event) =>
    event.type === 'finding'
      ? [{ id: event.id, timeMs: Date.parse(event.firstSeen), severity: event.severity }]
      : [],
  );
}
