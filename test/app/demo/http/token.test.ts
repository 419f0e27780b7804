import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { createTokenKit } from '../../../../src/app/demo/http/token.ts';

const startMs = 1_800_000_000_000;
const kit = createTokenKit('secret', () => startMs);
const customer = { sub: '1042', role: 'customer', ttlSeconds: 60 } as const;

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const signed = (head: unknown, payload: unknown, secret = 'secret'): string => {
  const text = `${part(head)}.${part(payload)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};

test('a token is a three-part JWT that reads back as its claims', () => {
  const token = kit.sign(customer);
  expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  const checked = kit.check(token);
  expect(checked).toEqual({
    type: 'valid',
    claims: expect.objectContaining({
      sub: '1042',
      role: 'customer',
      iat: startMs / 1000,
      exp: startMs / 1000 + 60,
    }) as unknown,
  });
});

test('no two tokens of one person are equal', () => {
  expect(kit.sign(customer)).not.toBe(kit.sign(customer));
});

test('a token runs out at its second, not before', () => {
  const token = kit.sign(customer);
  expect(createTokenKit('secret', () => startMs + 59_999).check(token).type).toBe('valid');
  expect(createTokenKit('secret', () => startMs + 60_000).check(token)).toEqual({
    type: 'refused',
    why: 'expired',
  });
});

test.each([
  [
    'a changed payload',
    () => {
      const [head = '', , mac = ''] = kit.sign(customer).split('.');
      return `${head}.${part({ sub: '1', role: 'service', iat: 0, exp: 9e9 })}.${mac}`;
    },
    'signature',
  ],
  ['another key', () => createTokenKit('other', () => startMs).sign(customer), 'signature'],
  [
    'an empty signature',
    () => `${part({ alg: 'none' })}.${part({ sub: '1', role: 'service' })}.`,
    'signature',
  ],
  ['two parts', () => 'a.b', 'malformed'],
  ['four parts', () => `${kit.sign(customer)}.x`, 'malformed'],
  ['a role that does not exist', () => signed({}, { sub: '1', role: 'root', iat: 0, exp: 9e9 }), 'malformed'],
  ['claims that are no object', () => signed({}, 'claims'), 'malformed'],
])('%s is refused', (_, token, why) => {
  expect(kit.check(token())).toEqual({ type: 'refused', why });
});
