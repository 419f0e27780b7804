// The bytes that the hard cases of the inline gear carry: no block is like another, so that what is lost, doubled or out of place shows in the hash.
import { createHash } from 'node:crypto';
import { once } from 'node:events';

const blockBytes = 256 * 1024;
const pattern = Buffer.alloc(
  blockBytes,
  Array.from({ length: 251 }, (_, at) => (at * 73 + 11) & 255),
);

/** Hash and length of what is added to it. */
export function tally() {
  const hash = createHash('sha1');
  let bytes = 0;
  return {
    add(part) {
      hash.update(part);
      bytes += part.length;
    },
    /** Once only. */
    told: () => ({ bytes, hash: hash.digest('hex') }),
  };
}

/** Block `number` of a stream, `length` bytes of it. */
export function block(number, length = blockBytes) {
  const part = Buffer.from(pattern.subarray(0, length));
  for (let at = 0; at + 4 <= length; at += 8192) part.writeUInt32LE(number, at);
  return part;
}

/** Writes `bytes` of the stream, as fast as they are taken; answers what was written. Rejects when `to` fails. */
export async function pour(to, bytes) {
  const sent = tally();
  for (let at = 0, number = 0; at < bytes; at += blockBytes, number++) {
    const part = block(number, Math.min(blockBytes, bytes - at));
    sent.add(part);
    if (!to.write(part)) await once(to, 'drain');
  }
  return sent.told();
}
