// A light exchange read into numbers and words says exactly what the assembler's event of it says, or is left to the assembler.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLightFacts } from '../../../src/core/detect/light-facts.ts';
import { factsOf } from '../../../src/core/detect/facts.ts';
import type { Exchange } from '../../../src/core/model/exchange.ts';
import { lightExchange, newReader, type Sent } from '../../helpers/light-exchanges.ts';

const token = (seed: number): string => seed.toString(16).padStart(8, '0').repeat(4);
const lines = fc.array(
  fc.oneof(
    fc.constantFrom('Accept: */*', 'User-Agent: curl/8', 'user-agent:\tgobuster/3.6 ', 'COOKIE: session=1'),
    fc.nat(5).map((seed) => `Authorization: Bearer ${token(seed)}`),
    fc.nat().map((seed) => `x-request-id: ${token(seed)}`),
    fc.nat(5).map((seed) => `Referer: https://shop/login?password=${token(seed)}`),
    fc.nat().map((seed) => `traceparent: 00-${token(seed)}-00f067aa0ba902b7-01`),
    fc.nat().map((seed) => `X-B3-TraceId: ${token(seed).toUpperCase()}`),
    fc.constantFrom('x-apikey: 1', 'x-api-key : 1', 'x-api-keys: 1', 'cookie', 'a:', ':b', 'tracestate: a=1'),
  ),
  { maxLength: 8 },
);
const sent: fc.Arbitrary<Sent> = fc.record({
  lines,
  method: fc.constantFrom('GET', 'POST', 'DELETE'),
  path: fc.constantFrom('/orders/7', '/orders/8', '/users/ann@example.org', '/find', '/caf\u00e9/\u001b[1m'),
  route: fc.constantFrom('/orders/{id}', '/find', '/{id}/{id}'),
  query: fc.constantFrom('', 'id=77', 'token=0123456789abcdef0123', 'page=2&order_id=9'),
  fields: fc.record({
    status: fc.constantFrom(200, 201, 304, 401, 404, 500),
    connection: fc.nat(3),
    startedAt: fc.double({ min: 1.7e12, max: 1.8e12, noNaN: true }),
    firstByteAt: fc.double({ min: 1.7e12, max: 1.8e12, noNaN: true }),
    endedAt: fc.double({ min: 1.7e12, max: 1.8e12, noNaN: true }),
    protocol: fc.nat(1),
  }),
});

test('of any plain light exchange both make the same event', () => {
  const [reader, other] = [newReader(), newReader()];
  fc.assert(
    fc.property(sent, fc.nat(50), (each, sequence) => {
      const light = reader.light(lightExchange(each, sequence));
      expect(light && reader.eventOf(light)).toStrictEqual(other.flow(lightExchange(each, sequence)));
    }),
    { numRuns: 500 },
  );
});

test('detections are told the same of it as of its event', () => {
  const reader = newReader();
  const lightFacts = createLightFacts();
  const known = { nowMs: 5, relays: false, guessed: () => true, personal: () => true };
  fc.assert(
    fc.property(sent, (each) => {
      const exchange = lightExchange(each);
      const event = reader.flow(exchange);
      const light = reader.light(exchange);
      if (light === undefined) throw new Error('not plain');
      const { flow, ...facts } = lightFacts(light, 'web', known);
      const { flow: whole, ...expected } = factsOf(event, 'web', known);
      expect(facts).toStrictEqual(expected);
      const { time, id, source, destination, request, response, verdict, protocol } = whole;
      expect(flow).toEqual({
        type: 'flow',
        light: true,
        ...{ time, id, source, destination, request, response, verdict, protocol },
      });
    }),
    { numRuns: 300 },
  );
});

const odd: readonly (readonly [string, Partial<Exchange>])[] = [
  ['that has its details', { light: false }],
  ['that we answered', { local: true, status: 403 }],
  ['that nobody answered', { firstByteAt: 0, status: 0 }],
  ['that goes on', { endedAt: 0 }],
  ['that was cut off', { cut: 'client-reset' }],
  ['that could not be read', { broken: 'CL_AND_TE', opaque: 'broken' }],
  ['that was upgraded', { announced: true, opaque: 'upgrade' }],
  ['with a block id', { blockId: '00112233445566aa' }],
  ['without a head', { headLength: 0 }],
  ['on which a policy had a say', { normalisedPath: '/orders/7' }],
];
test.each(odd)('an exchange %s is left to the assembler', (_says, fields) => {
  expect(newReader().light(lightExchange({ fields }))).toBeUndefined();
});

test('a verdict that is more than a plain allow is left to the assembler', () => {
  const block = { action: 'block', mode: 'enforce' } as const;
  const allow = { action: 'allow', mode: 'enforce' } as const;
  expect(newReader(() => ({ verdict: block })).light(lightExchange())).toBeUndefined();
  expect(newReader(() => ({ verdict: allow, shadow: block })).light(lightExchange())).toBeUndefined();
  expect(newReader(() => ({ verdict: { ...allow, field: 'path' } })).light(lightExchange())).toBeUndefined();
});
