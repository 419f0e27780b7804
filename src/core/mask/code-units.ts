// The UTF-16 units of a text as an array: a walk that looks at every character reads them at a third of what `charCodeAt` costs,
// which asks anew for each how the string is stored. Memory is reused between texts.
import { Buffer } from 'node:buffer';

/** Units kept for the next text; a longer one gets memory of its own. Body windows are shorter. */
const keptUnits = 64 * 1024;
const bytesPerUnit = 2;

/** Units of `text` with a 0 behind the last one; what follows that is left over. Valid until the next call. */
export type ReadUnits = (text: string) => Uint16Array;

/** A reader with its own memory, made when it is first needed. */
export function createUnitReader(): ReadUnits {
  let kept = Buffer.alloc(0);
  let units = new Uint16Array(0);
  return (text) => {
    if (text.length < units.length) {
      kept.write(text, 'utf16le');
      units[text.length] = 0;
      return units;
    }
    const size = Math.min(keptUnits, 2 ** Math.ceil(Math.log2(text.length + 1)));
    const memory = Buffer.alloc(Math.max(size, text.length + 1) * bytesPerUnit);
    memory.write(text, 'utf16le');
    const made = new Uint16Array(memory.buffer, memory.byteOffset, memory.length / bytesPerUnit);
    if (made.length <= keptUnits) {
      kept = memory;
      units = made;
    }
    return made;
  };
}
