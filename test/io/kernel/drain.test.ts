import { expect, test, vi } from 'vitest';
import { newExchange } from '../../../src/core/inspect/new-exchange.ts';
import { createDrain } from '../../../src/io/kernel/drain.ts';
import { createRingBuffer, createRingWriter } from '../../../src/io/kernel/event-ring.ts';
import { createExchangeEncoder } from '../../../src/io/kernel/exchange-codec.ts';

const small = { requestHeadBytes: 0, responseHeadBytes: 0, requestBodyBytes: 0, responseBodyBytes: 0 };

function lab(drainedPerTurn = 100) {
  const ring = createRingBuffer(4096);
  const encoder = createExchangeEncoder(createRingWriter(ring));
  const seen: number[] = [];
  const lost: number[] = [];
  const drain = createDrain({
    ring,
    limits: { drainEveryMs: 20, drainedPerTurn },
    target: newExchange(small),
    onExchange: ({ sequence }) => seen.push(sequence),
    onLost: (where, count) => {
      expect(where).toBe('worker-ring');
      lost.push(count);
    },
  });
  const exchange = newExchange(small);
  const put = (sequence: number): boolean => {
    exchange.sequence = sequence;
    return encoder.encode(exchange);
  };
  return { drain, seen, lost, put };
}

test('only the first record after a sleep wakes main; what follows is taken at the next turn', () => {
  vi.useFakeTimers();
  const { drain, seen, put } = lab();
  expect(put(1)).toBe(true);
  drain.wake();
  expect(seen).toEqual([1]);
  expect([put(2), put(3)]).toEqual([false, false]);
  vi.advanceTimersByTime(20);
  expect(seen).toEqual([1, 2, 3]);
  // A turn that finds nothing sleeps: no timer is left, and the next record wakes again.
  vi.advanceTimersByTime(20);
  expect(vi.getTimerCount()).toBe(0);
  expect(put(4)).toBe(true);
  vi.useRealTimers();
});

test('a turn takes a bounded number of records and lets other work run between', async () => {
  const { drain, seen, put } = lab(2);
  for (let sequence = 1; sequence <= 5; sequence++) put(sequence);
  drain.wake();
  expect(seen).toEqual([1, 2]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual([1, 2, 3, 4]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual([1, 2, 3, 4, 5]);
  drain.finish();
});

test('what a full ring dropped is reported once, and counted in all', () => {
  const { drain, seen, lost, put } = lab();
  for (let sequence = 0; sequence < 50; sequence++) put(sequence);
  drain.finish();
  expect(lost).toEqual([50 - seen.length]);
  expect(drain.lost()).toBe(50 - seen.length);
  expect(seen).toEqual(seen.map((_value, index) => index));
});

test('the end of the worker delivers everything at once, whatever a turn may take', () => {
  const { drain, seen, put } = lab(2);
  for (let sequence = 1; sequence <= 7; sequence++) put(sequence);
  drain.finish();
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('the queue tells how full it is, how full it was, and what it holds', () => {
  const { drain, put } = lab(2);
  expect(drain.queue()).toEqual({ usedBytes: 0, peakBytes: 0, capacityBytes: 4096 });
  for (let sequence = 1; sequence <= 4; sequence++) put(sequence);
  drain.wake();
  const { usedBytes, peakBytes } = drain.queue();
  expect(usedBytes).toBeGreaterThan(0);
  // Two of four were taken: the most is what there was before.
  expect(peakBytes).toBe(usedBytes * 2);
  drain.finish();
  expect(drain.queue()).toEqual({ usedBytes: 0, peakBytes, capacityBytes: 4096 });
});
