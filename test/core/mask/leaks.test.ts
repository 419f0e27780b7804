// Shapes in which secrets reached events in clear, one row each; and what looks like them but must stay readable.
import { describe, expect, test } from 'vitest';
import { createMasker } from '../../../src/core/mask/masker.ts';
import { growth } from '../../helpers/text-work.ts';

const masker = createMasker(new Uint8Array(32).fill(9));
/** The secret of every row: too plain to be found by its looks. */
const V = 'hunter2abc';
/** One that looks issued, for names that also carry words. */
const R = 'SplxlOBeZQQYbYS6WxSbIA7';
const hex = (length: number): string => '3f9a1c2248bd07e6'.repeat(4).slice(0, length);

describe('queries', () => {
  test.each([
    ['a nested URL', `redirect=https%3A%2F%2Fx%2F%3Faccess_token%3D${V}`],
    ['a nested URL as it is', `redirect=https://x/?access_token=${V}`],
    ['a nested URL with a fragment', `u=https%3A%2F%2Fx%2F%23access_token%3D${V}`],
    ['a URL in a URL in a URL', `a=https%253A%252F%252Fx%252F%253Fpassword%253D${V}`],
    ['a semicolon as separator', `x=1;password=${V}`],
    ['a name encoded twice', `pass%2577ord=${V}`],
    ['a pair in a value', `q=password%3D${V}`],
    ['a pair in a value with a broken escape', `q=%zz%3Fpassword%3D${V}`],
    ['JSON in a value', `filter=%7B%22password%22%3A%22${V}%22%7D`],
    ['pw', `pw=${V}`],
    ['passwd2', `passwd2=${V}`],
    ['X-Goog-Signature', `X-Goog-Signature=${V}`],
    ['Signature', `Signature=${V}`],
    ['a user part', `next=https%3A%2F%2Fu%3A${V}%40h%2F`],
  ])('masks %s', (_name, query) => {
    expect(masker.maskQuery(query)).not.toContain(V);
    expect(masker.maskBody(query, 'application/x-www-form-urlencoded')).not.toContain(V);
  });

  test.each([`code=${R}`, `key=${R}`, `sort_key=${R}`, `key=${hex(32)}`])(
    'masks what was issued: %s',
    (query) => {
      expect(masker.maskQuery(query)).toMatch(/^\w+=<\w+:\w{8}>$/);
    },
  );

  test.each([
    'code=404&key=color&sort=price',
    'code=ORDER_NOT_FOUND&key=created_at',
    'key=3fa85f64-5717-4562-b3fc-2c963f66afa6',
    'orderId=ORD-2026-10001&customer=4012&page_token=abc',
    'redirect=https%3A%2F%2Fshop.example%2Forders%3Fpage%3D2',
    'q=red+mug&from=2026-11-23T01:08:28Z&tags=a;b;c',
    'id=3fa85f64-5717-4562-b3fc-2c963f66afa6&n=123456789012',
  ])('leaves %s', (query) => {
    expect(masker.maskQuery(query)).toBe(query);
  });
});

describe('paths', () => {
  test.each([
    `/a/password=${V}`,
    `/reset/password/${V}`,
    `/token/${V}`,
    `/a;password=${V}/b`,
    `/reset/${R}`,
    `http://u:${V}@h/a`,
    ...[32, 40, 48, 64].map((length) => `/files/${hex(length)}`),
  ])('masks %s', (path) => {
    const secret = [V, R, hex(32)].find((one) => path.includes(one)) ?? '';
    expect(masker.maskPath(path)).not.toContain(secret);
  });

  test.each([
    '/reset/password/request',
    '/token/introspect',
    '/confirm/ord-2026-10001',
    '/orders/10001/items/20002000',
    '/o/3fa85f64-5717-4562-b3fc-2c963f66afa6',
    '/o/3fa85f6457174562b3fc2c963f66afa6',
    `/commits/${hex(40)}`,
    `/blobs/sha256:${hex(64)}`,
    '/api/v1beta1/namespaces/shop-prod2/pods/web-7d9f8c6b5-x2x4z',
    '/reset/password/{token}',
  ])('leaves %s', (path) => {
    expect(masker.maskPath(path)).toBe(path);
  });
});

describe('headers', () => {
  test.each([
    ['user-agent', `client/1.0 password=${V}`],
    ['x-auth', V],
    ['x-custom', `a=1; password=${V}`],
    ['x-custom', `{"password":"${V}"}`],
    ['x-hub-signature', `sha1=${V}`],
    ['x-hub-signature-256', `sha256=${V}`],
    ['sec-websocket-protocol', `base64url.bearer.authorization.k8s.io.${V}, chat`],
    ['referer', `https://h.example/a#access_token=${V}`],
    ['referer', `https://u:${V}@h.example/a`],
    ['origin', `https://u:${V}@h.example`],
    ['host', `u:${V}@h.example`],
    ['x-forwarded-host', `u:${V}@h.example`],
    ['x-callback', `https://u:${V}@h.example/?a=1`],
    ['x-callback', `https://h.example/?token=${V}`],
  ])('masks %s: %s', (name, value) => {
    expect(masker.maskHeader(name, value)).not.toContain(V);
  });

  test.each([32, 40, 48, 64])('masks hexadecimal of %d characters', (length) => {
    expect(masker.maskHeader('x-custom', hex(length))).toMatch(/^<token:\w{8}>$/);
  });

  test.each([
    ['etag', `"${hex(32)}"`],
    ['content-digest', `sha-256=:${hex(32)}:`],
    ['x-content-sha256', hex(64)],
    ['x-amz-trace', hex(32)],
    ['x-tenant-id', '3fa85f64-5717-4562-b3fc-2c963f66afa6'],
    ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101'],
    ['accept', 'text/html,application/json;q=0.9,*/*;q=0.8'],
    ['cache-control', 'public, max-age=31536000'],
    ['www-authenticate', 'Bearer realm="api", error="invalid_token"'],
    ['origin', 'https://shop.example:8443'],
    ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
    ['sec-websocket-protocol', 'v4.channel.k8s.io, chat'],
    ['x-order', 'ORD-2026-10001'],
    ['idempotency-key', '3fa85f64-5717-4562-b3fc-2c963f66afa6'],
    ['x-when', '2026-11-23T01:08:28Z'],
  ])('leaves %s: %s', (name, value) => {
    expect(masker.maskHeader(name, value)).toBe(value);
  });
});

describe('bodies', () => {
  const json = 'application/json';
  const form = 'application/x-www-form-urlencoded';
  const text = 'text/plain';
  const part = `--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n${V} with blanks\r\n--b--\r\n`;
  test.each([
    ['GraphQL in JSON', json, JSON.stringify({ query: `mutation { login(password:"${V}") { id } }` })],
    ['GraphQL in text', text, `{"query":"mutation { login(password: \\"${V}\\") }"}`],
    ['a pair in a JSON string', json, JSON.stringify({ log: `password=${V}` })],
    ['name and value', json, `[{"name":"password","value":"${V}"}]`],
    ['key and value', json, `[{"key":"password","value":"${V}"}]`],
    ['value before name', json, `[{"value":"${V}","name":"password"}]`],
    ['name and values', json, `{"name":"x-api-key","values":["a","${V}"]}`],
    ['secret_key_base', json, `{"secret_key_base":"${V}"}`],
    ['a _secret suffix', json, `{"stripe_secret":"${V}"}`],
    ['a _token suffix', json, `{"deploy_token":"${V}"}`],
    ['a form labelled JSON', json, `user=a&password=${V}`],
    ['JSON labelled a form', form, `{"password":"${V}"}`],
    ['JSON labelled text', text, `{"password":"${V}"}`],
    ['single quotes', json, `{'password':'${V}'}`],
    ['a comment before the colon', json, `{"password"/* x */:"${V}"}`],
    ['a comment before the value', json, `{"password":/* x */"${V}"}`],
    ['a line comment', json, `{\n// password=${V}\n"a":1}`],
    ['a value before a comment with a secret', json, `{"password":"${V}" /* token=abcdef123 */, "a":1}`],
    ['a comment behind a value with a secret', json, `{"email":"a@b.example" // password=${V}\n, "a":1}`],
    ['a blank before the colon', json, `{"password" :"${V}"}`],
    ['a name with an escape', json, `{"pass\\u0077ord":"${V}"}`],
    ['a name longer than most', json, `{"${'x'.repeat(40)}_password":"${V}"}`],
    ['a name longer than is looked at', json, `{"${'x'.repeat(100)}_password":"${V}"}`],
    ['a name in a list', json, `["password":"${V}"]`],
    ['a value that ends like a name', json, `{"a":"b","password":"${V}"}`],
    ['an XML element', 'text/xml', `<a><Password>${V}</Password></a>`],
    [
      'an XML element with attributes',
      'text/xml',
      `<ns:Password xsi:type="xs:string" b='1'>${V}</ns:Password>`,
    ],
    ['CDATA', 'text/xml', `<Password><![CDATA[${V}<x]]></Password>`],
    ['an XML attribute', 'text/xml', `<user name="a" password="${V}"/>`],
    ['key and value attributes', 'text/xml', `<add key="password" value="${V}"/>`],
    ['multipart', 'multipart/form-data; boundary=b', part],
    ['multipart labelled text', text, part],
    ['CSV', 'text/csv', `id,password,city\n1,${V},Berlin\n2,"${V}",Rome\n`],
  ])('masks %s', (_name, type, body) => {
    expect(masker.maskBody(body, type)).not.toContain(V);
  });

  test('names that share their ends keep their own meaning, in either order', () => {
    const body = `[{"note":"n","name":"password","value":"${V}"},{"password":"${V}","passport":"blue"}]`;
    const masked = masker.maskBody(body.repeat(2), json);
    expect(masked).not.toContain(V);
    expect(masked).toContain('"passport":"blue"');
  });

  test('a long text, a short one and a nested one each read their own characters', () => {
    const long = `{"list":[${'"plain text",'.repeat(9000)}"${V}"],"password":"${V}-long"}`;
    expect(masker.maskBody(long, json)).not.toContain(`${V}-long`);
    const nested = JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ password: V }) }), password: V });
    expect(masker.maskBody(nested, json)).not.toContain(V);
    expect(masker.maskBody('{"a":1}', json)).toBe('{"a":1}');
  });

  test('masks keys that were issued, under names that also carry words', () => {
    expect(masker.maskBody(`{"deploy_key":"${R}","key":"${R}"}`, json)).not.toContain(R);
  });

  test.each([
    ['names and values', json, '[{"name":"color","value":"red"},{"key":"size","value":10001}]'],
    [
      'codes and keys',
      json,
      '{"code":"ORDER_NOT_FOUND","key":"created_at","sort_key":"price","key2":12345678901234567}',
    ],
    [
      'sentences',
      json,
      '{"message":"Order 10001: shipped at 2026-11-23T01:08:28Z, see https://shop.example/orders/10001?page=2"}',
    ],
    ['ids', json, '{"id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","orderId":"ORD-2026-10001"}'],
    ['a hash in JSON', json, `{"etag":"${hex(32)}","sha256":"${hex(64)}"}`],
    ['an apostrophe', json, `{"note":"it's Bob's mug","n":1}`],
    ['markup', 'text/html', '<div class="order" id="o10001"><p>Ready: yes</p></div>'],
    ['CSV', 'text/csv', 'id,city\n10001,Berlin\n'],
    ['a form', form, 'code=SUMMER&key=color&orderId=10001'],
    ['GraphQL', json, '{"query":"query { order(id:10001) { items { name key } } }"}'],
  ])('leaves %s', (_name, type, body) => {
    expect(masker.maskBody(body, type)).toBe(body);
  });
});

test.each([
  'password=',
  '<a ',
  '<',
  '"value":"x",',
  "'",
  '/*',
  '%25',
  ';a=',
  'name="password"',
  'form-data; name="pin"\n\n',
  '#',
  '//',
  '<Password>',
  '#http://',
  'a=http://x?b=%25',
  'a:',
])('hostile repetition costs as much more as there is more of it: %s', (unit) => {
  for (const type of ['application/json', 'text/plain', 'text/csv', 'application/x-www-form-urlencoded']) {
    expect(growth((body) => void masker.maskBody(body, type), unit, 8 * 1024)).toBeLessThan(6);
    expect(growth((body) => void masker.maskBody(`{${body}`, type), unit, 8 * 1024)).toBeLessThan(6);
  }
  expect(growth((body) => void masker.maskPath(body), unit, 8 * 1024)).toBeLessThan(6);
});
