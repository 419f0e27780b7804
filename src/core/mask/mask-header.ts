// Masks header values by the name of the header. The table decides; a name that is not in it is judged like any other field.
import { isSurrogate, type MaskClass } from './classes.ts';
import { isBareUuid, isHexKey } from './looks.ts';
import { maskAuthority, maskUrl } from './mask-form.ts';
import { maskJson } from './mask-json.ts';
import { maskNamed, maskText } from './mask-text.ts';
import type { ValueMasker } from './mask-value.ts';

type HeaderKind =
  'keep' | 'credential' | 'cookie' | 'set-cookie' | 'url' | 'authority' | 'protocols' | 'key' | 'session';

/** Headers whose values the protocol or a server makes: only what a name in them gives away is masked, never by its looks. */
const keep =
  'accept accept-charset accept-encoding accept-language accept-ranges access-control-allow-credentials access-control-allow-headers ' +
  'access-control-allow-methods access-control-max-age age allow alt-svc b3 cache-control connection ' +
  'content-disposition content-encoding content-language content-length content-range content-security-policy content-type content-digest repr-digest digest content-md5 sec-websocket-key sec-websocket-accept ' +
  'cross-origin-opener-policy cross-origin-resource-policy date dnt etag expect expires if-match if-modified-since ' +
  'if-none-match if-range if-unmodified-since keep-alive last-modified max-forwards pragma priority range ratelimit ' +
  'ratelimit-policy referrer-policy retry-after sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode ' +
  'sec-fetch-site sec-fetch-user server server-timing strict-transport-security te traceparent trailer transfer-encoding ' +
  'upgrade upgrade-insecure-requests user-agent vary via warning www-authenticate x-b3-parentspanid x-b3-sampled x-b3-spanid ' +
  'x-b3-traceid x-content-type-options x-correlation-id x-dns-prefetch-control x-envoy-upstream-service-time x-forwarded-for ' +
  'x-forwarded-port x-forwarded-proto x-frame-options x-powered-by x-ratelimit-limit x-ratelimit-remaining ' +
  'x-ratelimit-reset x-real-ip x-request-id x-trace-id x-xss-protection';

const kinds: ReadonlyMap<string, HeaderKind> = new Map<string, HeaderKind>([
  ...keep.split(' ').map((name): [string, HeaderKind] => [name, 'keep']),
  ['host', 'authority'],
  ['origin', 'authority'],
  ['x-forwarded-host', 'authority'],
  ['access-control-allow-origin', 'authority'],
  [':authority', 'authority'],
  ['sec-websocket-protocol', 'protocols'],
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

/** Tokens of an opening WebSocket that stand where a protocol's name should (Kubernetes' way, and others like it). */
const protocolToken = /(\bbearer\.[a-z0-9.]*?k8s\.io\.|\b(?:bearer|token|auth)[.,] ?)([^\s,]+)/gi;

function maskProtocols(values: ValueMasker, value: string): string {
  return values.plain(
    value.replaceAll(
      protocolToken,
      (_all, lead: string, token: string) => lead + values.named('token', token),
    ),
    true,
  );
}

/** Names of headers whose hexadecimal is a content digest or an id of a trace, not a key. */
const digestName =
  /digest|checksum|hash|md5|sha|etag|trace|span|request-id|correlation|revision|commit|version/;

/** Names of headers that carry ids: a UUID without dashes is one there, and a key elsewhere. */
const idName = /(?:id|uuid|guid)$/;

const isKey = (name: string, value: string): boolean =>
  isHexKey(value) && !digestName.test(name) && !(idName.test(name) && isBareUuid(value));

/** A header that the table does not know. */
function maskOther(values: ValueMasker, name: string, value: string): string {
  if (value.length >= 32 && isKey(name, value)) return values.named('token', value);
  const first = value.charCodeAt(0);
  if (first === 123 || first === 91) return maskJson(values, value);
  if (value.includes('://') && !/\s/.test(value)) return maskUrl(values, value);
  return /[=:]/.test(value) ? maskText(values, value) : values.plain(value, true);
}

/** Most of a value that is read where it is masked in parts, in UTF-16 units: a client makes it as long as a head may be. */
export const longestHeaderRead = 4096;

/** Between two parts of a value; none of them is within a token, a key or a number. */
const betweenParts = /[\s,;&]/;

/** Where what is read of a long value ends: behind the last whole part, for half a secret is not known as one. */
function readEnd(value: string): number {
  let end = longestHeaderRead;
  while (end > 0 && !betweenParts.test(value.charAt(end - 1))) end -= 1;
  return end;
}

/** A value that is masked in parts: by what its header is for, or by its looks. */
function maskParts(values: ValueMasker, name: string, value: string): string {
  switch (kinds.get(name)) {
    case 'keep':
      return maskNamed(values, value);
    case 'authority':
      return maskAuthority(values, value);
    case 'protocols':
      return maskProtocols(values, value);
    case 'cookie':
      return value
        .split(';')
        .map((pair) => maskCookiePair(values, pair))
        .join(';');
    case 'set-cookie': {
      const semicolon = value.indexOf(';');
      const end = semicolon < 0 ? value.length : semicolon;
      // Attributes, and further cookies where a proxy has joined the lines.
      return maskCookiePair(values, value.slice(0, end)) + maskNamed(values, value.slice(end));
    }
    case 'url':
      if (/[\s,;]/.test(value)) return maskText(values, maskUrl(values, value));
      return maskUrl(values, value);
    default:
      return maskOther(values, name, value);
  }
}

/** The class that a whole value has by the header's name, or undefined. */
function classOfHeader(values: ValueMasker, name: string): MaskClass | undefined {
  const kind = kinds.get(name);
  if (kind === 'credential') return 'bearer';
  if (kind === 'key' || kind === 'session') return kind;
  if (kind !== undefined) return undefined;
  const cls = values.classOfName(name);
  return cls === 'maybe' ? undefined : cls;
}

/**
 * Value of one header; `name` in lower case. A credential is told as a whole, so that equal ones stay equal; of another value only the
 * beginning is read, and the rest is counted: `(28672 more)…`.
 */
export function maskHeader(values: ValueMasker, name: string, value: string): string {
  const cls = classOfHeader(values, name);
  if (cls !== undefined) return values.named(cls, value);
  if (value.length <= longestHeaderRead) return maskParts(values, name, value);
  const end = readEnd(value);
  return `${maskParts(values, name, value.slice(0, end))}(${value.length - end} more)…`;
}
