import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newExchange } from '../../../src/core/inspect/new-exchange.ts';
import type { Exchange } from '../../../src/core/model/exchange.ts';
import { createRingBuffer, createRingReader, createRingWriter } from '../../../src/io/kernel/event-ring.ts';
import {
  createExchangeDecoder,
  createExchangeEncoder,
  wordLength,
  wordLimit,
} from '../../../src/io/kernel/exchange-codec.ts';

const sizes = {
  requestHeadBytes: 300,
  responseHeadBytes: 300,
  requestBodyBytes: 300,
  responseBodyBytes: 300,
};

function codec(capacity = 1024 * 1024) {
  const buffer = createRingBuffer(capacity);
  const reader = createRingReader(buffer);
  const encoder = createExchangeEncoder(createRingWriter(buffer));
  const decoder = createExchangeDecoder(reader);
  const into = newExchange({
    requestHeadBytes: 0,
    responseHeadBytes: 0,
    requestBodyBytes: 0,
    responseBodyBytes: 0,
  });
  return {
    reader,
    encoder,
    decode: (): Exchange => {
      decoder.decode(reader.next(), into);
      reader.release();
      return into;
    },
  };
}

/** The same with buffers cut to what counts, to compare. */
const visible = (exchange: Exchange) => ({
  ...exchange,
  decision: { ...exchange.decision },
  head: [...exchange.head.subarray(0, exchange.headLength)],
  requestBody: [...exchange.requestBody.subarray(0, exchange.requestBodyLength)],
  responseHead: [...exchange.responseHead.subarray(0, exchange.responseHeadLength)],
  responseBody: [...exchange.responseBody.subarray(0, exchange.responseBodyLength)],
});

const int = fc.integer({ min: -2, max: 2 ** 31 - 1 });
const float = fc.double({ noNaN: true, noDefaultInfinity: true });
const bytes = fc.uint8Array({ maxLength: 300 });
const text = fc.string({ unit: 'grapheme', maxLength: 80 });

/** Every field of an exchange, whatever fields there will be: strings, booleans, numbers and buffers by their type. */
function filled(sample: {
  ints: number[];
  floats: number[];
  buffers: Uint8Array[];
  texts: string[];
  flags: boolean[];
}) {
  const exchange = newExchange(sizes);
  const floats = new Set([
    'connection',
    'startedAt',
    'firstByteAt',
    'endedAt',
    'requestBytes',
    'responseBytes',
  ]);
  const decisionFloats = new Set(['retryAfterMs', 'limitRemaining', 'shadowRetryAfterMs']);
  let index = 0;
  const fill = (target: Record<string, unknown>, isFloat: (key: string) => boolean): void => {
    for (const [key, value] of Object.entries(target)) {
      index++;
      if (typeof value === 'number')
        target[key] = isFloat(key)
          ? sample.floats[index % sample.floats.length]
          : sample.ints[index % sample.ints.length];
      else if (typeof value === 'boolean') target[key] = sample.flags[index % sample.flags.length];
      else if (typeof value === 'string') target[key] = sample.texts[index % sample.texts.length];
    }
  };
  fill(exchange as Exchange & Record<string, unknown>, (key) => floats.has(key));
  fill(exchange.decision as Exchange['decision'] & Record<string, unknown>, (key) => decisionFloats.has(key));
  for (const [index, name] of (['head', 'requestBody', 'responseHead', 'responseBody'] as const).entries()) {
    const content = sample.buffers[index] ?? new Uint8Array();
    exchange[name].set(content);
    exchange[`${name}Length`] = content.length;
  }
  return exchange;
}

test('every field of any exchange survives the ring', () => {
  fc.assert(
    fc.property(
      fc.record({
        ints: fc.array(int, { minLength: 40, maxLength: 40 }),
        floats: fc.array(float, { minLength: 12, maxLength: 12 }),
        buffers: fc.array(bytes, { minLength: 4, maxLength: 4 }),
        texts: fc.array(text, { minLength: 7, maxLength: 7 }),
        flags: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      }),
      (sample) => {
        // A codec each: a connection keeps its addresses, and two samples may draw the same number of one.
        const { encoder, decode } = codec(64 * 1024);
        const exchange = filled(sample);
        encoder.encode(exchange);
        expect(visible(decode())).toEqual(visible(exchange));
      },
    ),
    { numRuns: 500 },
  );
});

test('a route is spelled once and afterwards sent by number', () => {
  const { encoder, decode, reader } = codec();
  const exchange = newExchange(sizes);
  exchange.route = '/orders/{id}/lines/{id}/parts/{id}/with/a/long/name';
  const lengths = [1, 2].map(() => {
    encoder.encode(exchange);
    const length = reader.ints[reader.next() >> 2] ?? 0;
    expect(decode().route).toBe(exchange.route);
    return length;
  });
  expect((lengths[0] ?? 0) - (lengths[1] ?? 0)).toBeGreaterThanOrEqual(48);
});

test('more words than the table holds, and overlong ones, still arrive', () => {
  const { encoder, decode } = codec();
  const exchange = newExchange(sizes);
  for (let index = 0; index < wordLimit + 50; index++) {
    exchange.route = `/r${index}`;
    encoder.encode(exchange);
    expect(decode().route).toBe(`/r${index}`);
  }
  exchange.route = `/${'x'.repeat(wordLength)}`;
  for (let times = 0; times < 2; times++) {
    encoder.encode(exchange);
    expect(decode().route).toBe(exchange.route);
  }
});

test('a word whose record was lost is spelled again in the next one', () => {
  const { encoder, decode, reader } = codec(1024);
  const exchange = newExchange(sizes);
  exchange.route = '/known';
  for (let index = 0; index < 4; index++) encoder.encode(exchange);
  exchange.route = '/lost-at-first';
  encoder.encode(exchange);
  while (reader.lost() === 0) encoder.encode(exchange);
  expect(decode().route).toBe('/known');
  for (let offset = reader.next(); offset >= 0; offset = reader.next()) decode();
  encoder.encode(exchange);
  expect(decode().route).toBe('/lost-at-first');
});
