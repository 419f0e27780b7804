// Which credentials belong to a person: those that a service handed out in answer to a password. Surrogates are equal wherever a
// value is equal, so a token is recognised again in whosever hands it later turns up. Jobs and services have theirs from elsewhere.
import { surrogateAt, surrogateLength } from '../mask/classes.ts';
import type { FlowEvent } from '../model/event.ts';
import { hashText } from './sketch.ts';

/** Which surrogates were handed out in answer to a password; bounded. */
export interface SignIns {
  readonly isPersonal: (credential: string) => boolean;
  readonly learn: (flow: FlowEvent) => void;
}

/** Surrogates looked at in one answer. */
const lookedAt = 16;

/** Surrogates of the answer's body and of the cookies it sets. */
function handedOut(response: NonNullable<FlowEvent['response']>): readonly string[] {
  const cookies = (response.headers ?? [])
    .filter(([name]) => name === 'set-cookie')
    .map(([, value]) => value);
  const text = [response.body?.text ?? '', ...cookies].join(' ');
  const found: string[] = [];
  for (let at = text.indexOf('<'); at >= 0 && found.length < lookedAt; at = text.indexOf('<', at + 1)) {
    const cls = surrogateAt(text, at);
    if (cls === 'jwt' || cls === 'token' || cls === 'session' || cls === 'bearer' || cls === 'key')
      found.push(text.slice(at, at + surrogateLength(cls)));
  }
  return found;
}

/** The digest without its class: a session id is one in a cookie and a token in a header. */
const digestOf = (surrogate: string): string => surrogate.slice(-9);

/** Remembers `limit` credentials, the oldest go. */
export function createSignIns(limit: number, seed: number): SignIns {
  const known = new Set<number>();
  return {
    isPersonal: (credential) => known.size > 0 && known.has(hashText(digestOf(credential), seed)),
    learn: ({ request, response }) => {
      const status = response?.status ?? 0;
      if (request?.method !== 'POST' || !response || status < 200 || status >= 300) return;
      if (request.body?.text.includes('<password:') !== true) return;
      for (const credential of handedOut(response)) {
        const oldest = known.size >= limit ? known.values().next().value : undefined;
        if (oldest !== undefined) known.delete(oldest);
        known.add(hashText(digestOf(credential), seed));
      }
    },
  };
}
