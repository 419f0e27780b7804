// Where a zstd frame ends, from its headers alone (RFC 8878 section 3.1), so that frames can be read one by one.
// Bytes in, numbers out; decompresses nothing and never throws.

/** How long the frame at the start of some bytes is, or how many bytes are needed to tell. Bytes. */
export type FrameMeasure =
  | { readonly type: 'frame'; readonly length: number }
  /** A skippable frame: no content. */
  | { readonly type: 'skippable'; readonly length: number }
  /** At least `need` bytes from the start are needed to say. */
  | { readonly type: 'short'; readonly need: number }
  | { readonly type: 'bad'; readonly reason: string };

const magic = 0xfd_2f_b5_28;
const skippableMagic = 0x18_4d_2a_50;
/** A window larger than this asks the decoder for memory no writer of ours needs: RFC 8878's recommended 8 MiB. */
const windowBytes = 8 * 1024 * 1024;

/** Measures the frame that begins at `bytes[0]`. */
export function measureFrame(bytes: Buffer): FrameMeasure {
  if (bytes.length < 8) return { type: 'short', need: 8 };
  const first = bytes.readUInt32LE(0);
  if ((first & 0xff_ff_ff_f0) >>> 0 === skippableMagic)
    return { type: 'skippable', length: 8 + bytes.readUInt32LE(4) };
  if (first !== magic) return { type: 'bad', reason: 'no zstd frame begins here' };
  return measureBlocks(bytes, bytes[4] ?? 0);
}

function measureBlocks(bytes: Buffer, descriptor: number): FrameMeasure {
  if ((descriptor & 0b1000) !== 0) return { type: 'bad', reason: 'a reserved bit of the frame is set' };
  const singleSegment = (descriptor & 0b10_0000) !== 0;
  const checksum = (descriptor & 0b100) === 0 ? 0 : 4;
  const dictionary = [0, 1, 2, 4][descriptor & 0b11] ?? 0;
  const sizeField = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
  if (!singleSegment && windowOf(bytes[5] ?? 0) > windowBytes)
    return { type: 'bad', reason: 'the frame asks for more memory than a recording needs' };
  let at = 5 + (singleSegment ? 0 : 1) + dictionary + sizeField;
  // Bounded: every round moves on by at least three bytes.
  for (;;) {
    if (at + 3 > bytes.length) return { type: 'short', need: at + 3 };
    const header = bytes.readUIntLE(at, 3);
    const kind = (header >>> 1) & 0b11;
    if (kind === 3) return { type: 'bad', reason: 'a block of the frame has no known type' };
    // Type 1 repeats one byte: its size is that of the output.
    at += 3 + (kind === 1 ? 1 : header >>> 3);
    if ((header & 1) === 1) return { type: 'frame', length: at + checksum };
  }
}

function windowOf(byte: number): number {
  const base = 2 ** (10 + (byte >>> 3));
  return base + (base / 8) * (byte & 0b111);
}
