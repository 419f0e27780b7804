// What the masker hides, what it leaves, and that equality, type and structure survive.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMasker, isSurrogate } from '../../../src/core/mask/masker.ts';
import { growth } from '../../helpers/text-work.ts';

const key = new Uint8Array(32).fill(7);
const masker = createMasker(key);
const json = 'application/json';
const surrogate = (cls: string): RegExp => new RegExp(`^<${cls}:[0-9a-f]{8}>$`);
const jwt =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjMifQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

const masked = (cls: string): string => expect.stringMatching(surrogate(cls)) as string;
const bodyOf = (value: unknown): unknown => JSON.parse(masker.maskBody(JSON.stringify(value), json));

describe('values in JSON', () => {
  test.each([
    ['jwt', { note: jwt }],
    ['key', { note: 'AKIAIOSFODNN7EXAMPL2' }],
    ['key', { note: 'ghp_16C7e42F292c6912E7710c838347Ae178B4a' }],
    ['token', { note: 'q8Zt3LmV0pXc7RbN2yHs9WdK' }],
    ['card', { note: '4111 1111 1111 1111' }],
    ['card', { note: '378282246310005' }],
    ['iban', { note: 'DE89 3704 0044 0532 0130 00' }],
    ['iban', { note: 'gb82west12345698765432' }],
    ['email', { note: 'bob.smith+x@mail.example.co' }],
    ['phone', { note: '+49 30 901820' }],
    ['phone', { note: '(415) 555-2671' }],
    ['ssn', { note: '078-05-1120' }],
    ['private-key', { note: '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END PRIVATE KEY-----' }],
    ['password', { password: 'a' }],
    ['password', { newPassword: 'hunter2' }],
    ['secret', { client_secret: 'short' }],
    ['key', { 'x-api-key': 'abc' }],
    ['session', { sessionId: '12ab' }],
    ['person', { lastName: 'Meier' }],
    ['birth', { date_of_birth: '1980-01-02' }],
  ])('masks a %s: %j', (cls, value) => {
    const masked = bodyOf(value) as Record<string, string>;
    for (const text of Object.values(masked)) expect(text).toMatch(surrogate(cls));
  });

  test.each([
    { id: 10001 },
    { orderId: 123456789012, customer: 4012 },
    { id: '3fa85f64-5717-4562-b3fc-2c963f66afa6' },
    {
      trace: '4bf92f3577b34da6a3ce929d0e0e4736',
      sha: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    },
    { at: '2026-11-23T01:08:28.123Z', day: '2026-11-23', epochMs: 1769302108123 },
    { version: 'lodash@4.17.21', ip: '192.168.100.200', pod: 'web-7d9f8c6b5-x2x4z' },
    { next_page_token: 'abc', tokens: 152, passwordChangedAt: '2026-01-01', key: 'color' },
    { amount: 12.5, price: '1,234,567.00', ok: true, none: null, list: [1, 2, 3] },
    { text: 'call me at noon about order 10001, room 2045' },
    { name: 'getUserByIdAndStatusFromRepository', path: '/api/v1/orders/10001/items' },
  ])('leaves %j as it is', (value) => {
    const text = JSON.stringify(value);
    expect(masker.maskBody(text, json)).toBe(text);
  });

  test('a number stays a number of the same length, and no valid card', () => {
    const { card, pin } = bodyOf({ card: 4111111111111111, pin: 1234 }) as Record<string, number>;
    expect(String(card)).toHaveLength(16);
    expect(card).not.toBe(4111111111111111);
    expect(String(pin)).toHaveLength(4);
    const loose = bodyOf([4111111111111111]) as number[];
    expect(loose[0]).toBe(card);
  });

  test('everything below a credential is masked, only itself below personal data', () => {
    expect(bodyOf({ credentials: { user: 'a', list: ['b', { deep: 'c' }], on: true } })).toEqual({
      credentials: {
        user: masked('secret'),
        list: [masked('secret'), { deep: masked('secret') }],
        on: true,
      },
    });
    expect(bodyOf({ card: { brand: 'visa', last: 1 } })).toEqual({ card: { brand: 'visa', last: 1 } });
    expect(bodyOf({ email: ['a@b.example', 'c@d.example'] })).toEqual({
      email: [masked('email'), masked('email')],
    });
  });

  test('escapes hide nothing, in values, in names and in JSON inside a string', () => {
    expect(JSON.parse(masker.maskBody('{"a":"bob\\u0040example.com"}', json))).toEqual({
      a: masked('email'),
    });
    expect(JSON.parse(masker.maskBody('{"passw\\u006frd":"x"}', json))).toEqual({
      password: masked('password'),
    });
    const outer = bodyOf({ data: JSON.stringify({ password: 'x', n: 1 }) }) as { data: string };
    const inner: unknown = JSON.parse(outer.data);
    expect(inner).toEqual({ password: masked('password'), n: 1 });
  });

  test('a secret cut off by the end of the window is masked too', () => {
    for (const text of [
      `{"a":"${jwt.slice(0, 60)}`,
      '{"a":"bob@exam',
      '{"password":"hunt',
      '{"card":41111111111',
    ])
      expect(masker.maskBody(text, json)).not.toContain(text.slice(-6));
  });

  test('deep nesting beyond what is tracked still masks by name', () => {
    const text = `${'{"a":'.repeat(100)}{"password":"hunter2"}${'}'.repeat(100)}`;
    expect(masker.maskBody(text, json)).not.toContain('hunter2');
    const later = `[${'['.repeat(100)}${']'.repeat(100)},{"password":"hunter2"}]`;
    expect(masker.maskBody(later, json)).not.toContain('hunter2');
    const after = `[{"credentials":${'['.repeat(100)}${']'.repeat(100)}},{"note":"plain"}]`;
    expect(masker.maskBody(after, json)).toBe(after);
  });
});

describe('headers', () => {
  test.each([
    ['Authorization', `Bearer ${jwt}`, /^Bearer <jwt:[0-9a-f]{8}>$/],
    ['authorization', 'Basic dXNlcjpwYXNz', /^Basic <basic:[0-9a-f]{8}>$/],
    ['authorization', 'abc', /^<token:[0-9a-f]{8}>$/],
    ['Proxy-Authorization', 'Digest username="a", response="b"', /^Digest <secret:[0-9a-f]{8}>$/],
    ['x-api-key', 'k', /^<key:[0-9a-f]{8}>$/],
    [
      'cookie',
      'theme=dark; session=abc; q="x"',
      /^theme=<cookie:\w{8}>; session=<session:\w{8}>; q="<cookie:\w{8}>"$/,
    ],
    ['set-cookie', 'sid=abc; Path=/; HttpOnly', /^sid=<session:\w{8}>; Path=\/; HttpOnly$/],
    ['referer', 'https://h.example/a?token=abc&x=1', /^https:\/\/h.example\/a\?token=<token:\w{8}>&x=1$/],
    ['x-user-email', 'a@b.example', /^<email:\w{8}>$/],
    ['x-custom', `v1 ${jwt}`, /^v1 <jwt:\w{8}>$/],
  ])('masks %s: %s', (name, value, expected) => {
    expect(masker.maskHeader(name, value)).toMatch(expected);
  });

  test.each([
    ['host', 'orders.shop.svc.cluster.local:8080'],
    ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101'],
    ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    ['etag', 'W/"q8Zt3LmV0pXc7RbN2yHs9WdK"'],
    ['x-request-id', '3fa85f64-5717-4562-b3fc-2c963f66afa6'],
    ['x-tenant', 'acme-42'],
  ])('leaves %s: %s', (name, value) => {
    expect(masker.maskHeader(name, value)).toBe(value);
  });
});

describe('queries, forms, paths and text', () => {
  test('masks by the name and by the value, decoded or not', () => {
    expect(masker.maskQuery('a=1&email=bob%40example.com&api_key=k&q=red+mug')).toMatch(
      /^a=1&email=<email:\w{8}>&api_key=<key:\w{8}>&q=red\+mug$/,
    );
    expect(masker.maskQuery('q=to+bob%40example.com%26x')).toMatch(/^q=to%20<email:\w{8}>%26x$/);
    expect(masker.maskQuery('after=20&limit=20&&x')).toBe('after=20&limit=20&&x');
    expect(masker.maskBody('user=a&password=p', 'application/x-www-form-urlencoded')).toMatch(
      /^user=a&password=<password:\w{8}>$/,
    );
  });

  test('masks path segments and matrix parameters, never ids', () => {
    expect(masker.maskPath('/users/bob%40example.com/x;jsessionid=ab')).toMatch(
      /^\/users\/<email:\w{8}>\/x;jsessionid=<session:\w{8}>$/,
    );
    for (const path of ['/orders/10001', '/o/3fa85f64-5717-4562-b3fc-2c963f66afa6', '/a/2026-11-23/b', '/'])
      expect(masker.maskPath(path)).toBe(path);
  });

  test('masks names and values in text and markup', () => {
    const text = 'password: hunter2, Authorization: Bearer abcdef <pin>1234</pin> by bob@example.com';
    expect(masker.maskBody(text, 'text/plain')).toMatch(
      /^password: <password:\w{8}>, Authorization: Bearer <bearer:\w{8}> <pin><password:\w{8}><\/pin> by <email:\w{8}>$/,
    );
  });
});

describe('surrogates', () => {
  test('equal values are equal everywhere under one key, and different under another', () => {
    const inHeader = masker.maskHeader('authorization', `Bearer ${jwt}`).slice('Bearer '.length);
    expect((bodyOf({ token: jwt }) as { token: string }).token).toBe(inHeader);
    expect(masker.maskQuery(`access_token=${jwt}`)).toBe(`access_token=${inHeader}`);
    expect(createMasker(new Uint8Array(32).fill(8)).maskQuery(`access_token=${jwt}`)).not.toContain(inHeader);
    expect(masker.maskQuery('m=BOB@example.com')).toBe(masker.maskQuery('m=bob@example.com'));
  });

  test('what is masked stays as it is when masked again', () => {
    const text = JSON.stringify({ password: 'x', mail: 'a@b.example', note: `${jwt} +49 30 901820` });
    const once = masker.maskBody(text, json);
    expect(masker.maskBody(once, json)).toBe(once);
    const header = masker.maskHeader('cookie', 'sid=abc; a=b');
    expect(masker.maskHeader('cookie', header)).toBe(header);
  });

  test('isSurrogate knows one from the rest', () => {
    expect(isSurrogate(masker.maskQuery('a@b.example'))).toBe(true);
    for (const text of [
      '',
      '<email:3f9a1c2>',
      '<email:3f9a1c2g>',
      '<mail:3f9a1c22>',
      'x<email:3f9a1c22>',
      '<email:3f9a1c22> ',
    ])
      expect(isSurrogate(text)).toBe(false);
  });

  test('a short key is refused', () => {
    expect(() => createMasker(new Uint8Array(8))).toThrow(RangeError);
  });
});

describe('any input', () => {
  const secrets = fc.constantFrom(jwt, 'a@b.example', '4111111111111111', 'x', 'AKIAIOSFODNN7EXAMPL2');
  const names = fc.constantFrom('password', 'id', 'email', 'credentials', 'list', 'a');
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(
        fc.string({ unit: 'binary' }),
        secrets,
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
      ),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(names, fc.string()), tie('tree'), { maxKeys: 4 }),
    ),
  }));

  /** Names, nesting and types of a value, without its texts and numbers. */
  const shape = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shape);
    if (typeof value === 'object' && value !== null)
      return Object.entries(value).map(([name, inner]) => [name, shape(inner)]);
    return value === null ? 'null' : typeof value;
  };

  test('valid JSON stays valid, with the same names, nesting and types', () => {
    fc.assert(
      fc.property(tree, (value) => {
        const text = JSON.stringify(value);
        expect(shape(JSON.parse(masker.maskBody(text, json)))).toEqual(shape(JSON.parse(text)));
      }),
      { numRuns: 500 },
    );
  });

  /** What is missing at the end of a beginning of JSON: a quote and brackets. */
  const closing = (text: string): { readonly inString: boolean; readonly open: string } => {
    let inString = false;
    let open = '';
    for (let index = 0; index < text.length; index += 1) {
      const char = text.charAt(index);
      if (inString && char === '\\') index += 1;
      else if (char === '"') inString = !inString;
      else if (!inString && (char === '{' || char === '[')) open = (char === '{' ? '}' : ']') + open;
      else if (!inString && (char === '}' || char === ']')) open = open.slice(1);
    }
    return { inString, open };
  };

  test('a beginning of JSON stays a beginning of the same structure wherever it is cut', () => {
    fc.assert(
      fc.property(tree, fc.nat(), (value, at) => {
        const text = JSON.stringify(value);
        const cut = text.slice(0, at % (text.length + 1));
        expect(closing(masker.maskBody(cut, json))).toEqual(closing(cut));
      }),
      { numRuns: 500 },
    );
  });

  test('no text makes it throw, and masking is stable', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        for (const type of [json, 'text/plain', 'application/x-www-form-urlencoded'])
          expect(masker.maskBody(text, type)).toBe(masker.maskBody(text, type));
        masker.maskPath(text);
        masker.maskHeader(text, text);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['dots and prefixes', 'eyJ.'],
    ['vendor prefixes', 'sk-'],
    ['at signs', 'a@'],
    ['slashes', 'a/'],
    ['key blocks', '-----BEGIN '],
    ['digits and dashes', '1-'],
    ['quotes and backslashes', '\\"'],
    ['names without end', 'password='],
    ['schemes', 'a://'],
    ['braces', '{"a":'],
    ['ampersands', '&a'],
  ])('hostile repetition costs as much more as there is more of it: %s', (_name, unit) => {
    for (const type of [json, 'text/plain', 'application/x-www-form-urlencoded'])
      expect(growth((text) => void masker.maskBody(text, type), unit, 16 * 1024)).toBeLessThan(6);
    expect(growth((text) => void masker.maskPath(text), unit, 16 * 1024)).toBeLessThan(6);
  });
});
