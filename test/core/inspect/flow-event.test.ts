// From a captured exchange to the event everybody reads: who, what, when, how much, masked and safe to show.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFlowAssembler } from '../../../src/core/inspect/flow-event.ts';
import { newExchange } from '../../../src/core/inspect/new-exchange.ts';
import { createMasker } from '../../../src/core/mask/masker.ts';
import { flowEventSchema, type FlowEvent, type Verdict } from '../../../src/core/model/event.ts';
import type { Exchange } from '../../../src/core/model/exchange.ts';
import { peerFromName, type ListenerConfig } from '../../../src/core/model/identity.ts';

const listeners: readonly ListenerConfig[] = [
  {
    listen: { host: '127.0.0.1', port: 1 },
    upstream: { host: '127.0.0.1', port: 8080 },
    source: peerFromName('web', 'shop'),
    destination: peerFromName('orders', 'shop'),
  },
];
const allow: Verdict = { action: 'allow', mode: 'enforce' };
const seenPaths: string[] = [];
const assemble = createFlowAssembler({
  listeners,
  agent: 'a1',
  masker: createMasker(new Uint8Array(32).fill(3)),
  describe: ({ decision }, normalisedPath) => {
    seenPaths.push(normalisedPath);
    const verdict: Verdict =
      decision.action === 1 ? { action: 'block', mode: 'enforce', policy: 'shop/p' } : allow;
    return decision.shadowAction === 1
      ? { verdict, shadow: { action: 'block', mode: 'shadow', policy: 'shop/s' } }
      : { verdict };
  },
});

interface Wire {
  readonly target?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  readonly answerHead?: readonly string[];
  readonly answer?: string;
}

const copy = (into: Uint8Array, bytes: Buffer): number => {
  into.set(bytes);
  return bytes.length;
};

/** An exchange as the data plane hands it over; bytes above 127 are written as latin1. */
function exchangeOf(wire: Wire, more: Partial<Exchange> = {}): Exchange {
  const { target = '/orders/7?a=1', headers = [], body, answerHead = [], answer } = wire;
  const exchange = newExchange();
  const head = `POST ${target} HTTP/1.1\r\nHost: orders.shop\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`;
  const question = target.indexOf('?');
  const pathEnd = 5 + (question < 0 ? target.length : question);
  const hostStart = head.indexOf('orders.shop');
  Object.assign(exchange, {
    connection: 37,
    sequence: 38,
    startedAt: 1_769_302_108_123.4,
    firstByteAt: 1_769_302_108_125.4,
    endedAt: 1_769_302_108_130.65,
    clientAddress: '127.0.0.1:5555',
    headLength: copy(exchange.head, Buffer.from(head, 'latin1')),
    methodEnd: 4,
    pathStart: 5,
    pathEnd,
    queryStart: question < 0 ? pathEnd : pathEnd + 1,
    queryEnd: 5 + target.length,
    hostStart,
    hostEnd: hostStart + 'orders.shop'.length,
    route: '/orders/{id}',
    requestBytes: 321,
    status: 200,
    responseBytes: 654,
    responseHeadLength: copy(
      exchange.responseHead,
      Buffer.from(`HTTP/1.1 200 OK\r\n${answerHead.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1'),
    ),
    ...more,
  });
  if (body !== undefined) exchange.requestBodyLength = copy(exchange.requestBody, Buffer.from(body));
  if (answer !== undefined) exchange.responseBodyLength = copy(exchange.responseBody, Buffer.from(answer));
  return exchange;
}

const flowOf = (wire: Wire, more: Partial<Exchange> = {}): FlowEvent => assemble(exchangeOf(wire, more));

test('an ordinary exchange becomes a whole event that its schema accepts', () => {
  const flow = flowOf({
    headers: ['Content-Type: application/json', 'X-Plan: gold'],
    body: '{"qty":2}',
    answerHead: ['Content-Type: application/json; charset=utf-8'],
    answer: '{"id":7}',
  });
  expect(flowEventSchema.parse(flow)).toEqual(flow);
  expect(flow).toEqual({
    type: 'flow',
    time: '2026-01-25T00:48:28.123Z',
    id: 'a1-11-12',
    connection: 'a1-11',
    source: {
      workload: 'web',
      kind: 'Deployment',
      namespace: 'shop',
      address: '127.0.0.1:5555',
      principal: 'sa:shop/web',
      assurance: 'ip',
    },
    destination: {
      workload: 'orders',
      kind: 'Deployment',
      namespace: 'shop',
      address: '127.0.0.1:8080',
      principal: 'sa:shop/orders',
      assurance: 'ip',
    },
    protocol: 'http/1.1',
    request: {
      method: 'POST',
      host: 'orders.shop',
      path: '/orders/7',
      query: 'a=1',
      route: '/orders/{id}',
      bytes: 321,
      headers: [
        ['host', 'orders.shop'],
        ['content-type', 'application/json'],
        ['x-plan', 'gold'],
      ],
      body: { contentType: 'application/json', text: '{"qty":2}' },
    },
    response: {
      status: 200,
      bytes: 654,
      headers: [['content-type', 'application/json; charset=utf-8']],
      body: { contentType: 'application/json; charset=utf-8', text: '{"id":7}' },
    },
    latencyMs: 7.25,
    firstByteMs: 2,
    verdict: allow,
  });
});

describe('masking', () => {
  const secrets = ['hunter2', 'bob@example.com', 'sesame', '4111111111111111'];
  test('no secret of any part is in the event, the route and the verdict included', () => {
    const flow = flowOf(
      {
        target: '/users/bob@example.com?password=hunter2',
        headers: ['Content-Type: application/json', 'Authorization: Bearer sesame', 'Cookie: sid=sesame'],
        body: '{"password":"hunter2","card":4111111111111111}',
        answerHead: ['Content-Type: application/json', 'Set-Cookie: sid=sesame'],
        answer: '{"email":"bob@example.com"}',
      },
      { route: '/users/bob@example.com', normalisedPath: '/users/bob@example.com' },
    );
    for (const secret of secrets) expect(JSON.stringify(flow)).not.toContain(secret);
    expect(seenPaths.at(-1)).toMatch(/^\/users\/<email:/);
    expect(flow.request?.headers).toContainEqual([
      'authorization',
      expect.stringMatching(/^Bearer <bearer:/),
    ]);
  });

  test('a header line that was seen before is masked the same way, another one on its own', () => {
    const tokens = ['one', 'two', 'one'].map(
      (token) => flowOf({ headers: [`Authorization: Bearer ${token}`] }).request?.headers?.[1]?.[1],
    );
    expect(tokens[0]).toBe(tokens[2]);
    expect(tokens[0]).not.toBe(tokens[1]);
  });
});

/** Control and bidi characters of a JSON text, raw or as its own escapes. */
function unsafeCodes(json: string): readonly number[] {
  const escaped = [...json.matchAll(/(?<!\\)\\u([0-9a-f]{4})/g)].map(([, hex = '']) => parseInt(hex, 16));
  const raw = Array.from(json, (char) => char.codePointAt(0) ?? 0);
  return [...escaped, ...raw].filter(
    (code) => code < 32 || code === 127 || (code >= 0x202a && code <= 0x202e),
  );
}

describe('hostile text', () => {
  test('control, bidi and broken UTF-8 bytes are escaped everywhere', () => {
    const bidi = Buffer.from('\u202e', 'utf8').toString('latin1');
    const flow = flowOf(
      {
        target: `/a\u001b[2J${bidi}?q=\u007f\u00ff`,
        headers: [`X-Evil: \u001b]0;x\u0007${bidi}`, 'X-Raw: \u00ff\u00fe', 'Content-Type: text/plain'],
        body: Buffer.from('ok\n\u001b[31m\u202e', 'utf8'),
      },
      { route: '/a\u001b\u202e' },
    );
    expect(flow.request?.path).toBe('/a\\x1b[2J\\u{202e}');
    expect(flow.request?.query).toBe('q=\\x7f\\xff');
    expect(flow.request?.route).toBe('/a\\x1b\\u{202e}');
    expect(flow.request?.headers?.slice(1, 3)).toEqual([
      ['x-evil', '\\x1b]0;x\\x07\\u{202e}'],
      ['x-raw', '\\xff\\xfe'],
    ]);
    expect(flow.request?.body?.text).toBe('ok\n\\u001b[31m\\u202e');
  });

  test('JSON with bidi characters is escaped into JSON of the same value', () => {
    const flow = flowOf({ headers: ['Content-Type: application/json'], body: '{"a":"\u202eabc"}' });
    expect(flow.request?.body?.text).toBe('{"a":"\\u202eabc"}');
  });

  test('headers are bounded in number, in length and in all', () => {
    const many = flowOf({ headers: Array.from({ length: 200 }, (_, index) => `X-${index}: v`) });
    expect(many.request?.headers).toHaveLength(64);
    const long = flowOf({ headers: [`X-Long: ${'ab '.repeat(2000)}`] });
    expect(long.request?.headers?.[1]?.[1]).toHaveLength(1024);
    const total = flowOf({
      headers: Array.from({ length: 60 }, (_, index) => `X-${index}: ${'ab '.repeat(120)}`),
    });
    const chars = (total.request?.headers ?? []).join('').length;
    expect(chars).toBeLessThanOrEqual(16 * 1024 + 128);
    const path = flowOf({ target: `/${'a/'.repeat(8000)}` }).request?.path ?? '';
    expect(path.length).toBeLessThanOrEqual(4096);
    expect(path).toMatch(/^\/a\/.*\/a\/\(11938 more\)…$/);
  });

  test('any head gives an event without control characters that its schema accepts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ maxLength: 200 }), (head, body) => {
        const exchange = newExchange();
        exchange.head.set(head);
        const end = head.length;
        Object.assign(exchange, {
          headLength: end,
          methodEnd: Math.min(3, end),
          pathStart: Math.min(4, end),
          pathEnd: end,
        });
        exchange.requestBody.set(body);
        exchange.requestBodyLength = body.length;
        const flow = assemble(exchange);
        expect(flowEventSchema.parse(flow)).toEqual(flow);
        const shown = JSON.stringify({ ...flow, request: { ...flow.request, body: undefined } });
        expect(unsafeCodes(shown)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('trace id', () => {
  const id = '4bf92f3577b34da6a3ce929d0e0e4736';
  test.each([
    [[`traceparent: 00-${id}-00f067aa0ba902b7-01`], id],
    [[`x-b3-traceid: ${id}`], id],
    [[`X-Trace-Id: ${id.toUpperCase()}`], id],
    [[`x-trace-id: ${'1'.repeat(32)}`, `traceparent: 00-${id}-00f067aa0ba902b7-01`], id],
    [[`traceparent: ff-${id}-00f067aa0ba902b7-01`], undefined],
    [[`traceparent: 00-${'0'.repeat(32)}-00f067aa0ba902b7-01`], undefined],
    [[`traceparent: 00-${id.toUpperCase()}`], undefined],
    [['x-b3-traceid: 4bf92f3577b34da6'], undefined],
    [['x-trace-id: not-hexadecimal-not-hexadecimal-'], undefined],
  ])('%j gives %s', (headers, expected) => {
    expect(flowOf({ headers }).traceId).toBe(expected);
  });
});

describe('what was not an ordinary exchange', () => {
  test('an opaque connection has no request', () => {
    const exchange = newExchange();
    Object.assign(exchange, { protocol: 2, startedAt: 1000, opaque: 'tls' });
    const flow = assemble(exchange);
    expect(flow).toMatchObject({ protocol: 'opaque', opaque: 'tls', time: '1970-01-01T00:00:01.000Z' });
    expect(flow.request).toBeUndefined();
    expect(flow.response).toBeUndefined();
    expect(flow.latencyMs).toBeUndefined();
    expect(flow.source.address).toBeUndefined();
  });

  test('a broken head is shown as far as it was read, with its code', () => {
    const flow = flowOf({}, { broken: 'CL_AND_TE', opaque: 'broken', status: 0, responseHeadLength: 0 });
    expect(flow).toMatchObject({ broken: 'CL_AND_TE', opaque: 'broken' });
    expect(flow.response).not.toHaveProperty('status');
  });

  test('a refusal says that we answered and under which id, a shadow flip is told', () => {
    const exchange = exchangeOf({}, { status: 403, local: true, blockId: '0123456789abcdef' });
    exchange.decision.action = 1;
    exchange.decision.shadowAction = 1;
    const flow = assemble(exchange);
    expect(flow.response?.local).toBe(true);
    expect(flow.verdict).toEqual({
      action: 'block',
      mode: 'enforce',
      policy: 'shop/p',
      blockId: '0123456789abcdef',
    });
    expect(flow.shadow?.action).toBe('block');
  });

  test('a window that cuts a character shows the whole ones', () => {
    const bytes = Buffer.from('añb€', 'utf8');
    const flow = flowOf(
      { headers: ['Content-Type: text/plain'], body: bytes.subarray(0, -1) },
      { requestBodyTruncated: true },
    );
    expect(flow.request?.body).toEqual({ contentType: 'text/plain', text: 'añb', truncated: true });
  });

  test('the event keeps nothing of the exchange, which is reused', () => {
    const exchange = exchangeOf({ headers: ['X-Plan: gold'], body: 'text' });
    const flow = assemble(exchange);
    const before = JSON.stringify(flow);
    exchange.head.fill(88);
    exchange.requestBody.fill(88);
    expect(JSON.stringify(flow)).toBe(before);
    expect(JSON.stringify(assemble(exchangeOf({ headers: ['X-Plan: gold'], body: 'text' })))).toBe(before);
  });
});

test('an exchange that was cut says why, any other says nothing', () => {
  expect(flowOf({}, { status: 0, cut: 'upstream-reset' }).ended).toBe('upstream-reset');
  expect(flowOf({})).not.toHaveProperty('ended');
});

test('an opaque connection that goes on is marked, by an id of its own that says where it belongs', () => {
  const begun = flowOf({}, { opaque: 'upgrade', announced: true, opening: true, endedAt: 0 });
  const ended = flowOf({}, { opaque: 'upgrade', announced: true });
  expect(begun).toMatchObject({ opening: true, opaque: 'upgrade', id: `${ended.id}-opening` });
  expect(ended.opening).toBe(false);
  expect(flowOf({}, { opaque: 'tls' })).not.toHaveProperty('opening');
});
