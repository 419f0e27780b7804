// What assembling flows works with: bounded caches from bytes of the wire to masked, safe text, because what repeats must not be
// masked again. Knows no event.
import type { Masker } from '../mask/masker.ts';
import { visible } from './flow-event-visible.ts';
import { byteHash, createBufferView, createByteCache, safeText } from './flow-event-bytes.ts';
import { createHeaderReader, type HeaderReader } from './flow-event-headers.ts';
import { traceInts } from './flow-event-trace.ts';
import { ownText } from './flow-text.ts';
import type { TargetWords } from './light-words.ts';

/** Characters of a path, query or host that an event carries. */
const longestTarget = 4096;
/** Distinct paths, queries and hosts remembered at a time. */
const cachedTargets = 4096;
const cachedRoutes = 4096;
/** Longer routes and normalised paths, in characters, are masked anew each time: with their number it bounds the memory to 8 MiB. */
const longestRoute = 512;
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

const cut = (text: string): string =>
  text.length <= longestTarget ? text : `${text.slice(0, longestTarget - 1)}…`;

function remembered<T>(make: (text: string) => T): (bytes: Buffer, start: number, end: number) => T {
  const cache = createByteCache(cachedTargets, (bytes, start, end) => make(safeText(bytes, start, end)));
  return (bytes, start, end) => cache.get(bytes, start, end, byteHash(bytes, start, end));
}

function rememberedText(make: (text: string) => string): (text: string) => string {
  let known = new Map<string, string>();
  return (text) => {
    const hit = known.get(text);
    if (hit !== undefined) return hit;
    if (known.size >= cachedRoutes) known = new Map();
    const made = ownText(make(text));
    if (text.length <= longestRoute) known.set(text, made);
    return made;
  };
}

/** Empty caches; everything that comes out of them is masked with `masker`. */
export function createTools(masker: Masker): Tools {
  return {
    masker,
    headers: createHeaderReader(masker),
    target: remembered((text): Target => ({ path: ownText(cut(masker.maskPath(text))), words: undefined })),
    query: remembered((text) => ownText(cut(masker.maskQuery(text)))),
    word: remembered((text) => ownText(cut(text))),
    host: remembered((text) => ownText(cut(masker.maskHeader('host', text)))),
    route: rememberedText((text) => cut(masker.maskPath(visible(text)))),
    normalised: rememberedText((text) => (text === '' ? '' : masker.maskPath(visible(text)))),
    trace: new Int32Array(traceInts),
    head: createBufferView(),
    requestBody: createBufferView(),
    responseHead: createBufferView(),
    responseBody: createBufferView(),
  };
}
