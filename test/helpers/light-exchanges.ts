// Exchanges as the worker hands them over, for tests of what main makes of them.
import { createFlowReader, type FlowReader } from '../../src/core/inspect/flow-event.ts';
import { newExchange } from '../../src/core/inspect/new-exchange.ts';
import { createMasker } from '../../src/core/mask/masker.ts';
import type { Exchange } from '../../src/core/model/exchange.ts';
import { peerFromName } from '../../src/core/model/identity.ts';

/** Epoch ms of the first exchange. */
export const exchangeStartMs = Date.UTC(2026, 10, 23, 3);

/** A reader of one listener, web → orders, under a fixed key; `allow` without a policy. */
export function newReader(describe: Parameters<typeof createFlowReader>[0]['describe'] = allow): FlowReader {
  return createFlowReader({
    listeners: [
      {
        listen: { host: '127.0.0.1', port: 1 },
        upstream: { host: '127.0.0.1', port: 8080 },
        source: peerFromName('web', 'shop'),
        destination: peerFromName('orders', 'shop'),
      },
    ],
    agent: 'a1',
    masker: createMasker(new Uint8Array(32).fill(3)),
    describe,
  });
}

const allow = () => ({ verdict: { action: 'allow', mode: 'enforce' } }) as const;

/** A request that differs from `GET /orders/7` in what is given. */
export interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly route?: string;
  /** Header lines besides Host. */
  readonly lines?: readonly string[];
  readonly fields?: Partial<Exchange>;
}

/** A whole light exchange, the `sequence`th on its connection. */
export function lightExchange(sent: Sent = {}, sequence = 1): Exchange {
  const { method = 'GET', path = '/orders/7', query = '', route = '/orders/{id}', lines = [] } = sent;
  const target = query === '' ? path : `${path}?${query}`;
  const start = `${method} ${target} HTTP/1.1\r\nHost: `;
  const head = `${start}orders.shop\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
  const pathStart = method.length + 1;
  const pathEnd = pathStart + Buffer.byteLength(path, 'latin1');
  const exchange = newExchange();
  return Object.assign(exchange, {
    connection: 7,
    sequence,
    clientAddress: '127.0.0.1:5555',
    generation: 1,
    startedAt: exchangeStartMs + sequence,
    firstByteAt: exchangeStartMs + sequence + 1.25,
    endedAt: exchangeStartMs + sequence + 2.5,
    methodEnd: method.length,
    pathStart,
    pathEnd,
    queryStart: query === '' ? 0 : pathEnd + 1,
    queryEnd: query === '' ? 0 : pathStart + target.length,
    hostStart: start.length,
    hostEnd: start.length + 'orders.shop'.length,
    route,
    requestBytes: head.length,
    status: 200,
    responseBytes: 120,
    headLength: Buffer.from(head, 'latin1').copy(exchange.head),
    light: true,
    ...sent.fields,
  });
}
