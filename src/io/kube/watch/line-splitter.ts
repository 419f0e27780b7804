// Chunks of a stream to whole lines, bounded. A line is copied once, when it is whole; where it ends is looked for once. Knows no JSON.

/** Takes chunks, gives lines. */
export interface LineSplitter {
  /** False when a line has grown beyond the limit: the stream is of no use any more. */
  push(chunk: Buffer): boolean;
}

const lineFeed = 0x0a;

/** `onLine` gets each whole line without its end; empty ones are passed over. */
export function createLineSplitter(limitBytes: number, onLine: (line: string) => void): LineSplitter {
  let parts: Buffer[] = [];
  let bytes = 0;
  const end = (last: Buffer): void => {
    const line = parts.length === 0 ? last : Buffer.concat([...parts, last]);
    parts = [];
    bytes = 0;
    if (line.length > 0) onLine(line.toString('utf8'));
  };
  return {
    push(chunk) {
      let start = 0;
      for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, start)) {
        if (bytes + at - start > limitBytes) return false;
        end(chunk.subarray(start, at));
        start = at + 1;
      }
      const rest = chunk.subarray(start);
      if (bytes + rest.length > limitBytes) return false;
      if (rest.length > 0) parts.push(rest);
      bytes += rest.length;
      return true;
    },
  };
}
