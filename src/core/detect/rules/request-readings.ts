// What each code of strict reading says of whoever sent it. Every code has a row: a new one does not compile without.
import type { RefusalCode } from '../../policy/refusal-code.ts';

/**
 * `differential`: two HTTP readers understand the bytes differently, which is how requests are smuggled.
 * `bypass`: well-formed, and asks for a channel in which later requests pass a policy unread; seen only where a policy reads requests.
 * `malformed`: read the same by everyone: broken clients and servers, other protocols, sizes.
 * `ended`: somebody hung up, which says nothing.
 */
export type ReadingKind = 'differential' | 'bypass' | 'malformed' | 'ended';

const kinds: Readonly<Record<RefusalCode, ReadingKind>> = {
  CL_AND_TE: 'differential',
  DUPLICATE_CL: 'differential',
  BAD_CL: 'differential',
  BAD_TE: 'differential',
  TE_IN_1_0: 'differential',
  OBS_FOLD: 'differential',
  BARE_CR: 'differential',
  BARE_LF: 'differential',
  SPACE_BEFORE_COLON: 'differential',
  CONTROL_BYTE: 'differential',
  DUPLICATE_HOST: 'differential',
  HOST_MISMATCH: 'differential',
  BAD_CHUNK_SIZE: 'differential',
  BAD_CHUNK_END: 'differential',
  CHUNK_SIZE_OVERFLOW: 'differential',
  CHUNK_EXTENSIONS_TOO_LONG: 'differential',
  CONNECT_WITH_BODY: 'differential',
  // The service saw an Upgrade where we saw none.
  UNEXPECTED_UPGRADE: 'differential',
  PATH_NUL: 'differential',
  PATH_CONTROL: 'differential',
  PATH_NOT_UTF8: 'differential',
  PATH_AMBIGUOUS: 'differential',
  // A service is no forward proxy: nobody honest asks it for a tunnel.
  CONNECT_TUNNEL: 'bypass',
  // Smuggling over h2c; Java's HttpClient asks for it too, in a form that can be told (`orderlyH2c`).
  H2C_UPGRADE: 'bypass',
  // What a gRPC client sends to begin with: nothing is hidden behind a first request.
  H2_PRIOR_KNOWLEDGE: 'malformed',
  // Also what an HTTP server answers to a client that tries TLS.
  TLS_FRAMING: 'malformed',
  BAD_METHOD: 'malformed',
  BAD_TARGET: 'malformed',
  TARGET_BYTE: 'malformed',
  FRAGMENT: 'malformed',
  BAD_VERSION: 'malformed',
  BAD_HEADER_NAME: 'malformed',
  BAD_HOST: 'malformed',
  MISSING_HOST: 'malformed',
  BAD_EXPECT: 'malformed',
  HEAD_TOO_LARGE: 'malformed',
  TOO_MANY_HEADERS: 'malformed',
  TRAILERS_TOO_LARGE: 'malformed',
  BAD_STATUS: 'malformed',
  STATUS_BYTE: 'malformed',
  // Servers that time out an idle connection answer 408 to no request.
  UNSOLICITED_RESPONSE: 'malformed',
  EOF_IN_HEAD: 'ended',
  EOF_IN_BODY: 'ended',
};

const kindByCode: ReadonlyMap<string, ReadingKind> = new Map(Object.entries(kinds));

/** Undefined for a code that this version does not know. */
export const readingKindOf = (code: string): ReadingKind | undefined => kindByCode.get(code);
