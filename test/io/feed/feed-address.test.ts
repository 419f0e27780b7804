// Addresses of feeds as people write them.
import { expect, test } from 'vitest';
import { formatFeedAddress, parseFeedAddress } from '../../../src/io/feed/feed-address.ts';

test.each([
  ['127.0.0.1:9000', { type: 'tcp', host: '127.0.0.1', port: 9000 }, '127.0.0.1:9000'],
  ['9000', { type: 'tcp', host: '127.0.0.1', port: 9000 }, '127.0.0.1:9000'],
  ['[::1]:9', { type: 'tcp', host: '::1', port: 9 }, '[::1]:9'],
  ['unix:feed.sock', { type: 'unix', path: 'feed.sock' }, 'unix:feed.sock'],
  ['cluster:', { type: 'cluster' }, 'cluster:'],
  ['cluster:shop', { type: 'cluster', namespace: 'shop' }, 'cluster:shop'],
  ['forward:', { type: 'cluster', isForwarded: true }, 'forward:'],
  [
    'forward:shop@a',
    { type: 'cluster', namespace: 'shop', context: 'a', isForwarded: true },
    'forward:shop@a',
  ],
  ['cluster:*@a', { type: 'cluster', namespace: '*', context: 'a' }, 'cluster:*@a'],
  [
    'cluster:shop@arn:aws:eks:eu:1:cluster/x@y',
    { type: 'cluster', namespace: 'shop', context: 'arn:aws:eks:eu:1:cluster/x@y' },
    'cluster:shop@arn:aws:eks:eu:1:cluster/x@y',
  ],
  ['/run/x.sock', { type: 'unix', path: '/run/x.sock' }, 'unix:/run/x.sock'],
])('%s is read and printed', (text, address, printed) => {
  const read = parseFeedAddress(text);
  expect(read).toEqual(address);
  expect(formatFeedAddress(read)).toBe(printed);
});

test.each([
  '',
  'host',
  'host:',
  'host:70000',
  ':x',
  'a:1:b',
  'cluster:Shop',
  'cluster:a/b',
  'forward:Shop',
  'http://127.0.0.1:9901',
])('"%s" is no address', (text) => {
  expect(() => parseFeedAddress(text)).toThrow(`"${text}" is not an address of a feed.`);
});
