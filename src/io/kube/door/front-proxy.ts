// What the API server says of itself in kube-system/extension-apiserver-authentication: which authorities sign its front proxy and its
// users, and in which headers it names people. Pure. What cannot be read believes nobody.
import { z } from 'zod';
import type { Person } from '../../../core/view/person.ts';

/** Whom the hub believes. */
export interface AuthenticationConfig {
  /** PEM, one or more: of the front proxy. '' believes no headers. */
  readonly requestHeaderAuthorities: string;
  /** Common names of the front proxy; none: any that this authority signed. */
  readonly allowedNames: readonly string[];
  /** PEM, one or more: of people with certificates (the fallback by port-forward). */
  readonly clientAuthorities: string;
  readonly userHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraPrefixes: readonly string[];
}

/** Believes nobody: until the API server has said whom. */
export const believesNobody: AuthenticationConfig = {
  ...{ requestHeaderAuthorities: '', allowedNames: [], clientAuthorities: '' },
  ...{ userHeaders: [], uidHeaders: [], groupHeaders: [], extraPrefixes: [] },
};

const listSchema = z.array(z.string());

/** A JSON list in a text; undefined when it is none. */
function listIn(text: string | undefined): readonly string[] | undefined {
  if (text === undefined || text === '') return [];
  try {
    return listSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const lower = (names: readonly string[] | undefined): readonly string[] =>
  (names ?? []).map((name) => name.toLowerCase());

/** Of the ConfigMap's data. A list of allowed names that cannot be read must not become "any name". */
export function readAuthenticationConfig(data: Readonly<Record<string, string>>): AuthenticationConfig {
  const allowedNames = listIn(data['requestheader-allowed-names']);
  const authorities = data['requestheader-client-ca-file'] ?? '';
  return {
    requestHeaderAuthorities: allowedNames === undefined ? '' : authorities,
    allowedNames: allowedNames ?? [],
    clientAuthorities: data['client-ca-file'] ?? '',
    userHeaders: lower(listIn(data['requestheader-username-headers'])),
    // Kubernetes 1.32 and newer say it; before, nobody sent it.
    uidHeaders: lower(listIn(data['requestheader-uid-headers'])),
    groupHeaders: lower(listIn(data['requestheader-group-headers'])),
    extraPrefixes: lower(listIn(data['requestheader-extra-headers-prefix'])),
  };
}

/** Every value of each header, names in lower case: as `headersDistinct` of Node has them. */
export type DistinctHeaders = Readonly<Record<string, readonly string[] | undefined>>;

/** Keys of extra are percent-encoded where a header's name could not hold them. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** The API server sends UTF-8, which Node reads as Latin-1. */
const asUtf8 = (value: string): string => Buffer.from(value, 'latin1').toString('utf8');

function extraOf(headers: DistinctHeaders, prefixes: readonly string[]): Person['extra'] {
  const extra = new Map<string, readonly string[]>();
  for (const [name, values = []] of Object.entries(headers)) {
    const prefix = prefixes.find((one) => one !== '' && name.startsWith(one));
    if (prefix !== undefined) extra.set(decoded(name.slice(prefix.length)), values.map(asUtf8));
  }
  return Object.fromEntries(extra);
}

const first = (headers: DistinctHeaders, names: readonly string[]): string | undefined =>
  names.map((name) => headers[name]?.[0]).find((value) => value !== undefined && value !== '');

/** Whom the headers name; undefined without a user. Only for requests of the front proxy itself. */
export function personInHeaders(headers: DistinctHeaders, config: AuthenticationConfig): Person | undefined {
  const name = first(headers, config.userHeaders);
  if (name === undefined) return undefined;
  const user = asUtf8(name);
  const uid = first(headers, config.uidHeaders);
  return {
    user,
    ...(uid === undefined ? {} : { uid }),
    groups: config.groupHeaders.flatMap((header) => (headers[header] ?? []).map(asUtf8)),
    extra: extraOf(headers, config.extraPrefixes),
  };
}

/** Whether a request claims to speak for somebody: from anybody but the front proxy that is refused, not ignored. */
export function claimsSomebody(headers: DistinctHeaders, config: AuthenticationConfig): boolean {
  const named = [...config.userHeaders, ...config.groupHeaders, ...config.uidHeaders];
  const isClaim = (name: string): boolean =>
    name.startsWith('x-remote-') ||
    named.includes(name) ||
    config.extraPrefixes.some((prefix) => prefix !== '' && name.startsWith(prefix));
  return Object.keys(headers).some(isClaim);
}
