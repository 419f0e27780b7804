// Reads a recording (zstd or plain NDJSON) from its beginning, in constant memory, up to its end or its first damage.
import type { ApiEvent } from '../../core/model/event.ts';
import type { HeaderLine } from './read-lines.ts';
import type { Damage, RecordingFile } from './recording-file.ts';
import { openRecording } from './recording-file.ts';

/** The events of a file in order, and what was found on the way. */
export interface RecordingReader extends AsyncIterable<ApiEvent> {
  /** Absent for plain NDJSON without a header line. Rejects with AppError when the file is missing, not ours or too new. */
  header(): Promise<HeaderLine | undefined>;
  /** The same events by block: much cheaper for millions. */
  blocks(): AsyncIterable<readonly ApiEvent[]>;
  /** Known once reading has reached it. */
  damage(): Damage | undefined;
}

/** Opens nothing yet; each iteration reads the file anew and closes it at its end, also when left early. */
export function readRecording(path: string): RecordingReader {
  let damage: Damage | undefined;
  async function* blocks(): AsyncGenerator<readonly ApiEvent[]> {
    const file = await openRecording(path);
    try {
      yield* readBlocks(file, (found) => (damage = found));
    } finally {
      await file.close();
    }
  }
  return {
    async header() {
      const file = await openRecording(path);
      await file.close();
      return file.header;
    },
    blocks,
    damage: () => damage,
    async *[Symbol.asyncIterator]() {
      for await (const events of blocks()) yield* events;
    },
  };
}

async function* readBlocks(
  file: RecordingFile,
  onDamage: (damage: Damage) => void,
): AsyncGenerator<readonly ApiEvent[]> {
  let lastTime: string | undefined;
  for (let offset = file.firstOffset; ;) {
    const read = await file.read(offset, lastTime);
    if (read.type === 'end') return;
    if (read.type === 'damage') {
      onDamage(read.damage);
      return;
    }
    if (read.events.length > 0) yield read.events;
    if (read.damage !== undefined) {
      onDamage(read.damage);
      return;
    }
    lastTime = read.events.at(-1)?.time ?? lastTime;
    offset = read.next;
  }
}
