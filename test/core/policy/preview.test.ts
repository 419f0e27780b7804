// What the preview says: whose requests flip, what is lost with them, what nobody can tell; and that its work is bounded.
import { expect, test } from 'vitest';
import { millis, policyName, workloadId } from '../../../src/core/model/brand.ts';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import { createPreview, type PreviewInput, type PreviewResult } from '../../../src/core/policy/preview.ts';
import { previewSentences } from '../../../src/core/policy/preview-sentences.ts';
import { flowOf, noon, policy, throttle, without, workload, type FlowParts } from './build.ts';

const scanner = workloadId('shop/Deployment/scanner');
const storefront = workloadId('shop/Deployment/storefront');
const blockScanner = policy({ from: workload('scanner'), http: { paths: ['/orders/{id}'] } });

function previewOf(input: Partial<PreviewInput>, flows: readonly (FlowEvent | FlowParts)[]): PreviewResult {
  const preview = createPreview({
    current: [],
    change: { type: 'add', policy: blockScanner },
    nowMs: noon,
    ...input,
  });
  for (const flow of flows) preview.push('type' in flow ? flow : flowOf(flow));
  return preview.result();
}

const window: readonly FlowParts[] = [
  { path: '/orders/1', route: '/orders/{id}', status: 200, id: 'one', atMs: noon - 5_000 },
  { path: '/orders/2', route: '/orders/{id}', status: 404, id: 'two', atMs: noon - 4_000 },
  { path: '/orders', status: 200 },
  { from: 'storefront', path: '/orders/3', route: '/orders/{id}', status: 200 },
  { path: '/orders/4', route: '/orders/{id}', status: 403, local: true, id: 'three' },
];

test('flips are told by caller, route and status, with the first victims and what success it costs', () => {
  expect(
    previewOf(
      { focusCaller: scanner, knownCallers: [scanner, storefront, workloadId('shop/CronJob/nightly')] },
      window,
    ),
  ).toEqual({
    windowStart: '2026-11-23T11:59:55.000Z',
    windowEnd: '2026-11-23T12:00:00.000Z',
    total: 5,
    flips: 3,
    toRefused: 3,
    toAllowed: 0,
    byCaller: [{ caller: scanner, flips: 3, total: 4 }],
    byRoute: [
      {
        caller: scanner,
        route: 'GET /orders/{id}',
        flips: 3,
        transitions: [
          { from: 200, to: 403, count: 1 },
          { from: 404, to: 403, count: 1 },
          { from: 403, to: 403, count: 1 },
        ],
      },
    ],
    firstVictims: [
      expect.objectContaining({ id: 'one' }),
      expect.objectContaining({ id: 'two' }),
      expect.objectContaining({ id: 'three' }),
    ],
    successTotal: 3,
    successFlips: 1,
    othersSuccessFlips: 0,
    openConnections: [],
    notSeen: ['shop/CronJob/nightly'],
    undecidable: [],
    truncated: false,
  });
});

test('success of anyone else that would be lost is counted apart', () => {
  const everyone = policy({ http: { paths: ['/orders/{id}'] } });
  const result = previewOf({ change: { type: 'add', policy: everyone }, focusCaller: scanner }, window);
  expect(result).toMatchObject({ flips: 4, successFlips: 2, othersSuccessFlips: 1 });
  expect(result.byCaller.map(({ caller }) => caller)).toEqual([scanner, storefront]);
});

test('what is refused already does not flip', () => {
  const same = policy({ name: 'other', from: workload('scanner') });
  expect(previewOf({ current: [same] }, window)).toMatchObject({ flips: 0, total: 5 });
  expect(previewOf({ current: [policy({ ...{ name: 'other' }, mode: 'Shadow' })] }, window)).toMatchObject({
    flips: 3,
  });
});

test('removing a policy lets through what only it refused', () => {
  const remove = { type: 'remove', name: policyName('shop/p') } as const;
  expect(previewOf({ current: [blockScanner], change: remove }, window)).toMatchObject({
    toAllowed: 3,
    toRefused: 0,
    firstVictims: [],
  });
  const still = policy({ name: 'still', http: { paths: ['/orders/1'] } });
  expect(previewOf({ current: [blockScanner, still], change: remove }, window)).toMatchObject({
    toAllowed: 2,
  });
  expect(previewOf({ current: [], change: remove }, window)).toMatchObject({ flips: 0 });
});

test('adding a policy of a name that exists replaces it', () => {
  const narrower = policy({ from: workload('scanner'), http: { paths: ['/orders/1'] } });
  expect(
    previewOf({ current: [blockScanner], change: { type: 'add', policy: narrower } }, window),
  ).toMatchObject({ toAllowed: 2, toRefused: 0 });
});

test('Off flips nothing, Shadow shows the flips it would report, expired policies are not in force', () => {
  const add = (more: object) => ({
    change: {
      type: 'add' as const,
      policy: policy({ from: workload('scanner'), http: { paths: ['/orders/{id}'] }, ...more }),
    },
  });
  expect(previewOf(add({ mode: 'Off' }), window).flips).toBe(0);
  expect(previewOf(add({ mode: 'Shadow' }), window).flips).toBe(3);
  expect(previewOf(add({ expiresAt: '2026-11-23T11:59:59Z' }), window).flips).toBe(0);
  expect(previewOf(add({ expiresAt: '2026-11-23T12:30:00Z' }), window).flips).toBe(3);
});

test('a throttle is simulated over event time with buckets of its own', () => {
  const limit = policy({ from: workload('scanner'), action: throttle('1/s', { burst: 2 }) });
  const burst = Array.from({ length: 10 }, (_, at): FlowParts => ({ atMs: noon + at * 100 }));
  const result = previewOf({ change: { type: 'add', policy: limit } }, burst);
  expect(result.toRefused).toBe(8);
  expect(result.byRoute[0]?.transitions).toEqual([{ from: 200, to: 429, count: 8 }]);
  const calm = Array.from({ length: 10 }, (_, at): FlowParts => ({ atMs: noon + at * 1_000 }));
  expect(previewOf({ change: { type: 'add', policy: limit } }, calm).flips).toBe(0);
});

test('a Block frees the shared bucket of a throttle for callers it does not select', () => {
  const shared = policy({ name: 'shared', action: throttle('1/h', { burst: 2, key: ['destination'] }) });
  const flows: FlowParts[] = [{}, {}, { from: 'storefront', id: 'freed' }];
  const result = previewOf(
    { current: [shared], change: { type: 'add', policy: policy({ from: workload('scanner') }) } },
    flows,
  );
  expect(result).toMatchObject({ toRefused: 2, toAllowed: 1 });
});

test('values that were masked or not recorded are undecidable, not guessed', () => {
  const byHeader = policy({ http: { headers: [{ name: 'x-api-key', values: ['k1'] }], paths: ['/a'] } });
  const add = { change: { type: 'add' as const, policy: byHeader } };
  const masked = flowOf({ path: '/a', headers: [['x-api-key', '<key:0a1b2c3d>']] });
  const bare = without(masked.request!, 'headers');
  const result = previewOf(add, [
    masked,
    { ...masked, request: bare },
    { path: '/b', headers: [['x-api-key', '<key:0a1b2c3d>']] },
    { path: '/a', headers: [['x-api-key', 'k1']] },
    { path: '/a' },
  ]);
  expect(result).toMatchObject({
    flips: 1,
    undecidable: [
      { count: 2, why: 'shop/p asks for header:x-api-key, which was masked, cut or not recorded' },
    ],
  });
});

test('a current Block on a masked value may have refused anyway: flips under it are undecidable', () => {
  const current = [policy({ name: 'standing', http: { headers: [{ name: 'x-api-key', values: ['k1'] }] } })];
  const masked = flowOf({ path: '/orders/1', headers: [['x-api-key', '<key:0a1b2c3d>']] });
  const plain = flowOf({ path: '/orders/1' });
  const elsewhere = flowOf({ path: '/other', headers: [['x-api-key', '<key:0a1b2c3d>']] });
  expect(previewOf({ current }, [masked, plain, elsewhere])).toMatchObject({
    flips: 1,
    undecidable: [
      { count: 1, why: 'shop/standing asks for header:x-api-key, which was masked, cut or not recorded' },
    ],
  });
});

test('after a request that may have drawn from a throttle, what that caller is throttled by is undecidable', () => {
  const limit = policy({
    action: throttle('1/h', { burst: 2 }),
    http: { headers: [{ name: 'x-api-key', values: ['k1'] }] },
  });
  const change = { change: { type: 'add' as const, policy: limit } };
  const open: FlowParts = { headers: [['x-api-key', 'k1']] };
  const masked: FlowParts = { headers: [['x-api-key', '<key:0a1b2c3d>']] };
  const others = [open, open, open].map((each) => ({ ...each, from: 'storefront' }));
  const result = previewOf(change, [open, masked, open, open, { headers: [] }, ...others]);
  expect(result).toMatchObject({ total: 8, flips: 1, byCaller: [{ caller: storefront, flips: 1 }] });
  expect(result.undecidable.map(({ count, why }) => [count, why])).toEqual([
    [1, 'shop/p asks for header:x-api-key, which was masked, cut or not recorded'],
    [2, 'a throttle counts requests that could not be judged'],
  ]);
  const shared = policy({
    ...{ action: throttle('1/h', { burst: 2, key: ['destination'] }) },
    http: { headers: [{ name: 'x-api-key', values: ['k1'] }] },
  });
  expect(previewOf({ change: { type: 'add', policy: shared } }, [masked, ...others])).toMatchObject({
    flips: 0,
    undecidable: [{ count: 1 }, { count: 3 }],
  });
});

test('escaped and cut values, and more headers than a recording holds, are not what was sent', () => {
  const byNote = policy({ http: { headers: [{ name: 'x-note', values: ['\u202ea', '\\u{202e}a'] }] } });
  const filler = Array.from({ length: 64 }, (_, at): [string, string] => [`x-${at}`, 'v']);
  const result = previewOf({ change: { type: 'add', policy: byNote } }, [
    { headers: [['x-note', '\\u{202e}a']] },
    { headers: [['x-note', `${'a'.repeat(1023)}…`]] },
    { headers: filler },
    { headers: filler.slice(1) },
  ]);
  expect(result).toMatchObject({ flips: 0, undecidable: [{ count: 3 }] });
  const byPath = policy({ http: { paths: ['/a/{id}'] } });
  expect(
    previewOf({ change: { type: 'add', policy: byPath } }, [
      { path: '/a/<email:0a1b2c3d>' },
      { path: '/a/\\u{202e}7' },
      { path: `/a/${'b'.repeat(4092)}…` },
    ]),
  ).toMatchObject({ flips: 1, undecidable: [{ count: 2 }] });
});

test('streams that are not HTTP and broken heads follow the rules for them', () => {
  const stream = without(without(flowOf({ status: 0 }), 'request'), 'response');
  const l4 = { change: { type: 'add' as const, policy: policy({ from: workload('scanner') }) } };
  expect(previewOf(l4, [{ ...stream, opaque: 'tls' }]).byRoute).toEqual([
    expect.objectContaining({ route: '(not HTTP)', transitions: [{ from: 0, to: 403, count: 1 }] }),
  ]);
  expect(previewOf({}, [{ ...stream, opaque: 'tls' }]).flips).toBe(0);
  expect(previewOf({}, [{ ...stream, broken: 'CL_AND_TE' }]).byRoute[0]?.transitions).toEqual([
    { from: 0, to: 400, count: 1 },
  ]);
});

test('open connections are those of pairs the change concerns, seen or not', () => {
  const openByPair = {
    'shop/Deployment/scanner>shop/Deployment/orders': 3,
    'shop/Deployment/scanner>shop/Deployment/users': 5,
    'shop/Deployment/storefront>shop/Deployment/orders': 9,
  };
  expect(previewOf({ openByPair }, window).openConnections).toEqual([
    { pair: 'shop/Deployment/scanner>shop/Deployment/users', count: 5 },
    { pair: 'shop/Deployment/scanner>shop/Deployment/orders', count: 3 },
  ]);
});

test('an empty window knows nothing', () => {
  const { windowStart, windowEnd, total, flips } = previewOf({}, []);
  expect([windowStart, windowEnd, total, flips]).toEqual([undefined, undefined, 0, 0]);
});

test('more callers and routes than the summary holds are in the totals, and it says so', () => {
  const everyone = policy({ http: { paths: ['/*'] } });
  const preview = createPreview({ current: [], change: { type: 'add', policy: everyone }, nowMs: noon });
  for (let at = 0; at < 6_000; at += 1)
    preview.push(flowOf({ from: `w${at}`, path: `/p${at}`, atMs: millis(noon + at) }));
  const result = preview.result();
  expect(result).toMatchObject({ total: 6_000, flips: 6_000, truncated: true });
  expect(result.byRoute.length).toBe(5_000);
});

test('what would hide later requests is refused by any policy that reads requests', () => {
  const connect = flowOf({ method: 'CONNECT', path: '' });
  const upgrade = flowOf({ path: '/chat', headers: [['Upgrade', 'websocket, H2C/1']] });
  const h2: FlowEvent = { ...without(flowOf(), 'request'), protocol: 'opaque', opaque: 'h2' };
  const change = { type: 'add', policy: policy({ http: { paths: ['/nothing-of-these'] } }) } as const;
  const websocket = flowOf({ path: '/chat', headers: [['Upgrade', 'websocket']] });
  expect(previewOf({ change, current: [] }, [connect, upgrade, h2, websocket])).toMatchObject({
    total: 4,
    toRefused: 3,
  });
});

test('streams that nobody can read and that the new policy lets through are told', () => {
  const tls = {
    ...without(flowOf({ from: 'scanner' }), 'request'),
    protocol: 'opaque',
    opaque: 'tls',
  } as const;
  const closed = { ...blockScanner, spec: { ...blockScanner.spec, failure: 'Closed' } } as const;
  const result = previewOf({}, [tls, tls, flowOf({ from: 'storefront' })]);
  expect(result.passingUnread).toBe(2);
  expect(previewSentences(result)).toContain(
    '2 streams that are not readable HTTP (TLS, for example) would pass it: its failure is Open; failure: Closed refuses them.',
  );
  expect(previewOf({ change: { type: 'add', policy: closed } }, [tls])).not.toHaveProperty('passingUnread');
  expect(previewOf({}, [flowOf({})])).not.toHaveProperty('passingUnread');
});

test('a stream that its client began without text would be refused as malformed, one whose server spoke first passes', () => {
  const stream = without(without(flowOf({}), 'request'), 'response');
  const unread = (opaque: string): FlowEvent => ({ ...stream, protocol: 'opaque', opaque });
  const refused = previewOf({}, [unread('unknown')]);
  expect(refused).toMatchObject({ flips: 1, toRefused: 1 });
  expect(refused.byRoute[0]?.transitions).toEqual([{ from: 0, to: 400, count: 1 }]);
  expect(previewOf({}, [unread('server-first')])).toMatchObject({ flips: 0, passingUnread: 1 });
});

test('an answer whose status was not read is no missing answer, and counts as harm', () => {
  const unread = {
    ...flowOf({ path: '/orders/1', route: '/orders/{id}' }),
    response: { bytes: 40 },
  };
  const none = { ...unread, response: { bytes: 0 } };
  const result = previewOf({}, [unread, none]);
  expect(result.unreadFlips).toBe(1);
  const lines = previewSentences(result).join('\n');
  expect(lines).toContain('1 request that would be refused was answered, status not read.');
  expect(lines).toMatch(/not read→403 1/);
  expect(lines).toMatch(/no answer→403 1/);
});
