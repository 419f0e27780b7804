// The verdict, one row a field: which requests a policy of this field refuses and which it leaves alone.
import { expect, test } from 'vitest';
import { millis } from '../../../src/core/model/brand.ts';
import { peerFromName, type Peer } from '../../../src/core/model/identity.ts';
import { judgement, strictPathCodes } from '../../../src/core/policy/decider.ts';
import {
  allow,
  benchOf,
  block,
  headOf,
  listener,
  noon,
  policy,
  shopListener,
  throttle,
  throttled,
  workload,
  type PolicyParts,
  type RequestParts,
} from './build.ts';

const httpRows: readonly (readonly [
  field: string,
  http: unknown,
  refused: readonly RequestParts[],
  left: readonly RequestParts[],
])[] = [
  [
    'method',
    { methods: ['GET', 'PUT'] },
    [{ method: 'GET' }, { method: 'PUT' }],
    [{ method: 'get' }, { method: 'POST' }, { method: 'GETX' }],
  ],
  [
    'exact path',
    { paths: ['/orders'] },
    [{ path: '/orders' }, { path: '/orders/' }],
    [{ path: '/Orders' }, { path: '/orders/7' }, { path: '/orderss' }, { path: '/' }],
  ],
  ['root', { paths: ['/'] }, [{ path: '/' }, { path: '' }], [{ path: '/a' }]],
  [
    'template',
    { paths: ['/orders/{id}/items'] },
    [{ path: '/orders/7/items' }, { path: '/orders/%C3%A9/items' }],
    [{ path: '/orders//items' }, { path: '/orders/7' }, { path: '/orders/7/8/items' }],
  ],
  [
    'below',
    { paths: ['/admin/*'] },
    [{ path: '/admin/' }, { path: '/admin/a/b' }],
    [{ path: '/admin' }, { path: '/administrator' }],
  ],
  [
    'here or below',
    { paths: ['/admin/**'] },
    [{ path: '/admin' }, { path: '/admin/a/b' }],
    [{ path: '/administrator' }, { path: '/x/admin' }],
  ],
  [
    'prefix',
    { paths: ['/adm*'] },
    [{ path: '/adm' }, { path: '/admin/x' }],
    [{ path: '/ad' }, { path: '/x/adm' }],
  ],
  [
    'prefix below a template',
    { paths: ['/{tenant}/v*'] },
    [{ path: '/acme/v1/x' }],
    [{ path: '/acme' }, { path: '/acme/w' }],
  ],
  ['everything', { paths: ['/*'] }, [{ path: '/' }, { path: '/a/b' }, { path: '' }], []],
  ['any of the paths', { paths: ['/a', '/b'] }, [{ path: '/a' }, { path: '/b' }], [{ path: '/c' }]],
  [
    'escaped literal',
    { paths: ['/caf%C3%A9', '/x%20y'] },
    [{ path: '/café' }, { path: '/caf%c3%a9' }, { path: '/x%20y' }],
    [{ path: '/cafe' }],
  ],
  [
    'slash inside a segment',
    { paths: ['/files/a%2Fb'] },
    [{ path: '/files/a%2fb' }],
    [{ path: '/files/a/b' }],
  ],
  [
    'host',
    { hosts: ['Orders.Example.com'] },
    [{ host: 'orders.example.com' }, { host: 'ORDERS.example.com.:8080' }],
    [{ host: 'example.com' }, { host: 'orders.example.com.evil' }, { host: '' }],
  ],
  [
    'host suffix',
    { hosts: ['*.example.com'] },
    [{ host: 'a.example.com' }, { host: 'a.b.example.com:1' }],
    [{ host: 'example.com' }, { host: 'badexample.com' }],
  ],
  ['IPv6 host', { hosts: ['[::1]'] }, [{ host: '[::1]' }, { host: '[::1]:8080' }], [{ host: '[::2]' }]],
  [
    'header',
    { headers: [{ name: 'X-Tenant', values: ['acme', 'initech'] }] },
    [
      { headers: [['x-tenant', 'acme']] },
      {
        headers: [
          ['X-TENANT', 'other'],
          ['x-tenant', 'initech'],
        ],
      },
    ],
    [
      { headers: [['x-tenant', 'Acme']] },
      { headers: [['x-tenant', 'acme2']] },
      { headers: [['x-tenants', 'acme']] },
      {},
    ],
  ],
  [
    'all headers',
    {
      headers: [
        { name: 'a', values: ['1'] },
        { name: 'b', values: ['2'] },
      ],
    },
    [
      {
        headers: [
          ['b', '2'],
          ['a', '1'],
        ],
      },
    ],
    [
      { headers: [['a', '1']] },
      {
        headers: [
          ['a', '2'],
          ['b', '1'],
        ],
      },
    ],
  ],
  ['an empty header value', { headers: [{ name: 'a', values: [''] }] }, [{ headers: [['a', '']] }], [{}]],
  [
    'all fields together',
    { methods: ['GET'], hosts: ['h'], paths: ['/a'], headers: [{ name: 'n', values: ['v'] }] },
    [{ host: 'h', path: '/a', headers: [['n', 'v']] }],
    [
      { host: 'h', path: '/a' },
      { host: 'h', path: '/b', headers: [['n', 'v']] },
      { host: 'g', path: '/a', headers: [['n', 'v']] },
      { method: 'PUT', host: 'h', path: '/a', headers: [['n', 'v']] },
    ],
  ],
];

test.each(httpRows)('Block by %s', (_, http, refused, left) => {
  const bench = benchOf([policy({ http })]);
  for (const request of refused) expect([request, bench.decide(request).action]).toEqual([request, block]);
  for (const request of left) expect([request, bench.decide(request).action]).toEqual([request, allow]);
});

test('lists too long for the hash key are verified all the same', () => {
  const many = Array.from({ length: 16 }, (_, at) => `M${at}`);
  const paths = Array.from({ length: 64 }, (_, at) => `/p${at}`);
  const bench = benchOf([
    policy({
      http: { methods: many, paths, hosts: ['a', 'b'], headers: [{ name: 'n', values: ['1', '2', '3'] }] },
    }),
  ]);
  const good: RequestParts = { method: 'M15', path: '/p63', host: 'b', headers: [['n', '3']] };
  expect(bench.decide(good).action).toBe(block);
  expect(bench.decide({ ...good, method: 'M16' }).action).toBe(allow);
  expect(bench.decide({ ...good, host: 'c' }).action).toBe(allow);
  expect(bench.decide({ ...good, headers: [['n', '4']] }).action).toBe(allow);
  expect(bench.decide({ ...good, path: '/p64' }).action).toBe(allow);
});

const tricks = [
  '/a/../admin/x',
  '//admin//x',
  '/admin%2fx',
  '/%61dmin/x',
  '/%2561dmin/x',
  '/a/..;/admin/x',
  '/admin;v=1/x',
  '\\admin\\x',
  '/a%5c..%5cadmin/x',
  '/admin/x/',
  '/admin/./x',
];

test.each(tricks)('a Block of /admin/x also catches %j: any reading counts', (path) => {
  expect(benchOf([policy({ http: { paths: ['/admin/x'] } })]).decide({ path }).action).toBe(block);
});

test.each([
  ['/a%00', 'PATH_NUL'],
  ['/a%0a', 'PATH_CONTROL'],
  ['/a%ff', 'PATH_NOT_UTF8'],
  ['/a//b/../%252f;x/c\\d%2f/', 'PATH_AMBIGUOUS'],
] as const)('%j is refused by strict parsing under an enforcing HTTP policy only', (path, code) => {
  const enforcing = benchOf([policy({ http: { paths: ['/elsewhere'] } })]).decide({ path });
  expect(enforcing).toMatchObject({
    action: block,
    policy: -2,
    rule: strictPathCodes.indexOf(code),
    shadowAction: block,
  });
  expect(benchOf([policy({ mode: 'Shadow', http: { paths: ['/elsewhere'] } })]).decide({ path }).action).toBe(
    allow,
  );
  expect(benchOf([]).decide({ path }).action).toBe(allow);
  expect(benchOf([policy({ from: workload('other') })]).decide({ path }).action).toBe(allow);
});

const mtls: Peer = { ...peerFromName('scanner', 'shop'), assurance: 'mtls' };
const orders = peerFromName('orders', 'shop');

const peerRows: readonly (readonly [what: string, parts: PolicyParts, source: Peer, refused: boolean])[] = [
  ['the workload', { from: workload('scanner') }, shopListener.source, true],
  ['another workload', { from: workload('scanner2') }, shopListener.source, false],
  ['the kind', { from: workload('scanner', { kind: 'Deployment' }) }, shopListener.source, true],
  ['another kind', { from: workload('scanner', { kind: 'CronJob' }) }, shopListener.source, false],
  ['a namesake of another namespace', { from: workload('scanner') }, peerFromName('scanner', 'other'), false],
  [
    'a workload of a named namespace',
    { from: workload('scanner', { namespace: 'other' }) },
    peerFromName('scanner', 'other'),
    true,
  ],
  ['a namespace', { from: { peers: [{ namespace: 'other' }] } }, peerFromName('x', 'other'), true],
  ['another namespace', { from: { peers: [{ namespace: 'other' }] } }, peerFromName('x', 'third'), false],
  [
    'a service account',
    { from: { peers: [{ serviceAccount: { name: 'scanner' } }] } },
    shopListener.source,
    true,
  ],
  [
    'a service account elsewhere',
    { from: { peers: [{ serviceAccount: { name: 'scanner', namespace: 'other' } }] } },
    shopListener.source,
    false,
  ],
  [
    'all parts of a peer must hold',
    { from: { peers: [{ workload: { name: 'scanner' }, serviceAccount: { name: 'x' } }] } },
    shopListener.source,
    false,
  ],
  [
    'any of the peers',
    { from: { peers: [{ namespace: 'x' }, { workload: { name: 'scanner' } }] } },
    shopListener.source,
    true,
  ],
  [
    'assurance that is there',
    { from: { peers: [{ workload: { name: 'scanner' }, minAssurance: 'MTLS' }] } },
    mtls,
    true,
  ],
  [
    'assurance that is missing',
    { from: { peers: [{ workload: { name: 'scanner' }, minAssurance: 'MTLS' }] } },
    shopListener.source,
    false,
  ],
  [
    'stronger assurance than asked',
    { from: { peers: [{ workload: { name: 'scanner' }, minAssurance: 'IP' }] } },
    mtls,
    true,
  ],
  ['the destination', { to: workload('orders') }, shopListener.source, true],
  ['another destination', { to: workload('users') }, shopListener.source, false],
  ['the port', { to: { peers: [{ namespace: 'shop' }], ports: [80, 8080] } }, shopListener.source, true],
  ['another port', { to: { peers: [{ namespace: 'shop' }], ports: [80] } }, shopListener.source, false],
  ['the destination address', { to: { peers: [{ cidr: '10.0.0.0/24' }] } }, shopListener.source, true],
  ['another destination address', { to: { peers: [{ cidr: '10.0.1.0/24' }] } }, shopListener.source, false],
  ['a policy of another namespace, everyone to everyone', { namespace: 'other' }, shopListener.source, false],
  [
    'egress of another namespace',
    { namespace: 'other', from: { peers: [{ namespace: 'other' }] } },
    peerFromName('x', 'other'),
    true,
  ],
];

test.each(peerRows)('Block by peers: %s', (_, parts, source, refused) => {
  const at = listener(source, orders);
  const expected = refused ? block : allow;
  expect(benchOf([policy(parts)], { at }).decide().action).toBe(expected);
  expect(benchOf([policy({ ...parts, http: { paths: ['/*'] } })], { at }).decide().action).toBe(expected);
  expect(benchOf([policy(parts)], { at }).opaque().action).toBe(expected);
});

test('a source cidr needs the client address; without it the policy follows its failure, visibly', () => {
  const parts = { from: { peers: [{ cidr: '10.1.0.0/16' }] } };
  expect(benchOf([policy(parts)], { client: '10.1.2.3' }).decide()).toMatchObject({
    action: block,
    indeterminate: false,
  });
  expect(benchOf([policy(parts)], { client: '10.2.2.3' }).decide()).toMatchObject({
    action: allow,
    policy: -1,
    indeterminate: false,
  });
  expect(benchOf([policy(parts)]).decide()).toMatchObject({ action: allow, policy: 0, indeterminate: true });
  expect(benchOf([policy({ ...parts, failure: 'Closed' })]).decide()).toMatchObject({
    action: block,
    policy: 0,
    indeterminate: true,
  });
  const http = { paths: ['/a'] };
  expect(benchOf([policy({ ...parts, http })]).decide({ path: '/a' })).toMatchObject({
    action: allow,
    policy: 0,
    indeterminate: true,
  });
  expect(benchOf([policy({ ...parts, http })]).decide({ path: '/b' })).toMatchObject({
    action: allow,
    policy: -1,
    indeterminate: false,
  });
  expect(benchOf([policy({ ...parts, http, failure: 'Closed' })]).decide({ path: '/a' })).toMatchObject({
    action: block,
    indeterminate: true,
  });
});

test('IPv6 and IPv4-mapped clients are told apart by bits, not by text', () => {
  const of = (cidr: string, client: string): number =>
    benchOf([policy({ from: { peers: [{ cidr }] } })], { client }).decide().action;
  expect(of('fd00::/8', 'fd12:3456::1')).toBe(block);
  expect(of('fd00::/8', 'fe80::1%eth0')).toBe(allow);
  expect(of('10.0.0.0/8', '::ffff:10.1.1.1')).toBe(block);
  expect(of('0.0.0.0/0', '::1')).toBe(allow);
  expect(of('10.0.0.7/32', '10.0.0.8')).toBe(allow);
});

test('a Block wins over every Throttle, whatever is more specific', () => {
  const broad = policy({ name: 'broad' });
  const narrow = policy({
    name: 'narrow',
    http: { paths: ['/a'], methods: ['GET'] },
    action: throttle('1/s'),
  });
  const bench = benchOf([narrow, broad]);
  expect(bench.verdict({ path: '/a' }).verdict).toMatchObject({ action: 'block', policy: 'shop/broad' });
});

test('of several Blocks the most specific is named', () => {
  const names = benchOf([
    policy({ name: 'any', http: { paths: ['/*'] } }),
    policy({ name: 'exact', http: { paths: ['/a/b'], methods: ['GET'] } }),
    policy({ name: 'template', http: { paths: ['/a/{x}'] } }),
  ]).verdict({ path: '/a/b' });
  expect(names.verdict).toMatchObject({
    policy: 'shop/exact',
    rule: 'match.http.paths[0]',
    field: 'path',
    value: '/a/b',
  });
});

test('every verdict names policy, rule, field and normalised value', () => {
  const rows: readonly (readonly [unknown, RequestParts, object])[] = [
    [
      { paths: ['/x', '/a/{id}'] },
      { path: '/a/%37' },
      { rule: 'match.http.paths[1]', field: 'path', value: '/a/7' },
    ],
    [{ hosts: ['x', 'H'] }, { host: 'h:80' }, { rule: 'match.http.hosts[1]', field: 'host', value: 'h' }],
    [{ methods: ['PUT', 'GET'] }, {}, { rule: 'match.http.methods[1]', field: 'method', value: 'GET' }],
    [
      { headers: [{ name: 'X-T', values: ['a', 'b'] }] },
      { headers: [['x-t', 'b']] },
      { rule: 'match.http.headers[0].values[1]', field: 'header:x-t', value: 'b' },
    ],
    [
      { headers: [{ name: 'X-Api-Key', values: ['s3cret'] }] },
      { headers: [['x-api-key', 's3cret']] },
      { field: 'header:x-api-key', value: '(hidden)' },
    ],
    [undefined, {}, { rule: 'from.scope', field: 'source' }],
  ];
  for (const [http, request, expected] of rows)
    expect(benchOf([policy({ http, reason: 'because' })]).verdict(request).verdict).toMatchObject({
      action: 'block',
      policy: 'shop/p',
      reason: 'because',
      ...expected,
    });
});

test('the normalised path is that of this request, also after one that another policy decided', () => {
  const bench = benchOf([
    policy({ name: 'plain', to: workload('users') }),
    policy({ http: { paths: ['/a'] } }),
  ]);
  bench.decide({ path: '/a' });
  expect(bench.decider.normalisedPath()).toBe('/a');
  bench.decide({ path: '/b' });
  expect(bench.decider.normalisedPath()).toBe('');
});

test('expiry is exact, and the agent needs no new snapshot for it', () => {
  const expiresAt = '2026-11-23T12:00:00.500Z';
  const at = (ms: number) => millis(noon + ms);
  for (const bench of [
    benchOf([policy({ expiresAt })]),
    benchOf([policy({ expiresAt, http: { paths: ['/'] } })]),
  ]) {
    expect(bench.decide({}, at(499.9)).action).toBe(block);
    expect(bench.decide({}, at(500)).action).toBe(allow);
  }
  const l7 = benchOf([policy({ expiresAt, http: { paths: ['/'] } })]).decider;
  expect([l7.judges(l7.scopeOf(0), noon), l7.judges(l7.scopeOf(0), at(500))]).toEqual([
    judgement.l7,
    judgement.none,
  ]);
  expect(benchOf([policy({ expiresAt })], { nowMs: at(500) }).decide({}, noon).action).toBe(allow);
});

test('judges says what enforcing policies of the pair need', () => {
  const judges = (...policies: Parameters<typeof benchOf>[0]): number => {
    const { decider } = benchOf(policies);
    return decider.judges(decider.scopeOf(0), noon);
  };
  expect(judges()).toBe(judgement.none);
  expect(judges(policy({ mode: 'Shadow', http: { paths: ['/'] } }))).toBe(judgement.none);
  expect(judges(policy({ mode: 'Off', http: { paths: ['/'] } }))).toBe(judgement.none);
  expect(judges(policy({ from: workload('other') }))).toBe(judgement.none);
  expect(judges(policy())).toBe(judgement.l4);
  expect(judges(policy(), policy({ name: 'q', http: { paths: ['/'] } }))).toBe(judgement.l7);
  expect(judges(policy({ action: throttle('1/s') }))).toBe(judgement.l7);
});

test('a stream that is not HTTP: HTTP fields are indeterminate and follow failure, never the port', () => {
  const http = { paths: ['/a'] };
  expect(benchOf([policy({ http })]).opaque()).toMatchObject({
    action: allow,
    policy: 0,
    indeterminate: true,
  });
  expect(benchOf([policy({ http, failure: 'Closed' })]).opaque()).toMatchObject({
    action: block,
    policy: 0,
    indeterminate: true,
  });
  expect(benchOf([policy({ action: throttle('1/s'), failure: 'Closed' })]).opaque()).toMatchObject({
    action: block,
    indeterminate: true,
  });
  expect(benchOf([policy({ http, failure: 'Closed', mode: 'Shadow' })]).opaque()).toMatchObject({
    action: allow,
    indeterminate: false,
    shadowAction: block,
  });
  expect(benchOf([policy({ http, failure: 'Closed', mode: 'Off' })]).opaque()).toMatchObject({
    action: allow,
    indeterminate: false,
  });
  expect(benchOf([policy()]).opaque()).toMatchObject({ action: block, indeterminate: false });
});

test('answer Reset reaches the decision', () => {
  expect(benchOf([policy({ action: { type: 'Block', block: { answer: 'Reset' } } })]).decide().answer).toBe(
    1,
  );
  expect(benchOf([policy()]).decide().answer).toBe(0);
});

test('a scope of an older snapshot is a bug that is reported, not a verdict', () => {
  const { decider } = benchOf([]);
  expect(() => decider.judges(3, noon)).toThrow('scopeOf');
});

test('throttled requests say who limits, how long to wait and what is left', () => {
  const bench = benchOf([policy({ http: { paths: ['/a'] }, action: throttle('2/s', { burst: 3 }) })]);
  const ask = (ms: number) => bench.decide({ path: '/a' }, millis(noon + ms));
  expect([ask(0), ask(0), ask(0)].map(({ action, limitRemaining }) => [action, limitRemaining])).toEqual([
    [allow, 2],
    [allow, 1],
    [allow, 0],
  ]);
  expect(ask(0)).toMatchObject({
    action: throttled,
    policy: 0,
    retryAfterMs: 500,
    limitBurst: 3,
    limitRemaining: 0,
  });
  expect(ask(499)).toMatchObject({ action: throttled, retryAfterMs: 1 });
  expect(ask(500).action).toBe(allow);
  expect(bench.decide({ path: '/b' }, noon).action).toBe(allow);
  expect(bench.verdict({ path: '/a' }, millis(noon + 500)).verdict).toMatchObject({
    action: 'throttle',
    policy: 'shop/p',
    rule: 'match.http.paths[0]',
    retryAfterSeconds: 1,
  });
});

test('all matching throttles apply, the strictest is named, and a refusal charges none of them', () => {
  const bench = benchOf([
    policy({ name: 'a', action: throttle('1/s', { burst: 2 }) }),
    policy({ name: 'b', action: throttle('1/m', { burst: 1 }) }),
  ]);
  expect(bench.verdict().verdict.action).toBe('allow');
  expect(bench.verdict().verdict).toMatchObject({ action: 'throttle', policy: 'shop/b' });
  expect(bench.verdict().verdict).toMatchObject({ action: 'throttle', policy: 'shop/b' });
  expect(bench.verdict({}, millis(noon + 60_000)).verdict.action).toBe('allow');
});

test('a refused request does not count against a throttle', () => {
  const bench = benchOf([
    policy({ http: { paths: ['/a'] } }),
    policy({ name: 't', action: throttle('1/h') }),
  ]);
  for (let count = 0; count < 5; count += 1) bench.decide({ path: '/a' });
  expect(bench.decide({ path: '/b' }).action).toBe(allow);
});

const keyRows: readonly (readonly [
  part: string,
  same: readonly RequestParts[],
  other: readonly RequestParts[],
])[] = [
  ['principal', [{ path: '/a' }, { method: 'PUT' }], []],
  ['workload', [{ path: '/a' }], []],
  ['destination', [{ path: '/a' }], []],
  ['route', [{ route: '/a' }], [{ route: '/b' }, { route: '' }]],
  ['method', [{ route: '/z' }], [{ method: 'PUT' }]],
  [
    'header:X-Key',
    [{ headers: [['x-key', '1']] }],
    [{ headers: [['x-key', '2']] }, { headers: [['x-key', '']] }, {}],
  ],
];

test.each(keyRows)('throttle key %s shares a bucket by that and nothing else', (part, same, other) => {
  const bench = benchOf([policy({ action: throttle('1/h', { key: [part] }) })]);
  expect(bench.decide(same[0]).action).toBe(allow);
  for (const request of same) expect(bench.decide(request).action).toBe(throttled);
  for (const request of other) expect(bench.decide(request).action).toBe(allow);
  for (const request of other) expect(bench.decide(request).action).toBe(throttled);
});

test('buckets outlive a snapshot; changed numbers start afresh', () => {
  const limited = policy({ action: throttle('1/h') });
  const first = benchOf([limited]);
  first.decide();
  expect(
    benchOf([limited, policy({ name: 'q', http: { paths: ['/x'] } })], { buckets: first.buckets }).decide()
      .action,
  ).toBe(throttled);
  expect(benchOf([policy({ action: throttle('2/h') })], { buckets: first.buckets }).decide().action).toBe(
    allow,
  );
});

test('shadow reports only what would be different', () => {
  const shadow = policy({ name: 's', mode: 'Shadow', http: { paths: ['/a'] } });
  const same = policy({ name: 'e', http: { paths: ['/a'] } });
  expect(benchOf([shadow]).verdict({ path: '/a' })).toMatchObject({
    verdict: { action: 'allow', mode: 'enforce' },
    shadow: { action: 'block', mode: 'shadow', policy: 'shop/s', rule: 'match.http.paths[0]', value: '/a' },
  });
  expect(benchOf([shadow]).verdict({ path: '/b' }).shadow).toBeUndefined();
  expect(benchOf([shadow, same]).verdict({ path: '/a' }).shadow).toBeUndefined();
  expect(benchOf([policy({ mode: 'Shadow' })]).verdict().shadow).toMatchObject({
    action: 'block',
    policy: 'shop/p',
  });
});

test('a shadow throttle has buckets of its own and never refuses', () => {
  const bench = benchOf([
    policy({ name: 'e', action: throttle('2/h') }),
    policy({ name: 's', mode: 'Shadow', action: throttle('1/h') }),
  ]);
  const seen = [1, 2, 3].map(() => bench.decide());
  expect(seen.map(({ action }) => action)).toEqual([allow, allow, throttled]);
  expect(seen.map(({ shadowAction }) => shadowAction)).toEqual([allow, throttled, throttled]);
  expect(seen[1]).toMatchObject({ shadowRetryAfterMs: 3_600_000 });
});

test('a shadow Block frees the throttles behind it: the flip from throttled to allowed is reported', () => {
  const bench = benchOf([
    policy({ name: 'e', action: throttle('1/h') }),
    policy({ name: 's', mode: 'Shadow', http: { paths: ['/a'] } }),
  ]);
  expect(bench.decide({ path: '/a' })).toMatchObject({ action: allow, shadowAction: block });
  expect(bench.decide({ path: '/b' })).toMatchObject({
    action: throttled,
    shadowAction: allow,
    shadowPolicy: -1,
  });
  expect(bench.decide({ path: '/b' })).toMatchObject({ action: throttled, shadowAction: throttled });
});

test('heads are only read', () => {
  const { decider } = benchOf([policy({ http: { paths: ['/a'], hosts: ['h'] } })]);
  const head = headOf({ path: '/A/%2e%2e/a', host: 'H.' });
  const before = Array.from(head.bytes);
  const out = { ...benchOf([]).decide() };
  decider.decide(decider.scopeOf(0), head, '', noon, out);
  expect([out.action, Array.from(head.bytes)]).toEqual([block, before]);
});
