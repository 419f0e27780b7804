// Armoured text that is made to be published: certificates, public keys, signatures. Their base64 looks as random as a token.
import type { Span } from './span.ts';

const published =
  /-----BEGIN (CERTIFICATE(?: REQUEST)?|X509 CRL|(?:RSA |EC )?PUBLIC KEY|PGP PUBLIC KEY BLOCK|PGP SIGNATURE|SSH SIGNATURE)-----/g;
/** A line of armour (RFC 7468: 64 characters, RFC 9580: 76) or its checksum. */
const armourLine = /^=?[A-Za-z0-9+/]{1,76}={0,2}\r?$/;

type Range = readonly [start: number, end: number];

function rangesOf(text: string): readonly Range[] {
  const ranges: Range[] = [];
  published.lastIndex = 0;
  for (let found = published.exec(text); found; found = published.exec(text)) {
    const start = found.index + found[0].length;
    const end = text.indexOf(`-----END ${found[1] ?? ''}-----`, start);
    if (end < 0) break;
    ranges.push([start, end]);
    published.lastIndex = end;
  }
  return ranges;
}

const longestLine = 80;

/** True when the line around `at` is one; looks no further than a line is long. */
function isArmour(text: string, at: number): boolean {
  const from = Math.max(0, at - longestLine);
  const breakAt = text.slice(from, at).lastIndexOf('\n');
  if (breakAt < 0) return false;
  const line = text.slice(from + breakAt + 1, from + breakAt + 2 + longestLine);
  const end = line.indexOf('\n');
  return end >= 0 && armourLine.test(line.slice(0, end));
}

/**
 * Takes out of `spans` the tokens that are whole lines of such a block; anything else in it stays found, and so does
 * everything in a block that does not end.
 */
export function withoutPublished(text: string, spans: Span[]): Span[] {
  if (spans.length === 0 || !text.includes('-----BEGIN')) return spans;
  const ranges = rangesOf(text);
  if (ranges.length === 0) return spans;
  let range = 0;
  const ordered = [...spans].sort((a, b) => a.start - b.start);
  return ordered.filter(({ start, end, cls }) => {
    while (range < ranges.length && (ranges[range]?.[1] ?? 0) <= start) range += 1;
    const [from, to] = ranges[range] ?? [Infinity, Infinity];
    return !(cls === 'token' && start >= from && end <= to && isArmour(text, start));
  });
}
