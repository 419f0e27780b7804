// What is a ClientHello, what is not yet one, and what an HTTP server could read as a request and therefore is none.
import { expect, test } from 'vitest';
import { connect } from 'node:tls';
import { Duplex } from 'node:stream';
import { helloLength, helloState } from '../../../../src/core/protocol/tls/client-hello.ts';

const uint16 = (value: number): readonly number[] => [value >> 8, value & 255];

/** A hello with this random and session id, its handshake cut into records of the given size. */
function hello(random = 'r'.repeat(32), session = '', recordBytes = 16_000): Buffer {
  const body = Buffer.concat([
    Buffer.of(3, 3),
    Buffer.from(random, 'latin1'),
    Buffer.of(session.length),
    Buffer.from(session, 'latin1'),
    Buffer.of(0, 2, 0x13, 1, 1, 0),
  ]);
  const message = Buffer.concat([Buffer.of(1, 0, ...uint16(body.length)), body]);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += recordBytes) {
    const part = message.subarray(at, at + recordBytes);
    records.push(Buffer.of(22, 3, 1, ...uint16(part.length)), part);
  }
  return Buffer.concat(records);
}

const lengthOf = (bytes: Uint8Array): number => helloLength(bytes, 0, bytes.length);

/** What Node's own TLS client sends first. */
function realHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        resolve(chunk);
        done();
      },
    });
    connect({ socket, servername: 'shop.local', ALPNProtocols: ['h2', 'http/1.1', 'http/1.0'] }).on(
      'error',
      () => undefined,
    );
  });
}

test('what a real client sends is a hello, at every cut before its end an incomplete one', async () => {
  const bytes = await realHello();
  expect(lengthOf(bytes)).toBe(bytes.length);
  for (let end = 1; end < bytes.length; end += 1)
    expect([end, helloLength(bytes, 0, end)]).toEqual([end, helloState.incomplete]);
});

test('a hello over several records is read to its end, and no further', () => {
  const bytes = hello('r'.repeat(32), 's'.repeat(32), 20);
  expect(lengthOf(Buffer.concat([Buffer.from('??'), bytes]).subarray(2))).toBe(bytes.length);
  expect(lengthOf(Buffer.concat([bytes, Buffer.from('more')]))).toBe(bytes.length);
  expect(lengthOf(hello('r'.repeat(32), 's'.repeat(200), 6))).toBe(helloState.notHello);
});

const line = ' /admin/x HTTP/1.0\r\n\r\n';

test.each([
  ['a request behind two bytes', Buffer.from('\x16\x03 /admin/x HTTP/1.1\r\nHost: a\r\n\r\n', 'latin1')],
  ['a request behind a record header', Buffer.from(`\x16\x03\x01\x00\x2d${line}`, 'latin1')],
  ['a request in the random', hello(line.padEnd(32, 'r'))],
  ['a request in the session id', hello(undefined, line)],
  ['a request with a small version', hello(undefined, line.toLowerCase())],
  [
    'a version behind the length that ALPN gives it, in capitals',
    hello(undefined, ' /admin\x08HTTP/1.1\r\n'),
  ],
  ['HTTP/0.9', hello(undefined, '\nGET /admin\r\n')],
  ['HTTP/0.9 by a tab', hello(undefined, '\nget\t/admin\r\n')],
  ['a handshake of another type', Buffer.from([...hello()].with(5, 2))],
  ['a handshake shorter than its record', Buffer.from([...hello()].with(8, 41 - 1))],
  ['an empty record', Buffer.from([...hello()].with(4, 0))],
  ['a version no TLS has', Buffer.from([...hello()].with(9, 2))],
  ['a handshake of 64 KiB', Buffer.from([...hello()].with(7, 0xff))],
])('%s is no hello', (_, bytes) => {
  expect(lengthOf(bytes)).toBe(helloState.notHello);
});
