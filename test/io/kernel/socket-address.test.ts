import { expect, test } from 'vitest';
import { addressText, portOf, toSocketAddress } from '../../../src/io/kernel/socket-address.ts';

const libc = {
  allocate(bytes: number) {
    const memory = new ArrayBuffer(bytes);
    return { bytes: Buffer.from(memory), view: new DataView(memory), address: 0 };
  },
};

test.each([
  ['127.0.0.1', 80, '127.0.0.1:80'],
  ['localhost', 0, '127.0.0.1:0'],
  ['255.255.255.255', 65535, '255.255.255.255:65535'],
  ['::1', 443, '[::1]:443'],
  ['[::1]', 443, '[::1]:443'],
  ['::', 1, '[::]:1'],
  ['fe80::1:2', 8080, '[fe80::1:2]:8080'],
  ['2001:db8::', 9, '[2001:db8::]:9'],
  ['2001:db8:0:0:1:0:0:1', 9, '[2001:db8::1:0:0:1]:9'],
  ['1:2:3:4:5:6:7:8', 9, '[1:2:3:4:5:6:7:8]:9'],
  ['1:0:3:4:5:6:7:8', 9, '[1:0:3:4:5:6:7:8]:9'],
  ['10:0:0:4:5:6:7:8', 9, '[10::4:5:6:7:8]:9'],
  ['::ffff:10.1.2.3', 9, '10.1.2.3:9'],
  ['64:ff9b::10.1.2.3', 9, '[64:ff9b::a01:203]:9'],
])('%s and port %i become a sockaddr that reads %s', (host, port, text) => {
  const { memory, family, length } = toSocketAddress(libc, host, port);
  expect(addressText(memory.view)).toBe(text);
  expect(portOf(memory.view)).toBe(port);
  expect([family, length]).toEqual(host.includes(':') ? [10, 28] : [2, 16]);
});

test.each(['example.com', '', '1.2.3', '::g', '127.0.0.1 '])(
  'the name %o is refused with a sentence',
  (host) => {
    expect(() => toSocketAddress(libc, host, 80)).toThrow(
      expect.objectContaining({ code: 'ADDRESS_NOT_LITERAL', family: 'usage' }) as Error,
    );
  },
);
