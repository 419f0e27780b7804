import { expect, test } from 'vitest';
import { addressIn, holderOf } from '../../../src/core/lease/holder.ts';

test.each([
  ['10.1.2.3', 10_250, 'hub-a_01ab_10.1.2.3:10250'],
  ['fd00::1', 10_250, 'hub-a_01ab_[fd00::1]:10250'],
  ['hub-a.local', 1, 'hub-a_01ab_hub-a.local:1'],
])('a holder says where it is reached: %s', (host, port, text) => {
  expect(holderOf({ name: 'hub-a', start: '01ab', address: { host, port } })).toBe(text);
  expect(addressIn(text)).toEqual({ host, port });
});

test.each([
  holderOf({ name: 'hub-a', start: '01ab' }),
  ...['', 'somebody else', 'hub-a_01ab_10.1.2.3', 'hub-a_01ab_10.1.2.3:0', 'hub-a_01ab_10.1.2.3:70000'],
  ...['hub-a_01ab_[10.1.2.3:80', 'hub-a_01ab_fd00::1:80'],
])('%j says no address', (text) => {
  expect(addressIn(text)).toBeUndefined();
});
