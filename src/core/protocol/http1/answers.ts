// The answers that the agent writes itself, as bytes. Refusals are application/problem+json (RFC 9457) with an opaque id and
// nothing about policy; throttles add Retry-After (RFC 9110 10.2.3) and RateLimit fields (draft-ietf-httpapi-ratelimit-headers-10).
import { Buffer } from 'node:buffer';

/** Statuses that we answer with, and their titles. */
const titles = {
  400: 'Bad Request',
  403: 'Forbidden',
  429: 'Too Many Requests',
  502: 'Bad Gateway',
  504: 'Gateway Timeout',
} as const;

export type AnswerStatus = keyof typeof titles;

export interface Answer {
  readonly status: AnswerStatus;
  /** Random, resolvable by `explain`; '' for 502 and 504, where nothing was refused. */
  readonly blockId: string;
  /** Why, for 400 only: a parser code. */
  readonly code: string;
  /** The connection is closed after this answer. */
  readonly close: boolean;
  /** The request was HEAD: the head alone is sent. */
  readonly headOnly: boolean;
  /** For 429: until the next token, the bucket's size and what is left in it. */
  readonly retryAfterMs: number;
  readonly limitBurst: number;
  readonly limitRemaining: number;
}

/** True when `status` is one of ours. */
export const isAnswerStatus = (status: number): status is AnswerStatus => status in titles;

/** Whole seconds, rounded up, at least 1: a client that waits exactly this long finds a token. */
export const retryAfterSeconds = (retryAfterMs: number): number =>
  Math.max(1, Math.ceil(retryAfterMs / 1000));

function throttleFields(answer: Answer): string {
  if (answer.status !== 429) return '';
  const seconds = retryAfterSeconds(answer.retryAfterMs);
  const limits =
    answer.limitBurst > 0
      ? `ratelimit-policy: "throttle";q=${answer.limitBurst}\r\n` +
        `ratelimit: "throttle";r=${Math.max(0, Math.floor(answer.limitRemaining))};t=${seconds}\r\n`
      : '';
  return `retry-after: ${seconds}\r\n${limits}`;
}

function problem(answer: Answer): string {
  const members: Record<string, string | number> = { title: titles[answer.status], status: answer.status };
  if (answer.code !== '') members['code'] = answer.code;
  if (answer.blockId !== '') members['block-id'] = answer.blockId;
  return JSON.stringify(members);
}

/** Writes the answer at the start of `into` (1,024 bytes are enough) and returns its length in bytes. */
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
