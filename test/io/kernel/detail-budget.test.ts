// Details are told for as many exchanges per second as somebody could read, and trouble has a budget of its own.
import { expect, test } from 'vitest';
import { newExchange } from '../../../src/core/inspect/new-exchange.ts';
import type { Exchange } from '../../../src/core/model/exchange.ts';
import { createDetailBudget } from '../../../src/io/kernel/detail-budget.ts';
import { createRingBuffer, createRingReader, createRingWriter } from '../../../src/io/kernel/event-ring.ts';
import { createExchangeEncoder } from '../../../src/io/kernel/exchange-codec.ts';

const limits = { detailedPerSecond: 100, detailedTroublePerSecond: 10 };

const answered = (different: Partial<Exchange> = {}): Exchange =>
  Object.assign(newExchange(), {
    status: 200,
    headLength: 300,
    requestBodyLength: 2_000,
    responseHeadLength: 200,
    responseBodyLength: 4_000,
    ...different,
  });

function refused(action: number): Exchange {
  const exchange = answered({ status: action === 1 ? 403 : 429, local: true });
  exchange.decision.action = exchange.decision.shadowAction = action;
  return exchange;
}

/** How many of `count` are told in full at one moment. */
function detailedOf(
  budget: ReturnType<typeof createDetailBudget>,
  { count, nowMs, make = answered }: { count: number; nowMs: number; make?: () => Exchange },
): number {
  let detailed = 0;
  const exchange = make();
  for (let index = 0; index < count; index++) {
    Object.assign(exchange, { light: false });
    budget.apply(exchange, nowMs);
    if (!exchange.light) detailed++;
  }
  return detailed;
}

test('a burst gets one second of details, then as many per second as the limit says', () => {
  const budget = createDetailBudget(limits);
  expect(detailedOf(budget, { count: 1_000, nowMs: 5_000 })).toBe(100);
  expect(detailedOf(budget, { count: 1_000, nowMs: 5_000 })).toBe(0);
  expect(detailedOf(budget, { count: 1_000, nowMs: 5_250 })).toBe(25);
  expect(detailedOf(budget, { count: 1_000, nowMs: 60_000 })).toBe(100);
});

test('over ten seconds of steady load the details stay within the budget', () => {
  const budget = createDetailBudget(limits);
  let detailed = 0;
  for (let ms = 0; ms < 10_000; ms++) detailed += detailedOf(budget, { count: 25, nowMs: ms });
  expect(detailed).toBeLessThanOrEqual(100 + 10 * 100);
  expect(detailed).toBeGreaterThanOrEqual(100 + 9.9 * 100);
});

test('at rates below the limit every exchange is told in full', () => {
  const budget = createDetailBudget(limits);
  for (let ms = 0; ms < 5_000; ms += 10) expect(detailedOf(budget, { count: 1, nowMs: ms })).toBe(1);
});

test('what was refused, failed or broken has its own budget, whatever the load', () => {
  const budget = createDetailBudget(limits);
  detailedOf(budget, { count: 10_000, nowMs: 0 });
  for (const make of [
    () => refused(1),
    () => refused(2),
    () => answered({ status: 502 }),
    () => answered({ broken: 'CL_AND_TE' }),
    () => answered({ opaque: 'tls' }),
    () => answered({ status: 0 }),
  ])
    expect(detailedOf(budget, { count: 1, nowMs: 0, make })).toBe(1);
  expect(detailedOf(budget, { count: 1_000, nowMs: 0, make: () => refused(1) })).toBe(4);
});

test('a flood of refusals takes no details from ordinary requests', () => {
  const budget = createDetailBudget(limits);
  detailedOf(budget, { count: 10_000, nowMs: 0, make: () => refused(1) });
  expect(detailedOf(budget, { count: 1_000, nowMs: 0 })).toBe(100);
});

test('a clock that stands still or steps back gives nothing away', () => {
  const budget = createDetailBudget(limits);
  expect(detailedOf(budget, { count: 200, nowMs: 9_000 })).toBe(100);
  expect(detailedOf(budget, { count: 200, nowMs: 1_000 })).toBe(0);
});

test('a light exchange takes no more room in the ring than its head and the fixed fields', () => {
  const ring = createRingBuffer(64 * 1024);
  const encoder = createExchangeEncoder(createRingWriter(ring));
  const reader = createRingReader(ring);
  const sizes = [0, 1].map((tokens) => {
    const exchange = answered();
    createDetailBudget({ detailedPerSecond: tokens, detailedTroublePerSecond: 0 }).apply(exchange, 0);
    encoder.encode(exchange);
    const bytes = reader.ints[reader.next() >> 2] ?? 0;
    reader.release();
    return bytes;
  });
  const [light = 0, full = 0] = sizes;
  expect(full).toBeGreaterThan(300 + 2_000 + 200 + 4_000);
  expect(light).toBeLessThan(300 + 300);
});
