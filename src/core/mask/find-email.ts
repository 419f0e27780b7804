// Mail addresses and the user part of URLs (`scheme://user:password@host`). Expands from each `@`, bounded on both sides.
import { alnum, classOf } from './char-table.ts';
import type { Span } from './span.ts';

/** RFC 5321: local part at most 64 octets, domain at most 255. */
const longestLocal = 64;
const longestDomain = 255;

const isLocal = (code: number): boolean =>
  (classOf(code) & alnum) !== 0 || code >= 128 || "._%+-'!#$&*^`{|}".includes(String.fromCharCode(code));
const isDomain = (code: number): boolean =>
  (classOf(code) & alnum) !== 0 || code >= 128 || code === 45 || code === 46;

/** End of the domain that starts at `from`, or `from` when none is there. The top level is letters only. */
function domainEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && end - from < longestDomain && isDomain(text.charCodeAt(end))) end += 1;
  while (end > from && (text.charAt(end - 1) === '.' || text.charAt(end - 1) === '-')) end -= 1;
  const domain = text.slice(from, end);
  const dot = domain.lastIndexOf('.');
  if (dot <= 0) return from;
  const top = domain.slice(dot + 1);
  return /^[A-Za-z\u0080-\uffff]{2,24}$/.test(top) || top.startsWith('xn--') ? end : from;
}

/** Appends the mail addresses of `text` (user parts of URLs, found before, are none). With `partialEnd` an address that is cut off by the end counts too. */
export function findEmails(text: string, partialEnd: boolean, out: Span[]): void {
  let floor = 0;
  const users = new Set(out.filter((span) => span.cls === 'basic').map((span) => span.end));
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    let start = at;
    while (start > floor && at - start < longestLocal && isLocal(text.charCodeAt(start - 1))) start -= 1;
    while (start < at && (classOf(text.charCodeAt(start)) & alnum) === 0 && text.charCodeAt(start) < 128)
      start += 1;
    let end = domainEnd(text, at + 1);
    if (end === at + 1 && partialEnd) {
      let cut = at + 1;
      while (cut < text.length && isDomain(text.charCodeAt(cut))) cut += 1;
      if (cut === text.length) end = cut;
    }
    if (start < at && end > at + 1 && !users.has(at)) out.push({ start, end, cls: 'email' });
    floor = at + 1;
  }
}

const userInfoEnds = /[@/?#\s"'<>\\]/g;

/** Appends the user part of each URL that carries one. */
export function findUrlUsers(text: string, out: Span[]): void {
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) {
    userInfoEnds.lastIndex = at + 3;
    const stop = userInfoEnds.exec(text);
    if (stop?.[0] === '@' && stop.index > at + 3) out.push({ start: at + 3, end: stop.index, cls: 'basic' });
  }
}
