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
