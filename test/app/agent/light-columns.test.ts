// Light flows in the window come back as they went in, in order, beside full ones, and what they hold is given back.
import { expect, test } from 'vitest';
import { createEventWindow } from '../../../src/app/agent/event-window.ts';
import { createLightColumns } from '../../../src/app/agent/light-columns.ts';
import type { ApiEvent } from '../../../src/core/model/event.ts';
import type { Exchange } from '../../../src/core/model/exchange.ts';
import { lightExchange, newReader, type Sent } from '../../helpers/light-exchanges.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

const trace = 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const plain: readonly Sent[] = [
  {},
  { lines: ['User-Agent: curl/8', trace] },
  { lines: ['Authorization: Bearer 0123456789abcdef0123456789abcdef', 'X-Request-Id: 9'] },
  { path: '/find', route: '/find', query: 'q=chairs&token=0123456789abcdef0123456789abcdef' },
  { method: 'POST', fields: { connection: 8, clientAddress: '', status: 201, protocol: 1 } },
];

function lightOf(exchange: Exchange, reader = newReader()) {
  const light = reader.light(exchange);
  if (light === undefined) throw new Error('not a plain light exchange');
  return light;
}

test('light flows, full ones and losses come back from the window equal and in order, also after the ring went round', () => {
  const window = createEventWindow({ flows: 64, bytes: 1e9, findings: 1 });
  const reader = newReader();
  const told: ApiEvent[] = [];
  for (let index = 0; index < 200; index++) {
    const exchange = lightExchange(plain[index % plain.length], index);
    const event: ApiEvent =
      index % 7 === 0
        ? { type: 'lost', time: '2026-11-23T03:00:00.000Z', where: 'details', count: 1 }
        : index % 5 === 0
          ? sampleFlow({ id: `full-${index}` })
          : reader.flow(exchange);
    told.push(event);
    if (event.type === 'flow' && event.light === true) window.addLight(lightOf(exchange, reader));
    else window.add(event);
  }
  expect(window.history(0, undefined)).toStrictEqual(told.slice(-64));
  expect(window.history(0, 3)).toStrictEqual(told.slice(-3));
});

test('a place gives back what was put there until it is emptied', () => {
  const columns = createLightColumns(4);
  const reader = newReader();
  expect(columns.get(2)).toBeUndefined();
  expect(columns.drop(2)).toBe(0);
  const exchange = lightExchange(plain[1]);
  columns.put(2, lightOf(exchange, reader));
  expect(columns.get(2)).toStrictEqual(reader.flow(exchange));
  expect(columns.get(1)).toBeUndefined();
  expect(columns.drop(2)).toBeGreaterThan(0);
  expect(columns.get(2)).toBeUndefined();
});

test('what flows share is charged once, and given back with the last of them', () => {
  const columns = createLightColumns(4);
  const reader = newReader();
  const lines = [`User-Agent: ${'a'.repeat(500)}`];
  const first = columns.put(0, lightOf(lightExchange({ lines }, 1), reader));
  const second = columns.put(1, lightOf(lightExchange({ lines }, 2), reader));
  expect(first - second).toBeGreaterThan(500);
  expect(columns.drop(0)).toBe(second);
  expect(columns.drop(1)).toBeGreaterThan(500);
});
