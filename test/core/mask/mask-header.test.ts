// Headers by name: which carry a credential and of what class, which are left, and what stands inside others.
import { expect, test } from 'vitest';
import { createMasker } from '../../../src/core/mask/masker.ts';

const masker = createMasker(new Uint8Array(32).fill(7));
const surrogate = (cls: string): RegExp => new RegExp(`^<${cls}:[0-9a-f]{8}>$`);

test.each([
  ['authorization', 'token'],
  ['proxy-authorization', 'token'],
  ['x-authorization', 'token'],
  ['x-forwarded-authorization', 'token'],
  ['x-api-key', 'key'],
  ['api-key', 'key'],
  ['apikey', 'key'],
  ['x-goog-api-key', 'key'],
  ['ocp-apim-subscription-key', 'key'],
  ['x-session-id', 'session'],
  ['x-session', 'session'],
])('the value of %s is a %s surrogate, however harmless it looks', (name, cls) => {
  for (const value of ['abc', '12', 'orders:7'])
    expect([value, masker.maskHeader(name, value)]).toEqual([value, expect.stringMatching(surrogate(cls))]);
});

test.each([
  ['accept', 'application/json'],
  ['content-type', 'application/json; charset=utf-8'],
  ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
  ['etag', '"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"'],
  ['user-agent', 'curl/8.5.0'],
  ['x-request-id', '4bf92f3577b34da6a3ce929d0e0e4736'],
  ['x-content-sha256', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['x-callback', 'https://shop.example/orders/7'],
])('%s: %s stays as it is', (name, value) => {
  expect(masker.maskHeader(name, value)).toBe(value);
});

test.each([
  ['cookie', 'sid=abc; theme=dark; flag', /^sid=<session:[0-9a-f]{8}>; theme=<cookie:[0-9a-f]{8}>; flag$/],
  ['cookie', 'sid="abc"', /^sid="<session:[0-9a-f]{8}>"$/],
  ['cookie2', 'token=abc', /^token=<session:[0-9a-f]{8}>$/],
  ['set-cookie', 'sid=abc; Path=/; HttpOnly', /^sid=<session:[0-9a-f]{8}>; Path=\/; HttpOnly$/],
  ['referer', 'https://a.example/x?token=abc', /^https:\/\/a\.example\/x\?token=<[a-z]+:[0-9a-f]{8}>$/],
  ['location', '/x?password=hunter2', /^\/x\?password=<password:[0-9a-f]{8}>$/],
  ['x-callback', 'https://bob:hunter2@a.example/x', /^https:\/\/(?!bob:hunter2).*@a\.example\/x$/],
  ['x-callback', 'https://a.example/x?api_key=abc', /^https:\/\/a\.example\/x\?api_key=<key:[0-9a-f]{8}>$/],
  ['sec-websocket-protocol', 'v4, bearer.abcdef', /^v4, bearer\.<token:[0-9a-f]{8}>$/],
  ['x-unknown', '3f2a'.repeat(8), surrogate('token')],
  ['x-unknown', '{"password":"a"}', /^\{"password":"<password:[0-9a-f]{8}>"\}$/],
])('%s: %s keeps its form and loses its secret', (name, value, masked) => {
  expect(masker.maskHeader(name, value)).toMatch(masked);
});

test.each(['x-any', 'user-agent', 'referer', 'cookie', 'set-cookie', 'origin', 'sec-websocket-protocol'])(
  'of a long %s only the beginning is read: the rest is counted, whatever it holds, and no part is parted',
  (name) => {
    const secret = `password=${'q8Zt3LmV0pXc7RbN2yHs9WdK'.repeat(40)}`;
    const shown = (before: number, rest: string): string =>
      masker.maskHeader(name, 'a=b; '.repeat(before / 5) + rest);
    expect(shown(4500, 'c'.repeat(20_000))).toBe(shown(4500, 'd'.repeat(20_000)));
    expect(shown(4000, secret)).toMatch(/\(969 more\)…$/);
    for (let before = 3000; before < 4200; before += 100)
      expect(shown(before, `${secret} and more`)).not.toContain('q8Zt3LmV');
    expect(masker.maskHeader(name, 'x'.repeat(5000))).toBe('(5000 more)…');
  },
);

test('a credential of any length is told as a whole: equal ones stay equal, others do not become so', () => {
  const ticket = `Negotiate ${'YII'.repeat(10_000)}`;
  expect(masker.maskHeader('authorization', ticket)).toMatch(/^Negotiate <token:[0-9a-f]{8}>$/);
  expect(masker.maskHeader('authorization', `${ticket}A`)).not.toBe(
    masker.maskHeader('authorization', `${ticket}B`),
  );
  expect(masker.maskHeader('x-password', ticket)).toMatch(surrogate('password'));
});

test('cookies that a proxy joined into one line are masked each, and the attributes stay', () => {
  const line = 'a=b; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT, session=q8Zt3Lm; HttpOnly; SameSite=Lax';
  expect(masker.maskHeader('set-cookie', line)).toMatch(
    /^a=<cookie:\w{8}>; Path=\/; Expires=Wed, 21 Oct 2026 07:28:00 GMT, session=<session:\w{8}>; HttpOnly; SameSite=Lax$/,
  );
});
