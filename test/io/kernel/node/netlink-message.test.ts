import { expect, test } from 'vitest';
import fc from 'fast-check';
import { addressOfBytes } from '../../../../src/io/kernel/node/address-bytes.ts';
import {
  netlinkMessage,
  numberAttribute,
  readAttributes,
  readMessages,
} from '../../../../src/io/kernel/node/netlink-message.ts';

const message = netlinkMessage({
  type: 32,
  flags: 4,
  head: Buffer.from([2, 0, 0, 0]),
  list: [
    [1, 0xdeadbeef],
    [2, 'lo'],
    [3, [[4, Buffer.from([9])]]],
  ],
});

test('what is written is read back: number, text, and nested attributes', () => {
  const [read, ...others] = readMessages(message);
  expect(others).toEqual([]);
  expect(read).toMatchObject({ type: 32, flags: 5 });
  const found = readAttributes(read!.body, 4);
  expect(numberAttribute(found, 1)).toBe(0xdeadbeef);
  expect(found.get(2)?.toString('latin1')).toBe('lo\0');
  expect(readAttributes(found.get(3)!, 0).get(4)).toEqual(Buffer.from([9]));
});

test('messages follow one another, and a cut one is left out', () => {
  expect(readMessages(Buffer.concat([message, message])).length).toBe(2);
  for (let length = 0; length < message.length; length++)
    expect(readMessages(message.subarray(0, length))).toEqual([]);
});

test('no bytes make the readers throw or go on for ever', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(40), (bytes, start) => {
      const buffer = Buffer.from(bytes);
      for (const { body } of readMessages(buffer)) readAttributes(body, start);
      readAttributes(buffer, start);
    }),
  );
});

test.each([
  [[10, 0, 0, 7], '10.0.0.7'],
  [[0xfd, 0x77, ...new Array<number>(13).fill(0), 1], 'fd77::1'],
  [[...new Array<number>(10).fill(0), 255, 255, 10, 0, 0, 7], '10.0.0.7'],
  [new Array<number>(16).fill(0), '::'],
  [[0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8], '1:2:3:4:5:6:7:8'],
])('the bytes %s are %s', (bytes, text) => expect(addressOfBytes(Buffer.from(bytes))).toBe(text));
