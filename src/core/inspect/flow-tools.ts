// What assembling flows works with: bounded caches from bytes of the wire to masked, safe text, because what repeats must not be
// masked again. Knows no event.
import type { Masker } from '../mask/masker.ts';
import { createBoundedMask, longestMasked, type BoundedMask } from './bounded-mask.ts';
import { byteHash, createBufferView, createByteCache } from './flow-event-bytes.ts';
import { createHeaderReader, type HeaderReader } from './flow-event-headers.ts';
import { traceInts } from './flow-event-trace.ts';
import { ownText } from './flow-text.ts';
import type { TargetWords } from './light-words.ts';

/** Distinct paths, queries and hosts remembered at a time. */
const cachedTargets = 4096;
const cachedRoutes = 4096;
/** Characters of all routes remembered at a time; of normalised paths as many: together 4 to 8 MiB. */
const cachedChars = 1 << 20;

/** A path, and its words under the template that it was seen with last. */
export interface Target {
  readonly path: string;
  words: TargetWords | undefined;
}

/** What one assembler works with: caches from bytes to masked text, and views of the exchange's buffers. */
export interface Tools {
  readonly masker: Masker;
  readonly headers: HeaderReader;
  readonly target: (bytes: Buffer, start: number, end: number) => Target;
  readonly query: (bytes: Buffer, start: number, end: number) => string;
  readonly word: (bytes: Buffer, start: number, end: number) => string;
  readonly host: (bytes: Buffer, start: number, end: number) => string;
  readonly route: (route: string) => string;
  /** Where the trace of a light head is read to. */
  readonly trace: Int32Array;
  readonly normalised: (path: string) => string;
  /** Views of the four buffers. */
  readonly head: (bytes: Uint8Array) => Buffer;
  readonly requestBody: (bytes: Uint8Array) => Buffer;
  readonly responseHead: (bytes: Uint8Array) => Buffer;
  readonly responseBody: (bytes: Uint8Array) => Buffer;
}

function remembered<T>(
  { ofBytes }: BoundedMask,
  make: (masked: string) => T,
): (bytes: Buffer, start: number, end: number) => T {
  const cache = createByteCache(cachedTargets, (bytes, start, end) =>
    make(ownText(ofBytes(bytes, start, end))),
  );
  return (bytes, start, end) => cache.get(bytes, start, end, byteHash(bytes, start, end));
}

/** Text that is longer than what is masked of it is read anew each time. */
function rememberedText({ ofText }: BoundedMask): (text: string) => string {
  let known = new Map<string, string>();
  let chars = 0;
  return (text) => {
    if (text === '') return '';
    const hit = known.get(text);
    if (hit !== undefined) return hit;
    const made = ownText(ofText(text));
    if (text.length > longestMasked) return made;
    chars += text.length + made.length;
    if (known.size >= cachedRoutes || chars > cachedChars) {
      known = new Map();
      chars = text.length + made.length;
    }
    known.set(text, made);
    return made;
  };
}

const same = (text: string): string => text;

/** Empty caches; everything that comes out of them is masked with `masker`. */
export function createTools(masker: Masker): Tools {
  const path = createBoundedMask((text) => masker.maskPath(text), '/');
  const query = createBoundedMask((text) => masker.maskQuery(text), '&');
  const host = createBoundedMask((text) => masker.maskHeader('host', text), undefined);
  return {
    masker,
    headers: createHeaderReader(masker),
    target: remembered(path, (masked): Target => ({ path: masked, words: undefined })),
    query: remembered(query, same),
    word: remembered(createBoundedMask(same, undefined), same),
    host: remembered(host, same),
    route: rememberedText(path),
    normalised: rememberedText(path),
    trace: new Int32Array(traceInts),
    head: createBufferView(),
    requestBody: createBufferView(),
    responseHead: createBufferView(),
    responseBody: createBufferView(),
  };
}
