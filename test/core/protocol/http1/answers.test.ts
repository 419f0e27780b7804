// The answers that the agent writes itself, byte for byte.
import { expect, test } from 'vitest';
import {
  answerBytes,
  retryAfterSeconds,
  structuredString,
  writeAnswer,
  type Answer,
} from '../../../../src/core/protocol/http1/answers.ts';

const plain: Answer = {
  status: 403,
  blockId: '00000000000000aa',
  code: '',
  close: false,
  headOnly: false,
  retryAfterMs: 0,
  limit: undefined,
};

function textOf(answer: Partial<Answer>): string {
  const into = new Uint8Array(answerBytes);
  const length = writeAnswer(into, { ...plain, ...answer });
  expect(length).toBeLessThan(answerBytes);
  return Buffer.from(into.subarray(0, length)).toString('latin1');
}

const lines = (...text: string[]): string => text.join('\r\n');

test('a refusal is a problem with an opaque id and nothing about policy', () => {
  expect(textOf({})).toBe(
    lines(
      'HTTP/1.1 403 Forbidden',
      'content-type: application/problem+json',
      'content-length: 178',
      'cache-control: no-store',
      '',
      '{"type":"about:blank","title":"Forbidden","status":403,' +
        '"detail":"A policy refuses this request. Whoever runs the service can look up the block-id.","block-id":"00000000000000aa"}',
    ),
  );
});

test('a throttle says when to come back, in the standard field and in the draft ones', () => {
  expect(
    textOf({
      status: 429,
      retryAfterMs: 1200,
      limit: { name: 'shop/slow-down', quota: 10, windowSeconds: 30, remaining: 0.4 },
    }),
  ).toBe(
    lines(
      'HTTP/1.1 429 Too Many Requests',
      'content-type: application/problem+json',
      'content-length: 157',
      'cache-control: no-store',
      'retry-after: 2',
      'ratelimit-policy: "shop/slow-down";q=10;w=30',
      'ratelimit: "shop/slow-down";r=0;t=2',
      '',
      '{"type":"about:blank","title":"Too Many Requests","status":429,' +
        '"detail":"Too many requests; wait as long as Retry-After says.","block-id":"00000000000000aa"}',
    ),
  );
});

test('the wait is in whole seconds, rounded up, never zero', () => {
  expect([0, 1, 999, 1000, 1001, 60_000].map(retryAfterSeconds)).toEqual([1, 1, 1, 1, 2, 60]);
});

test('400 names the parser code, 502 and 504 refuse nothing and have no id', () => {
  expect(textOf({ status: 400, code: 'CL_AND_TE' })).toContain('"code":"CL_AND_TE"');
  expect(textOf({ status: 502, blockId: '' })).toMatch(
    /\r\n\r\n\{"type":"about:blank","title":"Bad Gateway","status":502,"detail":"[^"]+"\}$/,
  );
  expect(textOf({ status: 504, blockId: '' })).toMatch(/^HTTP\/1\.1 504 Gateway Timeout\r\n/);
});

test('connection: close only when it is closed, and the answer to HEAD ends with its head', () => {
  expect(textOf({})).not.toContain('connection:');
  expect(textOf({ close: true })).toContain('\r\nconnection: close\r\n\r\n{');
  expect(textOf({ headOnly: true })).toMatch(/content-length: 178\r\n[^{]*\r\n\r\n$/);
});

test('a limit whose name is not known, or cannot be a structured string, is not named as another', () => {
  expect(textOf({ status: 429, retryAfterMs: 1000 })).not.toContain('ratelimit');
  const odd = { name: 'shop/grün', quota: 10, windowSeconds: 1, remaining: 0 };
  expect(textOf({ status: 429, retryAfterMs: 1000, limit: odd })).not.toContain('ratelimit');
  expect([structuredString('a "b" \\c'), structuredString('a\nb'), structuredString('')]).toEqual([
    '"a \\"b\\" \\\\c"',
    undefined,
    '""',
  ]);
});

test('the longest names there can be fit', () => {
  const name = `${'n'.repeat(63)}/${'p'.repeat(253)}`;
  const limit = { name, quota: 1_000_000_000, windowSeconds: 3_600_000_000, remaining: 999_999_999 };
  expect(textOf({ status: 429, retryAfterMs: 3_600_000_000, limit, close: true })).toMatch(/"\}$/);
});
