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

/** One caller's; `limit` values are kept, the oldest go. */
export function createProvenance(limit: number, seed: number): Provenance {
  const disclosed = new Set<number>();
  let isBlind = false;

  const add = (value: string): void => {
    if (value === '' || value.length > longestValue) return;
    const hash = hashText(value, seed);
    if (disclosed.has(hash)) return;
    if (disclosed.size >= limit) {
      const oldest = disclosed.values().next().value;
      if (oldest !== undefined) disclosed.delete(oldest);
      // What was forgotten may have been handed out.
      isBlind = true;
    }
    disclosed.add(hash);
  };
  const learnLight = (status: number, bytes: number): void => {
    if (bytes > 0 && status >= 200 && status < 400) isBlind = true;
  };
  return {
    learnLight,
    isGuess: (id) => {
      if (isBlind) return false;
      const last = id.slice(id.lastIndexOf('/') + 1);
      return !disclosed.has(hashText(last, seed));
    },
    learn: ({ response, request, light }) => {
      const status = response?.status ?? 0;
      if (!response || status < 200 || status >= 400) return;
      // Its body was not kept, whatever it held.
      if (light === true) learnLight(status, response.bytes);
      const { body } = response;
      if (!body || body.truncated === true) {
        // A list that could not be read whole: from here on nothing can be called a guess.
        const isList = request !== undefined && !request.route.includes('{') && request.method === 'GET';
        if (isList && response.bytes > 0 && status === 200) isBlind = true;
      }
      if (!body) return;
      let count = 0;
      for (const found of body.text.matchAll(scalar)) {
        if ((count += 1) > valuesPerAnswer) break;
        const text = found[1] ?? found[2] ?? '';
        add(text.startsWith('/') || text.startsWith('http') ? text.slice(text.lastIndexOf('/') + 1) : text);
      }
    },
  };
}
