// What the window says that it holds is what the heap really holds for it, whatever callers send.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createEventWindow, type EventWindow } from '../../../src/app/agent/event-window.ts';
import type { FlowReader } from '../../../src/core/inspect/flow-event.ts';
import type { Exchange } from '../../../src/core/model/exchange.ts';
import { lightExchange, newReader, type Sent } from '../../helpers/light-exchanges.ts';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('() => { gc(); gc(); }');

/** Bytes of the heap that are still reachable. Typed arrays lie beside it and are given back late: the columns' are of a fixed size. */
function heldBytes(): number {
  if (typeof collect !== 'function') throw new Error('no collector to call');
  Reflect.apply(collect, undefined, []);
  return process.memoryUsage().heapUsed;
}

const mebibyte = 1024 * 1024;
const budget = 5 * mebibyte;
const places = 8_000;

/** What the reader's own caches may hold besides: their blocks of bytes, and texts of up to 512 characters. */
const cachesBytes = 24 * mebibyte;

function add(window: EventWindow, reader: FlowReader, exchange: Exchange): void {
  const light = reader.light(exchange);
  if (light) window.addLight(light);
  else window.add(reader.flow(exchange));
}

interface Kind {
  readonly says: string;
  readonly count: number;
  readonly sent: (index: number) => Sent;
  /** So many must fit: a bound that is far too careful would forget what people ask for. */
  readonly fewest: number;
}

/** Characters that differ from request to request; none of them is masked as a whole. */
const text = (index: number, length: number): string => {
  const word = `w${(index * 2_654_435_761) % 0xffffff}-`;
  return word.repeat(Math.ceil(length / word.length)).slice(0, length);
};
const fields = (index: number): Partial<Exchange> => ({
  connection: index,
  clientAddress: `10.0.0.1:${index}`,
});
const bodyOf = (words: string): Partial<Exchange> => ({
  light: false,
  requestBody: Buffer.from(words),
  requestBodyLength: words.length,
  responseBody: Buffer.from(words),
  responseBodyLength: words.length,
});

const kinds: readonly Kind[] = [
  {
    says: 'long paths, queries and headers of light flows, each on a connection of its own',
    count: 1_200,
    fewest: 300,
    sent: (index) => ({
      path: `/${text(index, 3_000)}`,
      query: text(index, 3_000),
      route: '/{id}',
      lines: [`User-Agent: ${text(index, 900)}`, `Cookie: ${text(index, 1_500)}`],
      fields: fields(index),
    }),
  },
  {
    says: 'paths and values that are cut',
    count: 1_200,
    fewest: 300,
    sent: (index) => ({
      path: `/${text(index, 5_000)}`,
      route: '/{id}',
      lines: [`User-Agent: ${text(index, 4_000)}`],
      fields: fields(index),
    }),
  },
  {
    says: 'bodies of which little is left after masking',
    count: 1_200,
    fewest: 1000,
    sent: (index) => ({
      fields: {
        ...fields(index),
        ...bodyOf(JSON.stringify({ password: text(index, 3_800), note: text(index, 40) })),
      },
    }),
  },
  {
    says: 'bodies that are kept as they are, and a normalised path that no other request has',
    count: 1_200,
    fewest: 500,
    sent: (index) => ({
      fields: {
        ...fields(index),
        ...bodyOf(JSON.stringify({ note: text(index, 3_900) })),
        normalisedPath: `/${text(index, 1_500)}`,
      },
    }),
  },
  {
    says: 'small light flows, all different',
    count: 12_000,
    fewest: 3500,
    sent: (index) => ({
      path: `/orders/${index}`,
      lines: [`User-Agent: agent/${index}`],
      fields: fields(index),
    }),
  },
];

test.each(kinds)('$says stay within the budget', ({ count, sent, fewest }) => {
  const reader = newReader();
  const before = heldBytes();
  const window = createEventWindow({ flows: places, bytes: budget, findings: 10 });
  for (let index = 0; index < count; index++) add(window, reader, lightExchange(sent(index), index));
  const withWindow = heldBytes() - before;
  expect(window.size()).toBeGreaterThanOrEqual(fewest);
  expect(window.bytes()).toBeLessThanOrEqual(budget);
  expect(withWindow).toBeLessThanOrEqual(budget + cachesBytes);
  // What the window alone holds: everything is dropped, the caches stay.
  const charged = window.bytes();
  const held = heldBytes();
  for (let index = 0; index < places; index++)
    window.add({ type: 'lost', time: '2026-11-23T03:00:00.000Z', where: 'details', count: 1 });
  const freed = held - heldBytes();
  expect(freed).toBeLessThanOrEqual(charged * 1.1);
  // Its caches must not have been collected meanwhile.
  expect(reader.light(lightExchange())).toBeDefined();
});
