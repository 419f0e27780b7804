// The request headers that a light event still carries: what detections read, and what tells clients apart. Names only.
import { credentialHeaders } from '../detect/credential.ts';

/** Lower-case names. */
export const lightHeaders: ReadonlySet<string> = new Set([
  ...credentialHeaders,
  'cookie',
  'referer',
  'user-agent',
]);

/** Headers that a trace id stands in; of a light event only the id is kept. */
export const traceHeaders: ReadonlySet<string> = new Set(['traceparent', 'x-b3-traceid', 'x-trace-id']);

/** What a header line is to a light event. */
export const lineKinds = { other: 0, kept: 1, trace: 2 } as const;

/** One of `lineKinds`. */
export type LineKind = (typeof lineKinds)[keyof typeof lineKinds];

interface Name {
  readonly bytes: Uint8Array;
  readonly kind: LineKind;
}

const colon = 58;
const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 9;

const toName = (kind: LineKind) => (text: string) => ({
  bytes: Uint8Array.from(text, (char) => char.charCodeAt(0)),
  kind,
});
const names: readonly Name[] = [
  ...[...lightHeaders].map(toName(lineKinds.kept)),
  ...[...traceHeaders].map(toName(lineKinds.trace)),
];
const longestName = Math.max(...names.map(({ bytes }) => bytes.length));
/** By length: at most three names share one. */
const byLength: readonly (readonly Name[])[] = Array.from({ length: longestName + 1 }, (_, length) =>
  names.filter(({ bytes }) => bytes.length === length),
);
/** One for every byte that a name can begin with, in either case: most lines end here. */
const firstBytes = new Uint8Array(256);
for (const { bytes } of names) {
  const first = bytes[0] ?? 0;
  firstBytes[first] = 1;
  firstBytes[first & ~32] = 1;
}

/** True when the name stands at `start`, in any case. */
function isName(name: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < name.length; index += 1) {
    const byte = bytes[start + index] ?? 0;
    const lower = byte >= 65 && byte <= 90 ? byte | 32 : byte;
    if (lower !== name[index]) return false;
  }
  return true;
}

/**
 * What the line `bytes[start, end)` is to a light event, told by its name alone: values differ with every request, and a line
 * that is not wanted must cost neither masking nor a place in a cache.
 */
export function lineKindOf(bytes: Uint8Array, start: number, end: number): LineKind {
  if (firstBytes[bytes[start] ?? 0] === 0) return lineKinds.other;
  const limit = Math.min(end, start + longestName + 1);
  let split = start;
  while (split < limit && bytes[split] !== colon && !isBlank(bytes[split])) split += 1;
  const candidates = split < limit || split === end ? byLength[split - start] : undefined;
  if (candidates === undefined) return lineKinds.other;
  for (const name of candidates) if (isName(name.bytes, bytes, start)) return name.kind;
  return lineKinds.other;
}
