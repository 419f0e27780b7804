// A folder that is gone after the test, and recordings written into it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ApiEvent } from '../../../src/core/model/event.ts';
import { readRecording } from '../../../src/io/recording/read-recording.ts';
import type { RecorderOptions } from '../../../src/io/recording/recorder.ts';
import { createRecorder } from '../../../src/io/recording/recorder.ts';
import { details, startMs } from './sample.ts';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'apidefense-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes and closes; the clock stands at `startMs` unless given. */
export async function recordAll(
  path: string,
  events: readonly ApiEvent[],
  options: Partial<RecorderOptions> = {},
): Promise<void> {
  const recorder = await createRecorder({ path, header: details, now: () => startMs, ...options });
  for (const event of events) recorder.write(event);
  await recorder.close();
}

export async function readAll(path: string): Promise<{ events: ApiEvent[]; damage: string | undefined }> {
  const reader = readRecording(path);
  const events: ApiEvent[] = [];
  for await (const event of reader) events.push(event);
  return { events, damage: reader.damage()?.message };
}
