// Which requests a Block of this HTTP field refuses and which it leaves alone, one row a field; any reading counts.
import { expect, test } from 'vitest';
import { strictPathCodes } from '../../../src/core/policy/decider.ts';
import { allow, benchOf, block, headOf, noon, policy, workload, type RequestParts } from './build.ts';

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
  const hosts = Array.from({ length: 64 }, (_, at) => (at % 2 === 0 ? `h${at}` : `*.h${at}`));
  const byHost = benchOf([policy({ http: { paths, hosts } })]);
  expect(byHost.decide({ path: '/p0', host: 'H62:80' }).action).toBe(block);
  expect(byHost.decide({ path: '/p0', host: 'x.h63' }).action).toBe(block);
  expect(byHost.decide({ path: '/p0', host: 'h63' }).action).toBe(allow);
  expect(byHost.decide({ path: '/p0', host: 'x.h62' }).action).toBe(allow);
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

test('heads are only read', () => {
  const { decider } = benchOf([policy({ http: { paths: ['/a'], hosts: ['h'] } })]);
  const head = headOf({ path: '/A/%2e%2e/a', host: 'H.' });
  const before = Array.from(head.bytes);
  const out = { ...benchOf([]).decide() };
  decider.decide(decider.scopeOf(0), head, '', noon, out);
  expect([out.action, Array.from(head.bytes)]).toEqual([block, before]);
});
