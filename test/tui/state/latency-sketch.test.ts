// Quantiles within their promised error, over this and the last minute of data.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLatencySketch } from '../../../src/tui/state/latency-sketch.ts';

test('before any value there is no quantile', () => {
  expect(createLatencySketch().quantile(0.5)).toBeUndefined();
});

test('every quantile is within eight per cent of the exact one', () => {
  const values = fc.array(fc.double({ min: 0.06, max: 500_000, noNaN: true }), {
    minLength: 1,
    maxLength: 300,
  });
  fc.assert(
    fc.property(values, fc.constantFrom(0, 0.5, 0.95, 0.99, 1), (all, q) => {
      const sketch = createLatencySketch();
      for (const value of all) sketch.add(value, 1_000);
      const sorted = [...all].sort((a, b) => a - b);
      const exact = sorted[Math.min(all.length - 1, Math.floor(q * all.length))] ?? 0;
      expect(Math.abs((sketch.quantile(q) ?? Infinity) - exact) / exact).toBeLessThan(0.08);
    }),
  );
});

test.each([0, -1, Number.NaN, 0.01])('%d counts as the least there is', (value) => {
  const sketch = createLatencySketch();
  sketch.add(value, 0);
  expect(sketch.quantile(1)).toBe(0.05);
});

test('a value beyond ten minutes counts as the most there is', () => {
  const sketch = createLatencySketch();
  sketch.add(1e12, 0);
  expect(sketch.quantile(0)).toBeGreaterThan(600_000);
});

test('a minute stays for one more minute of data, and goes after it', () => {
  const sketch = createLatencySketch();
  sketch.add(100, 0);
  sketch.add(1, 60_000);
  expect(sketch.quantile(1)).toBeGreaterThan(90);
  sketch.add(1, 119_999);
  expect(sketch.quantile(1)).toBeGreaterThan(90);
  sketch.add(1, 120_000);
  expect(sketch.quantile(1)).toBeLessThan(2);
});

test('after two minutes of silence nothing old is left', () => {
  const sketch = createLatencySketch();
  sketch.add(100, 0);
  sketch.add(1, 200_000);
  expect(sketch.quantile(1)).toBeLessThan(2);
});
