// Machine-made secrets in running text: JSON web tokens, vendor keys, random tokens, private key blocks, bank accounts.
// Walks runs of token characters once; every check inside a run is bounded by the run.
import { alnum, charClass, classOf, isWord, wordChars } from './char-table.ts';
import { ibanLength, isIban } from './checks.ts';
import type { Span } from './span.ts';
import { vendorKeys, type VendorKey } from './vendor-keys.ts';

const shortestRun = 16;
/** A random token shorter than this is not told apart from a name. */
const shortestToken = 20;
/** Characters of a token that decide whether it is random; more add nothing. */
const judgedChars = 96;

const byFirst: ReadonlyMap<number, readonly VendorKey[]> = Map.groupBy(vendorKeys, (row) =>
  row.prefix.charCodeAt(0),
);

/** True when `text[start, end)` looks drawn at random: placeholders, names and words do not. */
export function looksRandom(text: string, start: number, end: number): boolean {
  const stop = Math.min(end, start + judgedChars);
  const counts = [0, 0, 0];
  const seen = new Set<number>();
  let changes = 0;
  let repeats = 0;
  let last = -1;
  for (let index = start; index < stop; index += 1) {
    const code = text.charCodeAt(index);
    const bits = classOf(code) & alnum;
    const kind =
      bits === charClass.digit ? 0 : bits === charClass.upper ? 1 : bits === charClass.lower ? 2 : 3;
    if (kind < 3) counts[kind] = (counts[kind] ?? 0) + 1;
    if (index > start && kind !== last) changes += 1;
    if (index > start && code === text.charCodeAt(index - 1)) repeats += 1;
    last = kind;
    seen.add(code);
  }
  const length = stop - start;
  const fewest = Math.max(2, Math.floor(length * 0.05));
  return (
    counts.every((count) => count >= fewest) &&
    changes >= (length - 1) * 0.38 &&
    repeats <= length * 0.2 &&
    seen.size >= Math.min(24, length * 0.45)
  );
}

/** A vendor key needs less: its prefix already speaks. Refuses `XXXX…` and words. */
function looksIssued(text: string, start: number, end: number): boolean {
  const seen = new Set<number>();
  let digits = 0;
  for (let index = start; index < Math.min(end, start + judgedChars); index += 1) {
    const code = text.charCodeAt(index);
    seen.add(code);
    if ((classOf(code) & charClass.digit) !== 0) digits += 1;
  }
  return seen.size >= 8 && digits > 0;
}

const isKeyChar = (code: number): boolean =>
  (classOf(code) & alnum) !== 0 || code === 45 || code === 95 || code === 46;

/** Vendor key that starts exactly at `at`: its end, or 0. */
function vendorEnd(text: string, at: number, runEnd: number): number {
  for (const row of byFirst.get(text.charCodeAt(at)) ?? []) {
    if (!text.startsWith(row.prefix, at)) continue;
    const body = at + row.prefix.length;
    let end = body;
    while (end < runEnd && isKeyChar(text.charCodeAt(end))) end += 1;
    while (end > body && text.charCodeAt(end - 1) === 46) end -= 1;
    if (end - body >= row.least && looksIssued(text, body, end)) return end;
  }
  return 0;
}

interface Run {
  readonly text: string;
  readonly end: number;
  readonly partialEnd: boolean;
  /** Scans to the end of the run that are left: what keeps a hostile run of prefixes linear. */
  scans: number;
  /** Where the base64 stretch that was last tried ends. */
  triedUntil: number;
}

const isBase64Url = (code: number): boolean =>
  (classOf(code) & alnum) !== 0 || code === 45 || code === 95 || code === 61;

/** JSON web token at `at` (which reads `eyJ`): the end of its dotted parts when the first decodes to a JOSE header, or 0. */
function jwtEnd({ text, end: runEnd, partialEnd }: Run, at: number): number {
  let end = at;
  let dots = 0;
  let headEnd = 0;
  while (end < runEnd && dots <= 4) {
    const code = text.charCodeAt(end);
    if (code === 46) {
      dots += 1;
      if (dots === 1) headEnd = end;
      if (dots > 4) break;
    } else if (!isBase64Url(code)) break;
    end += 1;
  }
  const cut = partialEnd && end === text.length;
  while (!cut && text.charCodeAt(end - 1) === 46) end -= 1;
  if (dots < 2 && !cut) return 0;
  const head = text.slice(at, Math.min(headEnd || end, at + 512));
  const decoded = Buffer.from(head, 'base64url').toString('latin1');
  const isHeader = decoded.startsWith('{"') && (cut || /"(?:alg|typ|enc|kid)"/.test(decoded));
  return isHeader ? end : 0;
}

/** End of the characters from `start` that plain (`[A-Za-z0-9_-]`) or, with `base64`, padded base64 text consists of. */
function textEnd({ text, end: runEnd }: Run, start: number, base64: boolean): number {
  let end = start;
  while (end < runEnd) {
    const code = text.charCodeAt(end);
    const fits = (classOf(code) & alnum) !== 0 || code === 95 || code === 45;
    if (!fits && !(base64 && (code === 43 || code === 47))) break;
    end += 1;
  }
  for (let pad = 0; base64 && pad < 2 && end < runEnd && text.charCodeAt(end) === 61; pad += 1) end += 1;
  return end;
}

/** Base64 with its own marks: a path of names has none of them or is not random as a whole. */
function isBase64Run(text: string, start: number, end: number): boolean {
  if (end - start < 32 || text.charCodeAt(start) === 47) return false;
  const run = text.slice(start, end);
  return /[+=]/.test(run) && looksRandom(text, start, end);
}

/** Scans per run; real text needs one or two. A run that uses them up is masked to its end: hidden rather than shown. */
const scansPerRun = 8;

function spanAt(run: Run, at: number): Span | undefined {
  const { text, end } = run;
  const isJwt = text.startsWith('eyJ', at);
  const isVendor =
    !isJwt && (byFirst.get(text.charCodeAt(at)) ?? []).some((row) => text.startsWith(row.prefix, at));
  if (isJwt || isVendor) {
    run.scans -= 1;
    if (run.scans < 0) return { start: at, end, cls: 'token' };
    const stop = isJwt ? jwtEnd(run, at) : vendorEnd(text, at, end);
    if (stop > 0) return { start: at, end: stop, cls: isJwt ? 'jwt' : 'key' };
  }
  if (at >= run.triedUntil) {
    run.triedUntil = textEnd(run, at, true);
    if (isBase64Run(text, at, run.triedUntil)) return { start: at, end: run.triedUntil, cls: 'token' };
  }
  return undefined;
}

function scanRun(run: Run, start: number, out: Span[]): void {
  const { text, end } = run;
  let plainUntil = start;
  let at = start;
  while (at < end) {
    const atBoundary = at === start || (classOf(text.charCodeAt(at - 1)) & alnum) === 0;
    let span = atBoundary ? spanAt(run, at) : undefined;
    if (!span && at >= plainUntil) {
      plainUntil = textEnd(run, at, false);
      if (plainUntil - at >= shortestToken && looksRandom(text, at, plainUntil))
        span = { start: at, end: plainUntil, cls: 'token' };
    }
    if (span) out.push(span);
    at = span ? span.end : at + 1;
  }
}

/** Appends tokens and keys of `text`. With `partialEnd` a web token cut off by the end counts too. */
export function findTokens(text: string, partialEnd: boolean, out: Span[]): void {
  let start = -1;
  for (let index = 0; index <= text.length; index += 1) {
    const inRun = index < text.length && (classOf(text.charCodeAt(index)) & wordChars) !== 0;
    if (inRun) {
      if (start < 0) start = index;
    } else if (start >= 0) {
      if (index - start >= shortestRun)
        scanRun({ text, end: index, partialEnd, scans: scansPerRun, triedUntil: start }, start, out);
      start = -1;
    }
  }
}

const blockStart = '-----BEGIN';

/** Appends private key blocks (RFC 7468 and the older PEM labels); one without an end reaches to the end of the text. */
export function findPrivateKeys(text: string, out: Span[]): void {
  for (let at = text.indexOf(blockStart); at >= 0;) {
    const label = text.indexOf('-----', at + blockStart.length);
    const isPrivate = text.slice(at, label < 0 ? at + 64 : Math.min(label, at + 64)).includes('PRIVATE KEY');
    const close = label < 0 || !isPrivate ? -1 : text.indexOf('-----END', label);
    const tail = close < 0 ? -1 : text.indexOf('-----', close + 8);
    const end = tail < 0 ? text.length : tail + 5;
    if (isPrivate) out.push({ start: at, end, cls: 'private-key' });
    at = text.indexOf(blockStart, isPrivate ? end : at + blockStart.length);
  }
}

const letter = charClass.upper | charClass.lower;

/** Appends account numbers, compact or in groups of four. */
export function findIbans(text: string, out: Span[]): void {
  for (let at = 0; at + 14 < text.length; at += 1) {
    const isStart =
      (classOf(text.charCodeAt(at)) & letter) !== 0 &&
      (classOf(text.charCodeAt(at + 2)) & charClass.digit) !== 0 &&
      (classOf(text.charCodeAt(at + 3)) & charClass.digit) !== 0 &&
      (at === 0 || !isWord(text.charCodeAt(at - 1)));
    const length = isStart ? ibanLength(text.slice(at, at + 2)) : undefined;
    if (length === undefined) continue;
    let compact = '';
    let end = at;
    while (compact.length < length && end < text.length && end - at < length + 9) {
      const code = text.charCodeAt(end);
      if ((classOf(code) & alnum) !== 0) compact += text.charAt(end);
      else if (code !== 32) break;
      end += 1;
    }
    if (!isWord(text.charCodeAt(end)) && isIban(compact)) {
      out.push({ start: at, end, cls: 'iban' });
      at = end - 1;
    }
  }
}
