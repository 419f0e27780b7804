// What a whole value looks like where its name or place already raised suspicion: less has to speak for a secret than in running text.
import { looksRandom } from './find-tokens.ts';

const shortestIssued = 16;
const shortestNamed = 8;
const longest = 4096;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** A version 4 or 7 UUID without dashes. */
const bareUuid = /^[0-9a-f]{12}[47][0-9a-f]{3}[89ab][0-9a-f]{15}$/i;
/** Times a version 7 UUID of ours can begin with: 2015 to 2100, epoch ms. One in a hundred random beginnings is one. */
const earliest = Date.UTC(2015, 0);
const latest = Date.UTC(2100, 0);
const hexKey = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{48}|[0-9a-f]{64})$/i;
const words = /^(?:[A-Za-z]+|[A-Za-z]*[0-9]{1,14})(?:[-_.:](?:[A-Za-z]+|[A-Za-z]{0,8}[0-9]{1,14}))*$/;
const letter = /[A-Za-z]/;
const digit = /[0-9]/;

/** Hexadecimal of 128, 160, 192 or 256 bits that is no number. */
export function isHexKey(text: string): boolean {
  return hexKey.test(text) && letter.test(text) && digit.test(text);
}

/**
 * A UUID written without dashes. One random key of 128 bits in 64 looks so too (version 4 has six fixed bits): only for places where
 * an id is what one expects.
 */
export function isBareUuid(text: string): boolean {
  if (!bareUuid.test(text)) return false;
  if (text.charAt(12) === '4') return true;
  const timeMs = Number.parseInt(text.slice(0, 12), 16);
  return timeMs >= earliest && timeMs < latest;
}

/** A code or key under a name that may also carry words: long, of one piece, letters in both cases and digits, or hexadecimal. */
export function looksIssued(text: string): boolean {
  if (text.length < shortestIssued || text.length > longest || uuid.test(text)) return false;
  if (isHexKey(text)) return true;
  if (!/^[A-Za-z0-9_.~+/=-]+$/.test(text) || !digit.test(text)) return false;
  if (looksRandom(text, 0, text.length)) return true;
  return /^[A-Za-z0-9_=+-]+$/.test(text) && /[a-z]/.test(text) && /[A-Z]/.test(text) && !words.test(text);
}

/** A path segment behind a word such as `password` that is no word, number or UUID itself. */
export function looksLikeToken(text: string): boolean {
  if (text.length < shortestNamed || text.length > longest || uuid.test(text)) return false;
  return digit.test(text) && letter.test(text) && /^[A-Za-z0-9_.~+=%!$@-]+$/.test(text);
}
