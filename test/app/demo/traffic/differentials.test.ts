import { expect, test } from 'vitest';
import { differentialBytes, differentials } from '../../../../src/app/demo/traffic/differentials.ts';

const text = (name: string): string => differentialBytes(name, 'orders.shop', '/orders').toString('latin1');

test.each([
  [
    'content-length and transfer-encoding',
    /Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG$/,
  ],
  ['two content-lengths', /Content-Length: 5\r\nContent-Length: 0\r\n/],
  ['obsolete line folding', /\r\nX-Forwarded-For: 10\.0\.0\.7,\r\n {2}127\.0\.0\.1\r\n\r\n$/],
  ['two hosts', /Host: orders\.shop\r\nHost: internal/],
  ['space before the colon', /Transfer-Encoding : chunked/],
  ['unknown transfer-encoding', /Transfer-Encoding: xchunked/],
  ['bad chunk size', /\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n$/],
  ['bare line feeds', /^GET \/orders HTTP\/1\.1\nHost: orders\.shop\n[^\r]*\n\n$/],
  // eslint-disable-next-line no-control-regex -- the NUL is what this trick is about
  ['NUL in a header', /X-Original-Url: \/admin\u0000\.css/],
])('"%s" is what its name says', (name, pattern) => {
  expect(text(name)).toMatch(pattern);
});

test('every trick has its row above', () => {
  expect(Object.keys(differentials).length).toBe(9);
});

test('an unknown trick is our own bug and says so', () => {
  expect(() => differentialBytes('nothing', 'h', '/')).toThrow('nothing');
});
