// The bookkeeping of one batch of reads: packed, in order, and empty again afterwards.
import { describe, expect, test } from 'vitest';
import { clear, createReadBatch, note, outcome } from '../../../src/io/kernel/read-batch.ts';

describe('a read batch', () => {
  test('packs reads one behind the other, each at the start of a cache line', () => {
    const batch = createReadBatch<string, string>(4);
    note(batch, 'one', 'client', 700);
    note(batch, 'one', 'upstream', 64);
    note(batch, 'one', 'client', 1);
    expect([...batch.starts]).toEqual([0, 704, 768, 0]);
    expect(batch.used).toBe(832);
    expect(batch.count).toBe(3);
  });

  test('gives no room to what brought no bytes, and keeps its place in the order', () => {
    const batch = createReadBatch<string, string>(4);
    note(batch, 'one', 'client', 10);
    note(batch, 'one', 'upstream', outcome.ended);
    note(batch, 'one', 'upstream', -104);
    note(batch, 'one', 'client', outcome.nothing);
    expect([...batch.lengths]).toEqual([10, outcome.ended, -104, outcome.nothing]);
    expect(batch.legs).toEqual(['client', 'upstream', 'upstream', 'client']);
    expect(batch.used).toBe(64);
  });

  test('keeps no connection alive once it was handled', () => {
    const batch = createReadBatch<string, string>(2);
    note(batch, 'one', 'client', 10);
    clear(batch);
    expect(batch.connections).toEqual([undefined, undefined]);
    expect(batch.legs).toEqual([undefined, undefined]);
    expect([batch.count, batch.used]).toEqual([0, 0]);
  });
});
