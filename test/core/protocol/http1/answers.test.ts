// The answers that the agent writes itself, byte for byte.
import { expect, test } from 'vitest';
import { retryAfterSeconds, writeAnswer, type Answer } from '../../../../src/core/protocol/http1/answers.ts';

const plain: Answer = {
  status: 403,
  blockId: '00000000000000aa',
  code: '',
  close: false,
  headOnly: false,
  retryAfterMs: 0,
  limitBurst: 0,
  limitRemaining: 0,
};

function textOf(answer: Partial<Answer>): string {
  const into = new Uint8Array(1024);
  const length = writeAnswer(into, { ...plain, ...answer });
  expect(length).toBeLessThan(600);
  return Buffer.from(into.subarray(0, length)).toString('latin1');
}

const lines = (...text: string[]): string => text.join('\r\n');

test('a refusal is a problem with an opaque id and nothing about policy', () => {
  expect(textOf({})).toBe(
    lines(
      'HTTP/1.1 403 Forbidden',
      'content-type: application/problem+json',
      'content-length: 64',
      'cache-control: no-store',
      '',
      '{"title":"Forbidden","status":403,"block-id":"00000000000000aa"}',
    ),
  );
});

test('a throttle says when to come back, in the standard field and in the draft ones', () => {
  expect(textOf({ status: 429, retryAfterMs: 1200, limitBurst: 10, limitRemaining: 0.4 })).toBe(
    lines(
      'HTTP/1.1 429 Too Many Requests',
      'content-type: application/problem+json',
      'content-length: 72',
      'cache-control: no-store',
      'retry-after: 2',
      'ratelimit-policy: "throttle";q=10',
      'ratelimit: "throttle";r=0;t=2',
      '',
      '{"title":"Too Many Requests","status":429,"block-id":"00000000000000aa"}',
    ),
  );
});

test('the wait is in whole seconds, rounded up, never zero', () => {
  expect([0, 1, 999, 1000, 1001, 60_000].map(retryAfterSeconds)).toEqual([1, 1, 1, 1, 2, 60]);
});

test('400 names the parser code, 502 and 504 refuse nothing and have no id', () => {
  expect(textOf({ status: 400, code: 'CL_AND_TE' })).toContain('"code":"CL_AND_TE"');
  expect(textOf({ status: 502, blockId: '' })).toMatch(/\r\n\r\n\{"title":"Bad Gateway","status":502\}$/);
  expect(textOf({ status: 504, blockId: '' })).toMatch(/^HTTP\/1\.1 504 Gateway Timeout\r\n/);
});

test('connection: close only when it is closed, and the answer to HEAD ends with its head', () => {
  expect(textOf({})).not.toContain('connection:');
  expect(textOf({ close: true })).toContain('\r\nconnection: close\r\n\r\n{');
  expect(textOf({ headOnly: true })).toMatch(/content-length: 64\r\n[^{]*\r\n\r\n$/);
});
