// Index rows of blocks and the state lines between them, without a file: what they span, and how often the state is worth its bytes.
import { expect, test } from 'vitest';
import { createBlockLedger, createStateLedger } from '../../../src/io/recording/block-ledger.ts';
import type { BlockWriter } from '../../../src/io/recording/block-writer.ts';
import { recordingLimits } from '../../../src/io/recording/recording-format.ts';
import { flow, policy, startMs } from './sample.ts';

interface Written extends BlockWriter {
  readonly texts: string[];
}

/** Keeps texts; each is placed at once, one after the other. */
function writerOf(): Written {
  const texts: string[] = [];
  let offset = 0;
  return {
    texts,
    append(text, onPlaced) {
      texts.push(text);
      onPlaced(offset);
      offset += text.length;
    },
    appendRaw: () => undefined,
    waitingChars: () => 0,
    bytes: () => offset,
    drained: () => Promise.resolve(),
  };
}

test('a block spans its earliest arrival to its latest time, and counts flows apart from the rest', () => {
  const writer = writerOf();
  const ledger = createBlockLedger(writer);
  expect(ledger.cut()).toBe(0);
  ledger.add(flow('a', 100), 'a');
  ledger.add(flow('b', 50), 'bb');
  ledger.add(policy('p', 70), 'p');
  expect(ledger.chars()).toBe(7);
  expect(ledger.cut()).toBe(7);
  ledger.add(flow('c', 60), 'c');
  ledger.cut();
  expect(writer.texts).toEqual(['a\nbb\np\n', 'c\n']);
  expect(ledger.rows).toEqual([
    { offset: 0, startMs: startMs + 100, endMs: startMs + 100, flows: 2, others: 1 },
    // What came late starts where the clock stood: rows never go back.
    { offset: 7, startMs: startMs + 100, endMs: startMs + 100, flows: 1, others: 0 },
  ]);
});

test('a state line waits for its time, and for a multiple of its own length in blocks since the last one', () => {
  const writer = writerOf();
  let nowMs = startMs;
  const ledger = createStateLedger(writer, { now: () => nowMs, stateMs: 1_000 });
  ledger.note(policy('p', 0), '{"p":1}');
  ledger.save(1_000_000, 1);
  expect(writer.texts).toEqual([]);
  nowMs += 1_000;
  ledger.save(1, 2);
  expect(writer.texts).toEqual(['{"type":"state","events":[{"p":1}]}\n']);
  const enough = writer.texts[0]!.length * recordingLimits.stateShare;
  nowMs += 1_000;
  ledger.save(enough - 1, 3);
  expect(writer.texts).toHaveLength(1);
  ledger.save(1, 4);
  expect(writer.texts).toHaveLength(2);
  expect(ledger.rows).toEqual([
    { offset: 0, blocksBefore: 2 },
    { offset: writer.texts[0]!.length, blocksBefore: 4 },
  ]);
});

test('a flow changes no state', () => {
  const writer = writerOf();
  const ledger = createStateLedger(writer, { now: () => startMs, stateMs: 0 });
  ledger.note(flow('a', 0), 'a');
  ledger.save(1, 1);
  expect(writer.texts).toEqual(['{"type":"state","events":[]}\n']);
});
