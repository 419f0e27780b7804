// Why a request is allowed or refused, in sentences an operator can act on.
import { expect, test } from 'vitest';
import { millis } from '../../../src/core/model/brand.ts';
import { explainFlow, explainRequest, type HypotheticalRequest } from '../../../src/core/policy/explain.ts';
import { flowOf, noon, policy, throttle, workload } from './build.ts';

const { source, destination } = flowOf();
const request = (more: Partial<HypotheticalRequest> = {}): HypotheticalRequest => ({
  source,
  destination,
  method: 'GET',
  host: 'orders',
  path: '/orders/7',
  ...more,
});
const guard = policy({
  name: 'guard',
  from: workload('scanner'),
  to: workload('orders'),
  http: { methods: ['GET'], paths: ['/orders/{id}'] },
  reason: 'enumerates',
});

test('a refusal names policy, rule, field, value and reason', () => {
  const { outcome, verdict, nearestMiss } = explainRequest(
    [guard],
    request({ path: '/x/../orders/%37' }),
    noon,
  );
  expect(outcome).toBe('Refused by shop/guard: match.http.paths[0], path = /orders/7. enumerates.');
  expect(verdict).toMatchObject({ action: 'block', policy: 'shop/guard', field: 'path', value: '/orders/7' });
  expect(nearestMiss).toBeUndefined();
});

test.each([
  ['the path', { path: '/users/7' }, 'match.http.paths', 'wants path /orders/{id}, and this is /users/7'],
  ['the method', { method: 'POST' }, 'match.http.methods', 'wants method GET, and this is POST'],
  [
    'the destination',
    { destination: { ...destination, workload: 'users' } },
    'to',
    'wants destination orders, and this is shop/Deployment/users',
  ],
  [
    'the caller',
    { source: { ...source, workload: 'web', principal: 'sa:shop/web' } },
    'from',
    'wants source scanner, and this is shop/Deployment/web (sa:shop/web, by ip)',
  ],
])('the nearest miss says that %s kept it from matching', (_, more, rule, says) => {
  const { outcome, nearestMiss } = explainRequest([guard], request(more), noon);
  expect(outcome).toBe('Allowed: no Block or Throttle in force matches, and the default is to allow.');
  expect(nearestMiss).toMatchObject({ policy: 'shop/guard', rule });
  expect(nearestMiss?.text).toContain(says);
});

test('of several, the policy with the fewest fields in the way is the nearest', () => {
  const far = policy({
    name: 'far',
    from: workload('other'),
    to: workload('users'),
    http: { paths: ['/z'] },
  });
  expect(explainRequest([far, guard], request({ path: '/users/7' }), noon).nearestMiss?.policy).toBe(
    'shop/guard',
  );
});

test('a policy that fits but is not in force is the nearest miss, with why', () => {
  const nearest = (more: object) =>
    explainRequest([policy({ http: { paths: ['/orders/{id}'] }, ...more })], request(), noon).nearestMiss;
  expect(nearest({ mode: 'Shadow' })).toMatchObject({
    rule: 'mode',
    text: 'shop/p fits in every field, but it is only in Shadow.',
  });
  expect(nearest({ mode: 'Off' })).toMatchObject({
    rule: 'mode',
    text: 'shop/p fits in every field, but its mode is Off.',
  });
  expect(nearest({ expiresAt: '2026-11-23T11:00:00Z' })).toMatchObject({
    rule: 'expiresAt',
    text: 'shop/p fits in every field, but it expired at 2026-11-23T11:00:00Z.',
  });
});

test('a shadow policy is told as what it would do', () => {
  const { verdict, shadow, steps } = explainRequest(
    [policy({ mode: 'Shadow', http: { paths: ['/orders/{id}'] } })],
    request(),
    noon,
  );
  expect([verdict.action, shadow?.action, shadow?.policy]).toEqual(['allow', 'block', 'shop/p']);
  expect(steps.at(-1)?.text).toContain('With the shadow policies in force it would be: block by shop/p');
});

test('a throttle with tokens is told as allowed with what is left', () => {
  const { outcome } = explainRequest([policy({ action: throttle('1/s', { burst: 5 }) })], request(), noon);
  expect(outcome).toBe('Allowed: a throttle applies and has 4 tokens left after this request.');
});

test('strict parsing is told in words', () => {
  expect(explainRequest([guard], request({ path: '/a%00' }), noon).outcome).toBe(
    'Refused by (strict-parsing): PATH_NUL, path = /a%00. The path holds %00, which no server reads alike.',
  );
});

test('a stream that is not HTTP is told as not evaluated, never as matching the port', () => {
  const stream = { source, destination };
  const { outcome, steps } = explainRequest([guard], stream, noon);
  expect(outcome).toContain('Let through although shop/guard could not be evaluated.');
  expect(steps[0]).toMatchObject({ matched: false });
  expect(steps[0]?.text).toContain('cannot be told');
});

test('a recorded refusal keeps its own verdict, and says what today’s policies would do', () => {
  const flow = {
    ...flowOf({ path: '/orders/7' }),
    verdict: {
      action: 'throttle' as const,
      mode: 'enforce' as const,
      policy: 'shop/cap',
      rule: 'from.peers',
      field: 'source',
      retryAfterSeconds: 2,
    },
  };
  const { outcome, verdict, steps } = explainFlow([], flow, noon);
  expect(outcome).toBe('Throttled by shop/cap: from.peers, source; the next token was due within 2 s.');
  expect(verdict.policy).toBe('shop/cap');
  expect(steps[0]?.text).toContain("Judged by today's policies: Allowed");
});

test('masked values are unknown, not misses', () => {
  const byHeader = policy({ http: { headers: [{ name: 'authorization', values: ['Bearer x'] }] } });
  const flow = flowOf({ headers: [['authorization', 'Bearer <bearer:0a1b2c3d>']] });
  expect(explainFlow([byHeader], flow, noon).nearestMiss?.text).toContain('which cannot be told');
});

test('among thousands of policies the ones that select this pair are looked at', () => {
  const many = Array.from({ length: 1_000 }, (_, at) =>
    policy({ name: `p${at}`, from: workload(`w${at}`), to: workload(`d${at}`), http: { paths: ['/z'] } }),
  );
  const { nearestMiss, steps } = explainRequest([...many, guard], request({ path: '/users/7' }), noon);
  expect(nearestMiss?.policy).toBe('shop/guard');
  expect(steps.length).toBeLessThanOrEqual(201);
});

test('expiry is told for the time asked about', () => {
  const brief = policy({ expiresAt: '2026-11-23T12:00:01Z', http: { paths: ['/orders/{id}'] } });
  expect(explainRequest([brief], request(), noon).verdict.action).toBe('block');
  expect(explainRequest([brief], request(), millis(noon + 1_000)).verdict.action).toBe('allow');
});

test('a parser refusal judged anew names its code, what it means, where the rule comes from and who asks for it', () => {
  const broken = { ...flowOf({ path: '/orders/7' }), broken: 'CL_AND_TE' };
  const { outcome, verdict, steps } = explainFlow([guard], broken, noon);
  expect(verdict).toMatchObject({
    action: 'block',
    policy: '(strict-parsing)',
    rule: 'CL_AND_TE',
    field: 'header:content-length',
  });
  expect(outcome).toBe(
    'Refused by (strict-parsing): CL_AND_TE, header:content-length. Both Content-Length and Transfer-Encoding.',
  );
  expect(steps[0]).toEqual({
    matched: true,
    text: 'Strict reading found CL_AND_TE. Both Content-Length and Transfer-Encoding. The rule comes from RFC 9112, section 6.3, which calls it an attempt at request smuggling. Such requests are refused because shop/guard needs to read requests here.',
  });
});

test('broken bytes where no policy needs to read requests are told as let through', () => {
  const plain = policy({ name: 'plain', from: workload('other'), to: workload('orders') });
  const { verdict, steps } = explainFlow([plain], { ...flowOf(), broken: 'DUPLICATE_HOST' }, noon);
  expect(verdict).toEqual({ action: 'allow', mode: 'enforce' });
  expect(steps[0]).toMatchObject({ matched: false });
  expect(steps[0]?.text).toMatch(/DUPLICATE_HOST.*section 3\.2\. No policy in force needs to read/);
});

test.each([
  ['a tunnel', flowOf({ method: 'CONNECT', path: '' }), 'CONNECT_TUNNEL'],
  ['an h2c upgrade', flowOf({ headers: [['upgrade', 'h2c']] }), 'H2C_UPGRADE'],
  ['a path with NUL', { ...flowOf({ path: '/a%00' }), broken: 'PATH_NUL' }, 'PATH_NUL'],
])('%s is refused by its own code', (_, flow, code) => {
  const { verdict, steps } = explainFlow([guard], flow, noon);
  expect(verdict).toMatchObject({ policy: '(strict-parsing)', rule: code });
  expect(verdict.reason).toMatch(/\.$/);
  expect(steps[0]?.text).toContain(code);
});

test('a hypothetical tunnel is refused by its code too', () => {
  expect(explainRequest([guard], request({ method: 'CONNECT' }), noon).verdict.rule).toBe('CONNECT_TUNNEL');
});

test('a request whose body ended early is judged by policy, not by the parser', () => {
  const cut = { ...flowOf({ path: '/orders/7' }), broken: 'EOF_IN_BODY' };
  expect(explainFlow([guard], cut, noon).verdict.policy).toBe('shop/guard');
});

test('a code of another version is told as it is', () => {
  const odd = { ...flowOf(), broken: 'constructor' };
  expect(explainFlow([guard], odd, noon).steps[0]?.text).toContain('a code that this version does not know');
});
