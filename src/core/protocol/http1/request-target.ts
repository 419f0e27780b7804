// Splits a request target into path, query and host (RFC 9112 3.2) and refuses what fits none of its four forms.
import type { HeadView } from '../../model/head-view.ts';
import type { BrokenCode } from './broken-code.ts';
import { colon, equalsWord, wordOf } from './byte-class.ts';
import { isAuthority, type HeadFacts } from './head-facts.ts';

const slash = 47;
const questionMark = 63;
const asterisk = 42;
const httpScheme = wordOf('http://');
const httpsScheme = wordOf('https://');
const optionsMethod = wordOf('OPTIONS');

/** Byte-exact comparison: methods are case-sensitive. */
function isExactly(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  if (end - start !== word.length) return false;
  for (let at = 0; at < word.length; at += 1) if (bytes[start + at] !== word[at]) return false;
  return true;
}

/** Fills path, query and host of the view; '' when fine, else what is wrong. */
export function splitTarget(view: HeadView, facts: HeadFacts, connect: boolean): BrokenCode | '' {
  const { bytes, targetStart, targetEnd } = view;
  view.hostStart = facts.hostStart;
  view.hostEnd = facts.hostEnd;
  // What a malformed target is shown as.
  view.pathStart = targetStart;
  view.pathEnd = view.queryStart = view.queryEnd = targetEnd;
  if (connect) return authorityForm(view, facts);
  if (bytes[targetStart] === slash) {
    splitPath(view, targetStart);
    return '';
  }
  if (targetEnd - targetStart === 1 && bytes[targetStart] === asterisk) {
    splitPath(view, targetStart);
    return isExactly(bytes, view.methodStart, view.methodEnd, optionsMethod) ? '' : 'BAD_TARGET';
  }
  return absoluteForm(view, facts);
}

function splitPath(view: HeadView, start: number): void {
  const { bytes, targetEnd } = view;
  let at = start;
  while (at < targetEnd && bytes[at] !== questionMark) at += 1;
  view.pathStart = start;
  view.pathEnd = at;
  view.queryStart = at < targetEnd ? at + 1 : at;
  view.queryEnd = targetEnd;
}

/** `CONNECT host:port`: both parts required. */
function authorityForm(view: HeadView, facts: HeadFacts): BrokenCode | '' {
  const { bytes, targetStart, targetEnd } = view;
  view.pathStart = view.pathEnd = view.queryStart = view.queryEnd = targetEnd;
  let at = targetEnd;
  while (at > targetStart && isDigit(bytes[at - 1])) at -= 1;
  const hasPort = at < targetEnd && at - 1 > targetStart && bytes[at - 1] === colon;
  if (!hasPort || !isAuthority(bytes, targetStart, targetEnd)) return 'BAD_TARGET';
  view.hostStart = targetStart;
  view.hostEnd = targetEnd;
  return facts.hasHost && !sameAuthority(view, facts, '') ? 'HOST_MISMATCH' : '';
}

function absoluteForm(view: HeadView, facts: HeadFacts): BrokenCode | '' {
  const { bytes, targetStart, targetEnd } = view;
  const secure = equalsWord(bytes, targetStart, Math.min(targetStart + 8, targetEnd), httpsScheme);
  const plain = equalsWord(bytes, targetStart, Math.min(targetStart + 7, targetEnd), httpScheme);
  if (!secure && !plain) return 'BAD_TARGET';
  const start = targetStart + (secure ? 8 : 7);
  let at = start;
  while (at < targetEnd && bytes[at] !== slash && bytes[at] !== questionMark) at += 1;
  if (at === start || !isAuthority(bytes, start, at)) return 'BAD_TARGET';
  splitPath(view, at);
  view.hostStart = start;
  view.hostEnd = at;
  if (!facts.hasHost) return '';
  return sameAuthority(view, facts, secure ? ':443' : ':80') ? '' : 'HOST_MISMATCH';
}

/** Compares the target's authority with the Host header, letters in any case, the scheme's own port left out on both. */
function sameAuthority(view: HeadView, facts: HeadFacts, defaultPort: string): boolean {
  const target = textOf(view.bytes, view.hostStart, view.hostEnd);
  const host = textOf(view.bytes, facts.hostStart, facts.hostEnd);
  return withoutPort(target, defaultPort) === withoutPort(host, defaultPort);
}

const withoutPort = (authority: string, port: string): string =>
  port !== '' && authority.endsWith(port) ? authority.slice(0, -port.length) : authority;

function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += 1) text += String.fromCharCode(bytes[at] as number);
  return text.toLowerCase();
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;
