// What is no FlowPolicy, with code, place and sentence: one row a field.
import { expect, test } from 'vitest';
import { parsePolicy } from '../../../src/core/policy/parse-policy.ts';
import { objectOf, without, workload, type PolicyParts } from './build.ts';

function rejectionOf(value: unknown): { code: string; path: string; message: string } | 'accepted' {
  const parsed = parsePolicy(value);
  return parsed.ok ? 'accepted' : { code: parsed.code, path: parsed.path.join('.'), message: parsed.message };
}

const rejected: readonly (readonly [
  what: string,
  parts: PolicyParts,
  code: string,
  path: string,
  says: string,
])[] = [
  ['an unknown mode', { mode: 'enforce' }, 'POLICY_UNKNOWN_MODE', 'spec.mode', 'Did you mean Enforce?'],
  [
    'a mode of another product',
    { mode: 'Monitor' },
    'POLICY_UNKNOWN_MODE',
    'spec.mode',
    'one of Off, Shadow, Enforce',
  ],
  ['an unknown field', { frm: 1 }, 'POLICY_UNKNOWN_FIELD', 'spec.frm', 'Did you mean from?'],
  [
    'an unknown peer field',
    { from: { peers: [{ workload: { nmae: 'x' } }] } },
    'POLICY_UNKNOWN_FIELD',
    'spec.from.peers.0.workload.nmae',
    'Did you mean name?',
  ],
  [
    'an unknown http field',
    { http: { path: ['/a'] } },
    'POLICY_UNKNOWN_FIELD',
    'spec.match.http.path',
    'Did you mean paths?',
  ],
  [
    'a throttle under a Block',
    { action: { type: 'Block', throttle: { rate: '1/s' } } },
    'POLICY_UNKNOWN_FIELD',
    'spec.action.throttle',
    'throttle belongs to type Throttle.',
  ],
  [
    'an unknown part of a throttle key',
    { action: { type: 'Throttle', throttle: { rate: '1/s', key: ['bogus'] } } },
    'POLICY_INVALID_VALUE',
    'spec.action.throttle.key.0',
    'must be one of principal, workload, destination, route, method',
  ],
  [
    'a text where a list belongs',
    { http: { paths: '/zz' } },
    'POLICY_INVALID_VALUE',
    'spec.match.http.paths',
    'spec.match.http.paths must be a list; write paths: ["/zz"].',
  ],
  [
    'a method in small letters',
    { http: { methods: ['get'] } },
    'POLICY_INVALID_VALUE',
    'spec.match.http.methods.0',
    'must be GET: methods are upper case',
  ],
  [
    'an escape sequence in the reason',
    { reason: 'fine\u001b[2J' },
    'POLICY_INVALID_VALUE',
    'spec.reason',
    'no control characters',
  ],
  [
    'a text turned around in the reason',
    { reason: 'fine\u202e' },
    'POLICY_INVALID_VALUE',
    'spec.reason',
    'turn text around',
  ],
  ['no peers', { from: { peers: [] } }, 'POLICY_INVALID_VALUE', 'spec.from.peers', 'spec.from.peers'],
  [
    'a peer that says nothing',
    { from: { peers: [{}] } },
    'POLICY_INVALID_VALUE',
    'spec.from.peers.0',
    'scope: All',
  ],
  [
    'assurance alone',
    { from: { peers: [{ minAssurance: 'MTLS' }] } },
    'POLICY_INVALID_VALUE',
    'spec.from.peers.0',
    'needs one of workload',
  ],
  ['an empty from', { from: {} }, 'POLICY_MISSING_FIELD', 'spec.from.scope', 'scope: All'],
  [
    'a scope that is not All',
    { from: { scope: 'Everyone' } },
    'POLICY_INVALID_VALUE',
    'spec.from.scope',
    'must be All',
  ],
  [
    'an unreadable cidr',
    { from: { peers: [{ cidr: '10.0.0/8' }] } },
    'POLICY_INVALID_VALUE',
    'spec.from.peers.0.cidr',
    '"10.0.0/8"',
  ],
  [
    'a cidr that is too long',
    { from: { peers: [{ cidr: '10.0.0.0/33' }] } },
    'POLICY_INVALID_VALUE',
    'spec.from.peers.0.cidr',
    'CIDR',
  ],
  [
    'port 0',
    { to: { peers: [{ namespace: 'shop' }], ports: [0] } },
    'POLICY_INVALID_VALUE',
    'spec.to.ports',
    '',
  ],
  ['an empty match', { http: {} }, 'POLICY_INVALID_VALUE', 'spec.match.http', 'at least one of'],
  [
    'an empty list of paths',
    { http: { paths: [] } },
    'POLICY_INVALID_VALUE',
    'spec.match.http.paths',
    'paths',
  ],
  [
    'a path without slash',
    { http: { paths: ['admin'] } },
    'POLICY_INVALID_VALUE',
    'spec.match.http.paths.0',
    'must start with /',
  ],
  [
    'a path with a query',
    { http: { paths: ['/a?b=1'] } },
    'POLICY_INVALID_VALUE',
    'spec.match.http.paths.0',
    'query',
  ],
  [
    'a path with //',
    { http: { paths: ['/a//b'] } },
    'POLICY_INVALID_VALUE',
    'spec.match.http.paths.0',
    'empty segment',
  ],
  [
    'a path with ..',
    { http: { paths: ['/a/../b'] } },
    'POLICY_INVALID_VALUE',
    'spec.match.http.paths.0',
    '..',
  ],
  [
    'a path with an encoded ..',
    { http: { paths: ['/a/%2e%2e/b'] } },
    'POLICY_INVALID_VALUE',
    'spec.match.http.paths.0',
    '..',
  ],
  [
    'a path with a backslash',
    { http: { paths: ['/a\\b'] } },
    'POLICY_INVALID_VALUE',
    'spec.match.http.paths.0',
    'backslash',
  ],
  [
    'a path with %00',
    { http: { paths: ['/a%00'] } },
    'POLICY_INVALID_VALUE',
    'spec.match.http.paths.0',
    'control',
  ],
  [
    'a star in the middle',
    { http: { paths: ['/a/*/b'] } },
    'POLICY_INVALID_VALUE',
    'spec.match.http.paths.0',
    'only at its end',
  ],
  [
    'half a parameter',
    { http: { paths: ['/v{n}/b'] } },
    'POLICY_INVALID_VALUE',
    'spec.match.http.paths.0',
    'whole segment',
  ],
  [
    'a host with port',
    { http: { hosts: ['orders:8080'] } },
    'POLICY_INVALID_VALUE',
    'spec.match.http.hosts.0',
    'without scheme and port',
  ],
  ['every host', { http: { hosts: ['*'] } }, 'POLICY_INVALID_VALUE', 'spec.match.http.hosts.0', '*.suffix'],
  [
    'a method with a blank',
    { http: { methods: ['GET '] } },
    'POLICY_INVALID_VALUE',
    'spec.match.http.methods.0',
    '"GET "',
  ],
  [
    'an unknown action',
    { action: { type: 'Blok' } },
    'POLICY_INVALID_VALUE',
    'spec.action.type',
    'Block, Throttle',
  ],
  [
    'an action of a later version',
    { action: { type: 'Redact', redact: {} } },
    'POLICY_INVALID_VALUE',
    'spec.action.type',
    '"Redact"',
  ],
  [
    'a rate in words',
    { action: { type: 'Throttle', throttle: { rate: 'fast' } } },
    'POLICY_INVALID_VALUE',
    'spec.action.throttle.rate',
    '20/s',
  ],
  [
    'a rate of nothing',
    { action: { type: 'Throttle', throttle: { rate: '0/s' } } },
    'POLICY_INVALID_VALUE',
    'spec.action.throttle.rate',
    '"0/s"',
  ],
  [
    'an unknown key part',
    { action: { type: 'Throttle', throttle: { rate: '1/s', key: ['ip'] } } },
    'POLICY_INVALID_VALUE',
    'spec.action.throttle.key.0',
    '"ip"',
  ],
  ['an unknown failure', { failure: 'open' }, 'POLICY_INVALID_VALUE', 'spec.failure', 'Did you mean Open?'],
  [
    'an expiry that is no time',
    { expiresAt: 'tomorrow' },
    'POLICY_INVALID_VALUE',
    'spec.expiresAt',
    '"tomorrow"',
  ],
  [
    'a destination of another namespace',
    { to: { peers: [{ namespace: 'pay' }] } },
    'POLICY_FOREIGN_DESTINATION',
    'spec.to.peers.0',
    'namespace shop',
  ],
];

test.each(rejected)('%s is rejected', (_, parts, code, path, says) => {
  const rejection = rejectionOf(objectOf(parts));
  expect(rejection).toMatchObject({ code });
  if (rejection === 'accepted') return;
  expect(rejection.path.startsWith(path)).toBe(true);
  expect(rejection.message).toContain(says);
  expect(rejection.message).toMatch(/^[A-Za-z].*[.?]$/s);
});

test.each(['apiVersion', 'kind', 'metadata', 'spec'])(
  'a policy without %s is rejected by that name',
  (field) => {
    expect(rejectionOf(without(objectOf(), field))).toMatchObject({
      code: 'POLICY_MISSING_FIELD',
      path: field,
    });
  },
);

test.each(['mode', 'from', 'to', 'action'])('a spec without %s is rejected by that name', (field) => {
  const object = objectOf();
  const spec = without(object['spec'] as Record<string, unknown>, field);
  expect(rejectionOf({ ...object, spec })).toMatchObject({
    code: 'POLICY_MISSING_FIELD',
    path: `spec.${field}`,
  });
});

test.each([null, 1, 'text', [], undefined])('%j is not a policy', (value) => {
  expect(rejectionOf(value)).toMatchObject({ code: 'POLICY_NOT_OBJECT' });
});

test('another version or kind is rejected, not read as ours', () => {
  expect(rejectionOf({ ...objectOf(), apiVersion: 'apidefense.dev/v2' })).toMatchObject({
    path: 'apiVersion',
  });
  expect(rejectionOf({ ...objectOf(), kind: 'TrustZone' })).toMatchObject({ path: 'kind' });
});

test.each(['{"__proto__": {"mode": "Enforce"}}', '{"constructor": 1}', '{"toString": 1}'])(
  'the prototype key of %s is an unknown field like any other',
  (text) => {
    const more: unknown = JSON.parse(text);
    if (typeof more !== 'object') throw new Error('the row is no object');
    const all: Record<string, unknown> = { ...objectOf(), ...more };
    expect(Object.keys(all)).toHaveLength(5);
    expect(rejectionOf(all)).toMatchObject({ code: 'POLICY_UNKNOWN_FIELD' });
  },
);

test('egress: sources of the own namespace may be kept from destinations elsewhere', () => {
  const to = { peers: [{ namespace: 'pay' }] };
  expect(rejectionOf(objectOf({ from: workload('scanner'), to }))).toBe('accepted');
  expect(rejectionOf(objectOf({ from: workload('scanner', { namespace: 'other' }), to }))).toMatchObject({
    code: 'POLICY_FOREIGN_DESTINATION',
  });
  expect(rejectionOf(objectOf({ from: { peers: [{ cidr: '10.0.0.0/8' }] }, to }))).toMatchObject({
    code: 'POLICY_FOREIGN_DESTINATION',
  });
});

test('values from outside are shown bounded and escaped', () => {
  const rejection = rejectionOf(objectOf({ mode: `x\u001b[31m${'y'.repeat(500)}` }));
  expect(rejection).toMatchObject({ code: 'POLICY_UNKNOWN_MODE' });
  if (rejection === 'accepted') return;
  expect(rejection.message).not.toContain('\u001b');
  expect(rejection.message.length).toBeLessThan(300);
});

test('Drop is for connections, not for requests that were read', () => {
  const action = { type: 'Block', block: { answer: 'Drop' } };
  expect(rejectionOf(objectOf({ action }))).toBe('accepted');
  expect(rejectionOf(objectOf({ action, http: { methods: ['GET'] } }))).toMatchObject({
    code: 'POLICY_INVALID_VALUE',
    path: 'spec.action.block.answer',
    message: expect.stringContaining('must be Auto or Reset') as unknown,
  });
});

test.each([
  ['no label', {}],
  ['a name Kubernetes would refuse', { 'a b': 'x' }],
  ['a value Kubernetes would refuse', { app: 'x y' }],
  [
    'more labels than anybody means',
    Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`l${at}`, 'x'])),
  ],
])('a peer by labels is refused with %s', (_, labels) => {
  expect(rejectionOf(objectOf({ from: { peers: [{ labels }] } }))).toMatchObject({
    code: 'POLICY_INVALID_VALUE',
  });
});

test('labels are of the own namespace unless another is named', () => {
  const to = { peers: [{ labels: { app: 'orders' } }] };
  expect(rejectionOf(objectOf({ to }))).toBe('accepted');
  expect(
    rejectionOf(objectOf({ to: { peers: [{ labels: { app: 'orders' }, namespace: 'pay' }] } })),
  ).toMatchObject({
    code: 'POLICY_FOREIGN_DESTINATION',
  });
});
