// The answers that the agent writes itself, as bytes. Refusals are application/problem+json (RFC 9457) with an opaque id and
// nothing about policy; throttles add Retry-After (RFC 9110 10.2.3) and the RateLimit fields of the policy that refused, and of no
// other (draft-ietf-httpapi-ratelimit-headers-10; no `pk`: what a bucket is keyed by is not the caller's business).
import { Buffer } from 'node:buffer';

/** Statuses that we answer with, and their titles. */
const titles = {
  400: 'Bad Request',
  403: 'Forbidden',
  408: 'Request Timeout',
  429: 'Too Many Requests',
  502: 'Bad Gateway',
  504: 'Gateway Timeout',
} as const;

/** The statuses we answer with ourselves. */
export type AnswerStatus = keyof typeof titles;

/** What an answer of ours is made from. */
export interface Answer {
  readonly status: AnswerStatus;
  /** Random, resolvable by `explain`; '' for 408, 502 and 504, where no policy refused. */
  readonly blockId: string;
  /** Why, for 400 only: a parser code. */
  readonly code: string;
  /** The connection is closed after this answer. */
  readonly close: boolean;
  /** The request was HEAD: the head alone is sent. */
  readonly headOnly: boolean;
  /** For 429: until the next token. */
  readonly retryAfterMs: number;
  /** For 429: who limits and how much; undefined when that is not known. */
  readonly limit: AnswerLimit | undefined;
}

/** The limit that refused, as the RateLimit fields say it. */
export interface AnswerLimit {
  /** Name of the policy. */
  readonly name: string;
  /** Requests per window. */
  readonly quota: number;
  readonly windowSeconds: number;
  /** Requests left now. */
  readonly remaining: number;
}

/** What a caller is told beyond the title. Nothing about policies: whoever runs them finds the block id. */
const details: Readonly<Record<AnswerStatus, string>> = {
  400: 'The request is malformed; it was refused before any server saw it.',
  403: 'A policy refuses this request. Whoever runs the service can look up the block-id.',
  408: 'The request did not arrive in time.',
  429: 'Too many requests; wait as long as Retry-After says.',
  502: 'The server could not be reached, gave no answer, or gave one that cannot be read.',
  504: 'The server did not answer in time.',
};

/** True when `status` is one of ours. */
export const isAnswerStatus = (status: number): status is AnswerStatus => status in titles;

/** Whole seconds, rounded up, at least 1: a client that waits exactly this long finds a token. */
export const retryAfterSeconds = (retryAfterMs: number): number =>
  Math.max(1, Math.ceil(retryAfterMs / 1000));

/** An RFC 9651 string; undefined where it cannot be one (it holds visible ASCII and blanks only). */
export function structuredString(text: string): string | undefined {
  return /^[ -~]*$/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : undefined;
}

function limitFields(limit: AnswerLimit | undefined, seconds: number): string {
  const name = limit === undefined ? undefined : structuredString(limit.name);
  if (limit === undefined || name === undefined || limit.quota <= 0) return '';
  const remaining = Math.max(0, Math.floor(limit.remaining));
  return (
    `ratelimit-policy: ${name};q=${limit.quota};w=${limit.windowSeconds}\r\n` +
    `ratelimit: ${name};r=${remaining};t=${seconds}\r\n`
  );
}

function throttleFields(answer: Answer): string {
  if (answer.status !== 429) return '';
  const seconds = retryAfterSeconds(answer.retryAfterMs);
  return `retry-after: ${seconds}\r\n${limitFields(answer.limit, seconds)}`;
}

function problem(answer: Answer): string {
  const { status, code, blockId } = answer;
  const members: Record<string, string | number> = {
    type: 'about:blank',
    title: titles[status],
    status,
    detail: details[status],
  };
  if (code !== '') members['code'] = code;
  if (blockId !== '') members['block-id'] = blockId;
  return JSON.stringify(members);
}

/** Room that every answer fits in, bytes: two policy names of 317 characters and about 500 bytes of everything else. */
export const answerBytes = 2048;

/** Writes the answer at the start of `into` (`answerBytes` long) and returns its length in bytes. */
export function writeAnswer(into: Uint8Array, answer: Answer): number {
  const body = problem(answer);
  const text =
    `HTTP/1.1 ${answer.status} ${titles[answer.status]}\r\n` +
    `content-type: application/problem+json\r\n` +
    `content-length: ${body.length}\r\n` +
    `cache-control: no-store\r\n` +
    throttleFields(answer) +
    (answer.close ? 'connection: close\r\n' : '') +
    `\r\n${answer.headOnly ? '' : body}`;
  return Buffer.from(into.buffer, into.byteOffset, into.length).write(text, 'latin1');
}
