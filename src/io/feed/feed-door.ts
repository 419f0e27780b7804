// Who may open the feed: the judgement on one HTTP upgrade request, before WebSocket begins. Pure but for the hash.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The one path the feed answers on. */
export const feedPath = '/feed';

/** Whether an upgrade is let in, and with which HTTP status it is not. */
export type Admission =
  | { readonly type: 'welcome' }
  | { readonly type: 'refused'; readonly status: 401 | 403 | 404 | 503; readonly reason: string };

/**
 * Browsers always send `Origin` on a WebSocket, our clients never do: refusing it keeps web pages out even when they
 * know the port. The token is compared by digest, so neither length nor prefix shows in the time taken.
 */
export function admit(
  request: Pick<IncomingMessage, 'headers' | 'url'>,
  token: string | undefined,
  full: boolean,
): Admission {
  if (request.headers.origin !== undefined)
    return {
      type: 'refused',
      status: 403,
      reason: 'The feed is not for web pages: a request with an Origin is refused.',
    };
  if (request.url !== feedPath)
    return { type: 'refused', status: 404, reason: `The feed is at ${feedPath}.` };
  if (token !== undefined && !sameToken(request.headers.authorization, token))
    return { type: 'refused', status: 401, reason: 'The token is missing or wrong.' };
  if (full) return { type: 'refused', status: 503, reason: 'The feed has as many connections as it takes.' };
  return { type: 'welcome' };
}

function sameToken(authorization: string | undefined, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`));
}

const phrases = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  503: 'Service Unavailable',
} as const;

/** The whole HTTP answer of a refusal. */
export function refusalText(refused: Extract<Admission, { type: 'refused' }>): string {
  const body = `${refused.reason}\n`;
  return [
    `HTTP/1.1 ${refused.status} ${phrases[refused.status]}`,
    'connection: close',
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    ...(refused.status === 401 ? ['www-authenticate: Bearer'] : []),
    '',
    body,
  ].join('\r\n');
}
