// Keys of 128 bits in hexadecimal, some of which look like a UUID without dashes: drawn by a fixed hash, so that the share is exact.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createMasker } from '../../../src/core/mask/masker.ts';

const masker = createMasker(new Uint8Array(32).fill(3));
const keys = Array.from({ length: 2000 }, (_none, at) =>
  createHash('md5').update(String(at)).digest('hex'),
).filter((key) => /[a-f]/.test(key) && /[0-9]/.test(key));
const shown = (mask: (key: string) => string): number => keys.filter((key) => mask(key).includes(key)).length;

test('no random key gets through where keys are expected: under a name, in a header, behind a word for a proof', () => {
  expect(shown((key) => masker.maskQuery(`key=${key}`))).toBe(0);
  expect(shown((key) => masker.maskHeader('x-custom', key))).toBe(0);
  expect(shown((key) => masker.maskPath(`/reset/${key}`))).toBe(0);
  expect(shown((key) => masker.maskPath(`/token/${key}`))).toBe(0);
  expect(shown((key) => masker.maskBody(`{"deploy_key":"${key}"}`, 'application/json'))).toBe(0);
});

test('where ids are expected one in 64 gets through, which could be a version 4 UUID', () => {
  expect(shown((key) => masker.maskPath(`/files/${key}`)) / keys.length).toBeLessThan(0.025);
  expect(shown((key) => masker.maskHeader('x-tenant-id', key)) / keys.length).toBeLessThan(0.025);
});

test.each(['3fa85f6457174562b3fc2c963f66afa6', '019aae3c4f2071bd9c1d2e3f4a5b6c7d'])(
  'a UUID without dashes stays where ids are expected: %s',
  (id) => {
    expect(masker.maskPath(`/orders/${id}`)).toBe(`/orders/${id}`);
    expect(masker.maskHeader('x-tenant-id', id)).toBe(id);
  },
);
