// TLS record framing is followed at every cut of the bytes alike.
import { expect, test } from 'vitest';
import { RecordWalk } from '../../../../src/core/protocol/tls/record-walk.ts';

const record = (type: number, length: number, fill = 0x41): Buffer =>
  Buffer.concat([Buffer.of(type, 3, 3, length >> 8, length & 255), Buffer.alloc(length, fill)]);

const fits = (bytes: Uint8Array, step: number): boolean => {
  const walk = new RecordWalk();
  for (let at = 0; at < bytes.length; at += step)
    if (!walk.push(bytes, at, Math.min(at + step, bytes.length))) return false;
  return true;
};

const steps = [1, 2, 3, 5, 7, 1000];

test('records of every type fit, however they are cut', () => {
  const bytes = Buffer.concat([record(22, 60), record(20, 1), record(23, 700), record(24, 3), record(21, 2)]);
  expect(steps.map((step) => fits(bytes, step))).toEqual(steps.map(() => true));
});

test.each([
  ['text', Buffer.from(' /admin/x HTTP/1.1\r\n')],
  ['an unknown type', record(25, 4)],
  ['another version', Buffer.of(23, 2, 0, 0, 1, 0)],
  ['an empty record', Buffer.of(23, 3, 3, 0, 0)],
  ['a record that is too long', Buffer.of(23, 3, 3, 0x48, 0x01)],
])('%s behind a record does not', (_, bytes) => {
  const all = Buffer.concat([record(22, 60), bytes]);
  expect(steps.map((step) => fits(all, step))).toEqual(steps.map(() => false));
});

test('a direction begins with a handshake or an alert, and has begun once its first header was read', () => {
  expect(fits(record(23, 4), 1)).toBe(false);
  const walk = new RecordWalk();
  expect([walk.push(record(21, 2), 0, 4), walk.begun]).toEqual([true, false]);
  expect([walk.push(record(21, 2), 4, 5), walk.begun]).toEqual([true, true]);
});
