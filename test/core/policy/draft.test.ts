// The exact objects behind a key press and behind a filter on the command line, and what no policy can express.
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { AppError } from '../../../src/core/model/app-error.ts';
import { peerFromName } from '../../../src/core/model/identity.ts';
import { parseFilter } from '../../../src/core/filter/parse-filter.ts';
import { draftFromFilter } from '../../../src/core/policy/draft-from-filter.ts';
import { draftPolicy, type DraftInput } from '../../../src/core/policy/draft.ts';
import { parsePolicy } from '../../../src/core/policy/parse-policy.ts';
import { reachesAnywhere } from '../../../src/core/policy/tenancy.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import { policyToYaml } from '../../../src/core/policy/to-yaml.ts';
import { benchOf, block, flowOf, listener, noon, throttled, without } from './build.ts';

const flow = flowOf({ path: '/orders/7', route: '/orders/{id}', id: 'a-17' });
const draft = (more: Partial<DraftInput> = {}): Policy =>
  draftPolicy({ action: 'Block', flow, nowMs: noon, suffix: '7f3a', ...more });

test('a Block from a flow is as narrow as the flow, expires in half an hour and carries its evidence', () => {
  expect(draft({ reason: 'enumerates order ids', author: 'ann', finding: 'bola-9c1d' })).toEqual({
    apiVersion: 'apidefense.dev/v1alpha1',
    kind: 'FlowPolicy',
    metadata: {
      name: 'block-scanner-orders-7f3a',
      namespace: 'shop',
      annotations: {
        'apidefense.dev/author': 'ann',
        'apidefense.dev/finding': 'bola-9c1d',
        'apidefense.dev/evidence': 'a-17',
      },
    },
    spec: {
      mode: 'Enforce',
      from: { peers: [{ workload: { kind: 'Deployment', name: 'scanner' } }] },
      to: { peers: [{ workload: { kind: 'Deployment', name: 'orders' } }] },
      match: { http: { methods: ['GET'], paths: ['/orders/{id}'] } },
      action: { type: 'Block', block: { answer: 'Auto', existing: 'Cut' } },
      failure: 'Open',
      expiresAt: '2026-11-23T12:30:00.000Z',
      reason: 'enumerates order ids',
    },
  });
});

test('the draft refuses the very flow it was made from', () => {
  expect(benchOf([draft()]).decide({ path: '/orders/7' }).action).toBe(block);
  expect(benchOf([draft({ scope: 'destination' })]).decide({ path: '/x', method: 'PUT' }).action).toBe(block);
  const limited = benchOf([draft({ action: 'Throttle', rate: '1/m' })]);
  expect([
    limited.decide({ path: '/orders/7' }).action,
    limited.decide({ path: '/orders/8' }).action,
  ]).toEqual([0, throttled]);
});

test('a whole workload, and a stream that is not HTTP, are blocked without a match', () => {
  const opaque = without(flow, 'request');
  expect(draft({ scope: 'destination' }).spec.match).toBeUndefined();
  expect(draft({ flow: opaque }).spec.match).toBeUndefined();
});

test('everything a caller asks is an egress policy in its own namespace, whoever is asked', () => {
  const foreign = { ...flow, source: { ...flow.source, namespace: 'batch', principal: 'sa:batch/scanner' } };
  const made = draft({ flow: foreign, scope: 'everything' });
  expect(made.metadata).toMatchObject({ name: 'block-scanner-7f3a', namespace: 'batch' });
  expect(made.spec).toMatchObject({
    from: { peers: [{ workload: { kind: 'Deployment', name: 'scanner' } }] },
    to: { scope: 'All' },
  });
  expect(made.spec.match).toBeUndefined();
  expect(reachesAnywhere(made)).toBe(true);
  const decide = (caller: string, from: string, to: string): number =>
    benchOf([made], { at: listener(peerFromName(caller, from), peerFromName('orders', to)) }).decide({
      path: '/anything',
      method: 'DELETE',
    }).action;
  expect([decide('scanner', 'batch', 'shop'), decide('scanner', 'batch', 'pay')]).toEqual([block, block]);
  expect([decide('scanner', 'shop', 'shop'), decide('nightly', 'batch', 'shop')]).toEqual([0, 0]);
});

test('the policy lives with the destination and spells a foreign caller out', () => {
  const foreign = {
    ...flow,
    source: { ...flow.source, namespace: 'default', principal: 'sa:default/scanner' },
  };
  const made = draft({ flow: foreign });
  expect(made.metadata).toMatchObject({ namespace: 'shop' });
  expect(made.spec.from).toEqual({
    peers: [{ workload: { kind: 'Deployment', name: 'scanner', namespace: 'default' } }],
  });
});

test('names stay valid and keep their suffix, however long or odd the workloads are', () => {
  const long = {
    ...flow,
    source: { ...flow.source, workload: 'x'.repeat(80) },
    destination: { ...flow.destination, workload: 'y'.repeat(100) },
  };
  const { name } = draft({ flow: long }).metadata;
  expect(name.length).toBeLessThanOrEqual(63);
  expect(name).toMatch(/^block-x+-y+-7f3a$/);
});

test('a masked segment stands for any value; a route no template can say is refused in words', () => {
  const masked = { ...flow, request: { ...flow.request!, route: '/users/<email:0a1b2c3d>/orders' } };
  expect(draft({ flow: masked }).spec.match?.http.paths).toEqual(['/users/{masked}/orders']);
  const odd = { ...flow, request: { ...flow.request!, route: '/a//b' } };
  expect(() => draft({ flow: odd })).toThrow(/route \/a\/\/b cannot be written.*empty segment/);
});

test('YAML has one key order, ends in a newline and reads back as the same policy', () => {
  const made = draft({ reason: 'colon: and #hash', action: 'Throttle', rate: '20/s' });
  const text = policyToYaml(made);
  expect(text).toMatchInlineSnapshot(`
    "apiVersion: apidefense.dev/v1alpha1
    kind: FlowPolicy
    metadata:
      name: throttle-scanner-orders-7f3a
      namespace: shop
      annotations:
        apidefense.dev/evidence: a-17
    spec:
      mode: Enforce
      from:
        peers:
          - workload:
              kind: Deployment
              name: scanner
      to:
        peers:
          - workload:
              kind: Deployment
              name: orders
      match:
        http:
          methods:
            - GET
          paths:
            - /orders/{id}
      action:
        type: Throttle
        throttle:
          rate: 20/s
          key:
            - principal
      failure: Open
      expiresAt: 2026-11-23T12:30:00.000Z
      reason: "colon: and #hash"
    "
  `);
  expect(parsePolicy(parse(text))).toEqual({ ok: true, policy: made });
  const { spec, ...others } = made;
  expect(policyToYaml({ spec, ...others })).toBe(text);
});

function fromFilter(text: string, action: 'Block' | 'Throttle' = 'Block'): Policy {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return draftFromFilter({
    node: parsed.node,
    action,
    nowMs: noon,
    suffix: '1a2b',
    namespace: 'shop',
    ...(action === 'Throttle' ? { rate: '5/s' } : {}),
  });
}

const expressed: readonly (readonly [filter: string, spec: object])[] = [
  [
    'from:scanner path:/admin/*',
    {
      from: { peers: [{ workload: { name: 'scanner' } }] },
      to: { scope: 'All' },
      match: { http: { paths: ['/admin/*'] } },
    },
  ],
  [
    'from:scanner to:orders',
    {
      from: { peers: [{ workload: { name: 'scanner' } }] },
      to: { peers: [{ workload: { name: 'orders' } }] },
    },
  ],
  [
    'ns:shop from:shop/a,other/b',
    { from: { peers: [{ workload: { name: 'a' } }, { workload: { name: 'b', namespace: 'other' } }] } },
  ],
  ['from:shop/CronJob/nightly', { from: { peers: [{ workload: { kind: 'CronJob', name: 'nightly' } }] } }],
  ['from:sa:shop/scanner', { from: { peers: [{ serviceAccount: { name: 'scanner', namespace: 'shop' } }] } }],
  ['from:10.0.0.0/8', { from: { peers: [{ cidr: '10.0.0.0/8' }] } }],
  ['from:10.0.0.7', { from: { peers: [{ cidr: '10.0.0.7/32' }] } }],
  ['from:* to:orders', { from: { scope: 'All' } }],
  ['from:a method:get,PUT', { match: { http: { methods: ['GET', 'PUT'] } } }],
  ['from:a route:/orders/{id}', { match: { http: { paths: ['/orders/{id}'] } } }],
  ['from:a host:*.example.com', { match: { http: { hosts: ['*.example.com'] } } }],
  ['from:a header:X-Tenant=acme', { match: { http: { headers: [{ name: 'x-tenant', values: ['acme'] }] } } }],
];

test.each(expressed)('filter %j becomes a policy', (filter, spec) => {
  expect(fromFilter(filter).spec).toMatchObject(spec);
});

test('callers of several namespaces are selected where the destination is named', () => {
  const made = fromFilter('(from:default/scanner or from:edge/web) to:orders');
  expect(made.metadata).toMatchObject({ namespace: 'shop' });
  const decide = (caller: string, from: string): number =>
    benchOf([made], { at: listener(peerFromName(caller, from), peerFromName('orders', 'shop')) }).decide({
      path: '/',
    }).action;
  expect([decide('scanner', 'default'), decide('web', 'edge'), decide('web', 'default')]).toEqual([
    block,
    block,
    0,
  ]);
});

test('for the cluster every name says its namespace, and callers of several reach anyone', () => {
  const parsed = parseFilter('from:default/scanner,web');
  if (!parsed.ok) throw new Error(parsed.message);
  const made = draftFromFilter({
    ...{ node: parsed.node, action: 'Block', nowMs: noon, suffix: '1a2b', namespace: 'shop', cluster: true },
  });
  expect(made).toMatchObject({ kind: 'ClusterFlowPolicy', metadata: { name: 'block-scanner-1a2b' } });
  expect(made.metadata).not.toHaveProperty('namespace');
  expect(made.spec.from).toEqual({
    peers: [
      { workload: { name: 'scanner', namespace: 'default' } },
      { workload: { name: 'web', namespace: 'shop' } },
    ],
  });
  expect(made.spec.to).toEqual({ scope: 'All' });
});

test('ns chooses the namespace of the policy, and a throttle takes its rate', () => {
  expect(fromFilter('ns:pay from:a').metadata).toMatchObject({ namespace: 'pay', name: 'block-a-1a2b' });
  expect(fromFilter('from:a', 'Throttle').spec.action).toEqual({
    type: 'Throttle',
    throttle: { rate: '5/s', key: ['principal'] },
  });
});

const refused: readonly (readonly [filter: string, code: string, says: RegExp])[] = [
  ['', 'FILTER_NO_SOURCE', /names no caller/],
  ['to:orders', 'FILTER_NO_SOURCE', /never means everyone by leaving it out/],
  ['from:a status>=500', 'FILTER_NOT_EXPRESSIBLE', /No policy can ask for status/],
  ['from:a lat>200ms', 'FILTER_NOT_EXPRESSIBLE', /No policy can ask for lat/],
  ['from:a verdict:allow', 'FILTER_NOT_EXPRESSIBLE', /No policy can ask for verdict/],
  ['from:a not path:/x', 'FILTER_NOT', /"not"/],
  ['from:a path!=/x', 'FILTER_NOT_EXPRESSIBLE', /path!=\/x/],
  ['from:a path~^/x', 'FILTER_NOT_EXPRESSIBLE', /exact values, templates and suffixes/],
  ['from:a or path:/x', 'FILTER_OR', /from and path with "or"/],
  ['(from:a path:/x) or (from:b path:/y)', 'FILTER_OR', /joins groups/],
  ['from:a admin', 'FILTER_WORD', /The word "admin"/],
  ['from:scan*', 'FILTER_NOT_EXPRESSIBLE', /named exactly/],
  ['from:a header:x-tenant', 'FILTER_NOT_EXPRESSIBLE', /whole value/],
  ['from:a header:x=a*', 'FILTER_NOT_EXPRESSIBLE', /whole value/],
  ['from:a path:/a route:/b', 'FILTER_CONTRADICTION', /path and route/],
  [
    'from:default/scanner or from:edge/web',
    'FILTER_SEVERAL_NAMESPACES',
    /scanner is in default and web in edge/,
  ],
  ['from:default/scanner,edge/web to:*', 'FILTER_SEVERAL_NAMESPACES', /web in edge/],
  ['from:a path:/a/*/b', 'DRAFT_INVALID', /only at its end/],
  ['from:other/a to:pay/b', 'DRAFT_INVALID', /outside namespace shop/],
];

test.each(refused)('filter %j is refused by name', (filter, code, says) => {
  let caught: unknown;
  try {
    fromFilter(filter);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(AppError);
  if (!(caught instanceof AppError)) return;
  expect(caught.code).toBe(code);
  expect(caught.message).toMatch(says);
  expect(caught.hint).not.toBe('');
});

test.each(['yes', 'Off', 'n', '1_000', '0123', '1:30', '0b1', '0x_f', '1.5', '~', 'plain', 'not yes'])(
  'the text %s stays one to readers of YAML 1.1, such as kubectl',
  (reason) => {
    const made = draft({ action: 'Block' });
    const text = policyToYaml({ ...made, spec: { ...made.spec, mode: 'Off', reason } });
    for (const version of ['1.1', '1.2'] as const)
      expect(parse(text, { version })).toMatchObject({ spec: { mode: 'Off', reason } });
  },
);
