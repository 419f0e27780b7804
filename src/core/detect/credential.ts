// Credentials of a masked request: surrogates say what stood there and whether it is the same as elsewhere.
import { surrogateAt, surrogateLength, type MaskClass } from '../mask/classes.ts';
import type { Header } from '../model/event.ts';

/** Classes that are a credential wherever they stand. A bare `token` is one only under a name that says so. */
const telling: ReadonlySet<MaskClass> = new Set<MaskClass>([
  'private-key',
  'jwt',
  'key',
  'basic',
  'bearer',
  'password',
  'secret',
  'session',
]);

/** Surrogates looked at in one text. */
const lookedAt = 32;

interface Found {
  readonly cls: MaskClass;
  readonly text: string;
  readonly start: number;
}

/** First surrogate of `text` that `wanted` accepts. */
function firstSurrogate(text: string, wanted: (found: Found) => boolean): Found | undefined {
  let start = text.indexOf('<');
  for (let count = 0; start >= 0 && count < lookedAt; count += 1) {
    const cls = surrogateAt(text, start);
    if (cls !== undefined) {
      const found = { cls, text: text.slice(start, start + surrogateLength(cls)), start };
      if (wanted(found)) return found;
    }
    start = text.indexOf('<', start + 1);
  }
  return undefined;
}

const isTelling = ({ cls }: Found): boolean => telling.has(cls) || cls === 'token';

/** Lower-case names of the headers that carry a credential; light events keep them for this reason. */
export const credentialHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'x-authorization',
  'x-api-key',
  'api-key',
  'apikey',
  'x-auth-token',
  'x-access-token',
  'x-session-id',
  'x-goog-api-key',
  'private-token',
]);

/** What a request proves itself with: the surrogate in a credential header, else that of a session cookie. */
export function credentialOf(headers: readonly Header[]): string | undefined {
  let cookie: string | undefined;
  for (const [name, value] of headers) {
    if (credentialHeaders.has(name)) {
      const found = firstSurrogate(value, isTelling);
      if (found) return found.text;
    } else if (name === 'cookie') {
      cookie = firstSurrogate(
        value,
        ({ cls }) => cls !== 'cookie' && isTelling({ cls, text: '', start: 0 }),
      )?.text;
    }
  }
  return cookie;
}

/** A random token counts in a query, where a name that says so made it one (`token=`, `access_token=`). */
function inQuery(query: string): MaskClass | undefined {
  return firstSurrogate(query, ({ cls, start }) => {
    if (telling.has(cls)) return true;
    if (cls !== 'token') return false;
    const name = query.slice(query.lastIndexOf('&', start) + 1, start).toLowerCase();
    return /(?:token|auth|key|secret|jwt)=$/.test(name);
  })?.cls;
}

/** Class of a credential in a (masked) path. */
export function credentialInPath(path: string): MaskClass | undefined {
  return path.includes('<') ? firstSurrogate(path, ({ cls }) => telling.has(cls))?.cls : undefined;
}

/** Class of a credential in a (masked) query. */
export function credentialInQuery(query: string): MaskClass | undefined {
  return query.includes('<') ? inQuery(query) : undefined;
}

/** Class of a credential in the query of the (masked) Referer; of several, the first one that holds a surrogate is read. */
export function credentialInReferer(headers: readonly Header[]): MaskClass | undefined {
  for (const [name, value] of headers) {
    if (name !== 'referer' || !value.includes('<')) continue;
    const question = value.indexOf('?');
    return question < 0 ? undefined : inQuery(value.slice(question + 1));
  }
  return undefined;
}

/** Class of a credential in the path, the query or the Referer, in this order. */
export function credentialInTarget(
  path: string,
  query: string | undefined,
  headers: readonly Header[],
): MaskClass | undefined {
  return (
    credentialInPath(path) ??
    (query === undefined ? undefined : credentialInQuery(query)) ??
    credentialInReferer(headers)
  );
}
