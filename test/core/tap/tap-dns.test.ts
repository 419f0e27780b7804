// Names of addresses from what passes on port 53, over UDP and TCP.
import { expect, test } from 'vitest';
import { datagramFrame } from '../../helpers/frames.ts';
import { answerTo, ipv4, ipv6, questionFor } from '../protocol/dns/dns-build.ts';
import { pod, usual, watch, Wire } from './wire.ts';

const resolver = '10.96.0.53';
const asks = (payload: Uint8Array, port = 4000): Uint8Array =>
  datagramFrame({ source: pod, destination: resolver, sourcePort: port, destinationPort: 53, payload });
const answers = (payload: Uint8Array, port = 4000, source = resolver): Uint8Array =>
  datagramFrame({ source, destination: pod, sourcePort: 53, destinationPort: port, payload });

const question = questionFor('api.stripe.com', 7);
const reply = answerTo('api.stripe.com', 7, [
  ipv4('api.stripe.com', [1, 2, 3, 4], 60),
  ipv6('api.stripe.com', 60),
]);

test('an answered question gives its addresses their name', () => {
  const watched = watch();
  watched.push([asks(question), answers(reply)]);
  expect(watched.names.nameOf('1.2.3.4', watched.now)).toBe('api.stripe.com');
  expect(watched.names.nameOf('2001:db8::1', watched.now)).toBe('api.stripe.com');
});

test.each<[string, readonly Uint8Array[]]>([
  ['without a question', [answers(reply)]],
  ['to another port', [asks(question, 4001), answers(reply)]],
  ['from another server', [asks(question), answers(reply, 4000, '10.0.0.66')]],
  ['about another name', [asks(questionFor('x.example', 7)), answers(reply)]],
  ['with another number', [asks(questionFor('api.stripe.com', 8)), answers(reply)]],
  ['a second time', [asks(question), answers(answerTo('api.stripe.com', 7, [], 3)), answers(reply)]],
])('an answer %s is not believed', (_, frames) => {
  const watched = watch();
  watched.push(frames);
  expect(watched.names.size).toBe(0);
  expect(watched.tap.counters.dnsUnasked).toBe(1);
});

test('over TCP likewise, while the connection itself is told where it belongs', () => {
  const watched = watch();
  const framed = (message: Uint8Array): Uint8Array =>
    Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);
  const wire = new Wire({ ...usual, client: pod, server: resolver, serverPort: 53 }).open();
  wire.say('client', framed(question)).say('upstream', framed(reply), 9).close();
  watched.push(wire.frames);
  expect(watched.names.size).toBe(0);
  const both = watch({ scope: { reports: 'both' } });
  both.push(wire.frames);
  expect(both.names.nameOf('1.2.3.4', both.now)).toBe('api.stripe.com');
  expect(both.log).toEqual(['1 - 0 opening opaque=unknown', '1 - 0 opaque=unknown']);
});
