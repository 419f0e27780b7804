// Masks header values by the name of the header. The table decides; a name that is not in it is judged like any other field.
import { isSurrogate, type MaskClass } from './classes.ts';
import { maskForm, maskPath } from './mask-form.ts';
import type { ValueMasker } from './mask-value.ts';

type HeaderKind = 'keep' | 'credential' | 'cookie' | 'set-cookie' | 'url' | 'key' | 'session';

/** Headers whose values the protocol or a server makes: nothing to look for. */
const keep =
  'accept accept-charset accept-encoding accept-language accept-ranges access-control-allow-credentials access-control-allow-headers ' +
  'access-control-allow-methods access-control-allow-origin access-control-max-age age allow alt-svc b3 cache-control connection ' +
  'content-disposition content-encoding content-language content-length content-range content-security-policy content-type ' +
  'cross-origin-opener-policy cross-origin-resource-policy date dnt etag expect expires host if-match if-modified-since ' +
  'if-none-match if-range if-unmodified-since keep-alive last-modified max-forwards origin pragma priority range ratelimit ' +
  'ratelimit-policy referrer-policy retry-after sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode ' +
  'sec-fetch-site sec-fetch-user server server-timing strict-transport-security te traceparent trailer transfer-encoding ' +
  'upgrade upgrade-insecure-requests user-agent vary via warning www-authenticate x-b3-parentspanid x-b3-sampled x-b3-spanid ' +
  'x-b3-traceid x-content-type-options x-correlation-id x-dns-prefetch-control x-envoy-upstream-service-time x-forwarded-for ' +
  'x-forwarded-host x-forwarded-port x-forwarded-proto x-frame-options x-powered-by x-ratelimit-limit x-ratelimit-remaining ' +
  'x-ratelimit-reset x-real-ip x-request-id x-trace-id x-xss-protection';

const kinds: ReadonlyMap<string, HeaderKind> = new Map<string, HeaderKind>([
  ...keep.split(' ').map((name): [string, HeaderKind] => [name, 'keep']),
  ['authorization', 'credential'],
  ['proxy-authorization', 'credential'],
  ['x-authorization', 'credential'],
  ['x-forwarded-authorization', 'credential'],
  ['cookie', 'cookie'],
  ['cookie2', 'cookie'],
  ['set-cookie', 'set-cookie'],
  ['referer', 'url'],
  ['location', 'url'],
  ['content-location', 'url'],
  ['refresh', 'url'],
  ['link', 'url'],
  ['x-original-url', 'url'],
  ['x-original-uri', 'url'],
  ['x-rewrite-url', 'url'],
  ['x-forwarded-uri', 'url'],
  ['x-api-key', 'key'],
  ['api-key', 'key'],
  ['apikey', 'key'],
  ['x-goog-api-key', 'key'],
  ['ocp-apim-subscription-key', 'key'],
  ['x-session-id', 'session'],
  ['x-session', 'session'],
]);

/** Words in the name of a cookie that lets someone in. */
const sessionWords = /sess|sid|auth|token|jwt|login|remember|identity|csrf|xsrf/i;

/** Class of a cookie by its name; the other cookies are masked too, but are no credential. */
function cookieClass(name: string): MaskClass {
  return sessionWords.test(name) ? 'session' : 'cookie';
}

function maskCookiePair(values: ValueMasker, pair: string): string {
  const equals = pair.indexOf('=');
  if (equals < 0) return values.plain(pair, true);
  const start = equals + 1 + (pair.charCodeAt(equals + 1) === 34 ? 1 : 0);
  const end = pair.length - (start > equals + 1 && pair.endsWith('"') && pair.length > start ? 1 : 0);
  const value = pair.slice(start, end);
  if (value === '' || isSurrogate(value)) return pair;
  const name = pair.slice(0, equals).trim();
  return pair.slice(0, start) + values.named(cookieClass(name), value) + pair.slice(end);
}

/** A URL or a text with one: its path and, after the question mark, its query. */
function maskUrl(values: ValueMasker, text: string): string {
  const question = text.indexOf('?');
  const head = question < 0 ? text : text.slice(0, question);
  const authority = head.indexOf('://');
  const slash = authority < 0 ? 0 : head.indexOf('/', authority + 3);
  const pathStart = slash < 0 ? head.length : slash;
  const before = values.plain(head.slice(0, pathStart));
  const path = maskPath(values, head.slice(pathStart));
  return question < 0 ? before + path : `${before}${path}?${maskForm(values, text.slice(question + 1))}`;
}

/** Value of one header; `name` in lower case. */
export function maskHeader(values: ValueMasker, name: string, value: string): string {
  const kind = kinds.get(name);
  switch (kind) {
    case 'keep':
      return value;
    case 'credential':
      return values.named('bearer', value);
    case 'key':
    case 'session':
      return values.named(kind, value);
    case 'cookie':
      return value
        .split(';')
        .map((pair) => maskCookiePair(values, pair))
        .join(';');
    case 'set-cookie': {
      const semicolon = value.indexOf(';');
      const end = semicolon < 0 ? value.length : semicolon;
      return maskCookiePair(values, value.slice(0, end)) + value.slice(end);
    }
    case 'url':
      return maskUrl(values, value);
    case undefined: {
      const cls = values.classOfName(name);
      return cls === undefined ? values.plain(value, true) : values.named(cls, value);
    }
  }
}
