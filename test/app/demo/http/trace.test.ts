import { expect, test } from 'vitest';
import { continueTrace, newTrace, traceparent } from '../../../../src/app/demo/http/trace.ts';

test('the trace id goes on and the span id is our own', () => {
  const first = newTrace();
  const second = continueTrace(traceparent(first));
  expect(second.traceId).toBe(first.traceId);
  expect(second.spanId).not.toBe(first.spanId);
});

test.each([
  undefined,
  '',
  'nonsense',
  '00-short-0000000000000001-01',
  `01-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
])('a header of %j begins a new trace', (header) => {
  expect(continueTrace(header).traceId).toMatch(/^[0-9a-f]{32}$/);
});

test('the header has the shape of W3C trace context', () => {
  expect(traceparent(newTrace())).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});
