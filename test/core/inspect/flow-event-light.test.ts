// A light exchange as an event: what detections need is there and equal to what a full event says, the rest is not pretended.
import { expect, test } from 'vitest';
import { credentialInTarget, credentialOf } from '../../../src/core/detect/credential.ts';
import { createFlowAssembler } from '../../../src/core/inspect/flow-event.ts';
import { createTimeReader } from '../../../src/core/inspect/flow-event-time.ts';
import { newExchange } from '../../../src/core/inspect/new-exchange.ts';
import { createMasker } from '../../../src/core/mask/masker.ts';
import { flowEventSchema, type FlowEvent, type Header } from '../../../src/core/model/event.ts';
import { peerFromName } from '../../../src/core/model/identity.ts';
import fc from 'fast-check';

const assemble = createFlowAssembler({
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
  describe: () => ({ verdict: { action: 'allow', mode: 'enforce' } }),
});

function flowOf(lines: readonly string[], light: boolean, connection = 7): FlowEvent {
  const exchange = newExchange();
  const head = `GET /orders/7?token=abcdefgh12345678 HTTP/1.1\r\nHost: orders.shop\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
  const target = head.indexOf(' HTTP/1.1');
  Object.assign(exchange, {
    connection,
    startedAt: 1_769_302_108_123,
    firstByteAt: 1_769_302_108_125,
    endedAt: 1_769_302_108_130,
    clientAddress: '127.0.0.1:5555',
    methodEnd: 3,
    pathStart: 4,
    pathEnd: 13,
    queryStart: 14,
    queryEnd: target,
    hostStart: head.indexOf('orders.shop'),
    hostEnd: head.indexOf('orders.shop') + 11,
    route: '/orders/{id}',
    status: 200,
    headLength: Buffer.from(head, 'latin1').copy(exchange.head),
    light,
  });
  return assemble(exchange);
}

const token =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJpYXQiOjE3MDB9.c2lnbmF0dXJlMTIzNDU2Nzg5MA';
const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const kept = [
  `Authorization: Bearer ${token}`,
  'User-Agent: gobuster/3.6',
  `Referer: https://shop/login?password=hunter2hunter2`,
  'Cookie: session=0123456789abcdef0123456789abcdef; theme=dark',
];
const dropped = [
  'Accept: */*',
  'X-Request-Id: 77',
  'Content-Type: text/plain',
  'Te: trailers',
  'X-Plan: gold',
];
const traced = `traceparent: 00-${trace}-00f067aa0ba902b7-01`;

test('a light event says so, keeps what detections read, masked, and nothing of bodies and the answer head', () => {
  const flow = flowOf([...dropped, ...kept, traced], true);
  expect(flowEventSchema.parse(flow)).toEqual(flow);
  expect(flow.light).toBe(true);
  expect(flow.request?.headers?.map(([name]) => name)).toEqual([
    'authorization',
    'user-agent',
    'referer',
    'cookie',
  ]);
  expect(JSON.stringify(flow)).not.toContain(token);
  expect(JSON.stringify(flow)).not.toContain('hunter2');
  expect(flow.response).toEqual({ status: 200, bytes: 0 });
  expect(flow.traceId).toBe(trace);
});

test('without its details a light event equals the full one', () => {
  const full = flowOf([...dropped, ...kept, traced], false);
  const { light, ...rest } = flowOf([...dropped, ...kept, traced], true);
  expect(light).toBe(true);
  expect({ ...rest, request: { ...rest.request, headers: [] } }).toEqual({
    ...full,
    request: { ...full.request, headers: [] },
  });
});

test.each([
  ...kept,
  'Proxy-Authorization: Basic YW5uOmh1bnRlcjI=',
  'X-Authorization: Bearer 0123456789abcdef0123456789abcdef',
  'X-Api-Key: 0123456789abcdef0123456789abcdef',
  'api-key: 0123456789abcdef0123456789abcdef',
  'ApiKey: 0123456789abcdef0123456789abcdef',
  'X-Auth-Token: 0123456789abcdef0123456789abcdef',
  'X-Access-Token: 0123456789abcdef0123456789abcdef',
  'X-Session-Id: 0123456789abcdef0123456789abcdef',
  'X-Goog-Api-Key: 0123456789abcdef0123456789abcdef',
  'Private-Token: 0123456789abcdef0123456789abcdef',
])('detections see the same of %s', (line) => {
  const headersOf = (light: boolean): readonly Header[] => flowOf([line], light).request?.headers ?? [];
  const facts = (headers: readonly Header[]) => ({
    credential: credentialOf(headers),
    url: credentialInTarget('/orders/7', undefined, headers),
    agent: headers.find(([name]) => name === 'user-agent'),
  });
  expect(facts(headersOf(true))).toEqual(facts(headersOf(false)));
  expect(Object.values(facts(headersOf(true))).filter((fact) => fact !== undefined)).toHaveLength(1);
});

test.each([
  [traced],
  [`TraceParent:00-${trace}-00f067aa0ba902b7-01  `],
  [`x-b3-traceid: ${trace}`],
  [`X-Trace-Id: ${trace}`, traced],
  [`traceparent: 00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
  [`traceparent: ff-${trace}-00f067aa0ba902b7-01`],
  [`traceparent: 00-${trace.toUpperCase()}-00f067aa0ba902b7-01`],
  [`traceparent: 00-${trace}_00f067aa0ba902b7-01`],
  [`traceparenx: 00-${trace}-00f067aa0ba902b7-01`],
  ['Te: trailers'],
])('the trace id of %s is the same in both', (...lines) => {
  expect(flowOf(lines, true).traceId).toBe(flowOf(lines, false).traceId);
});

test('a keep-alive client that sends the same again shares one list of headers', () => {
  const first = flowOf([...kept, traced], true, 40).request?.headers;
  const second = flowOf([...kept, traced.replace('4bf9', '5bf9')], true, 40).request?.headers;
  expect(second).toBe(first);
  const changed = flowOf(kept.slice(1), true, 40).request?.headers;
  expect(changed).toHaveLength(3);
  expect(first).toHaveLength(4);
});

test('lines that differ only in their middle are told apart', () => {
  const agentOf = (middle: string): string | undefined =>
    flowOf([`User-Agent: ${'a'.repeat(30)}${middle}${'z'.repeat(40)}`], true).request?.headers?.[0]?.[1];
  expect(agentOf('1')).not.toBe(agentOf('2'));
});

test('times are read as Date.parse reads them', () => {
  const read = createTimeReader();
  fc.assert(
    fc.property(
      fc.oneof(
        fc
          .date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })
          .map((date) => date.toISOString()),
        fc.constantFrom('2026-11-23T01:02:03.00xZ', '2026-11-23T01:02:03.123+', '2026-11-23T01:02:03Z', ''),
        fc.integer({ min: 0, max: 999 }).map((ms) => `2026-11-23T01:02:03.${String(ms).padStart(3, '0')}Z`),
      ),
      (text) => Object.is(read(text), Date.parse(text)),
    ),
  );
});
