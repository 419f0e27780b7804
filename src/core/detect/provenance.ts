// Where a caller has its ids from: values that a service handed out to it may be asked for; the rest are guesses.
// Reads the values of JSON answers, bounded by the captured window.
import type { FlowEvent } from '../model/event.ts';
import { hashText } from './sketch.ts';

/** What one caller was told. */
export interface Provenance {
  /** True when every answer that could have handed it out was read and none did. */
  isGuess(id: string): boolean;
  /** An answer reached the caller. */
  learn(flow: FlowEvent): void;
  /** The same of an answer whose body was not kept. */
  learnLight(status: number, bytes: number): void;
}

/** Values of one answer that are looked at: a page of a hundred objects. */
const valuesPerAnswer = 1024;
const longestValue = 64;
/** Strings and numbers of JSON; names of fields match too, which only makes less a guess. */
const scalar = /"([^"\\]{1,200})"|(?<![\w.])([0-9]{1,18})(?![\w.])/g;

/** Hashes of what was handed out, oldest first. */
interface Disclosed {
  readonly hashes: Set<number>;
  readonly limit: number;
  readonly seed: number;
  /** Something may have been handed out that is not in `hashes`. */
  isBlind: boolean;
}

function disclose(disclosed: Disclosed, value: string): void {
  if (value === '' || value.length > longestValue) return;
  const { hashes } = disclosed;
  const hash = hashText(value, disclosed.seed);
  if (hashes.has(hash)) return;
  if (hashes.size >= disclosed.limit) {
    const oldest = hashes.values().next().value;
    if (oldest !== undefined) hashes.delete(oldest);
    // What was forgotten may have been handed out.
    disclosed.isBlind = true;
  }
  hashes.add(hash);
}

function discloseAll(disclosed: Disclosed, body: string): void {
  let count = 0;
  for (const found of body.matchAll(scalar)) {
    if ((count += 1) > valuesPerAnswer) break;
    const text = found[1] ?? found[2] ?? '';
    const isLink = text.startsWith('/') || text.startsWith('http');
    disclose(disclosed, isLink ? text.slice(text.lastIndexOf('/') + 1) : text);
  }
}

function learnLight(disclosed: Disclosed, status: number, bytes: number): void {
  if (bytes > 0 && status >= 200 && status < 400) disclosed.isBlind = true;
}

function learn(disclosed: Disclosed, { response, request, light }: FlowEvent): void {
  const status = response?.status ?? 0;
  if (!response || status < 200 || status >= 400) return;
  // Its body was not kept, whatever it held.
  if (light === true) learnLight(disclosed, status, response.bytes);
  const { body } = response;
  if (!body || body.truncated === true) {
    // A list that could not be read whole: from here on nothing can be called a guess.
    const isList = request !== undefined && !request.route.includes('{') && request.method === 'GET';
    if (isList && response.bytes > 0 && status === 200) disclosed.isBlind = true;
  }
  if (body) discloseAll(disclosed, body.text);
}

/** One caller's; `limit` values are kept, the oldest go. */
export function createProvenance(limit: number, seed: number): Provenance {
  const disclosed: Disclosed = { hashes: new Set(), limit, seed, isBlind: false };
  return {
    learn: (flow) => learn(disclosed, flow),
    learnLight: (status, bytes) => learnLight(disclosed, status, bytes),
    isGuess: (id) => {
      if (disclosed.isBlind) return false;
      const last = id.slice(id.lastIndexOf('/') + 1);
      return !disclosed.hashes.has(hashText(last, seed));
    },
  };
}
