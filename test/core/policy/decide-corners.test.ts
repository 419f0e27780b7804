// Corners of the semantics where two rules meet.
import { expect, test } from 'vitest';
import { millis } from '../../../src/core/model/brand.ts';
import { peerFromName } from '../../../src/core/model/identity.ts';
import {
  allow,
  benchOf,
  block,
  listener,
  noon,
  policy,
  throttle,
  throttled,
  workload,
  type RequestParts,
} from './build.ts';

const path = '/a';
const narrow = { paths: [path], methods: ['GET'], headers: [{ name: 'x-t', values: ['v'] }] };
const request: RequestParts = { path, headers: [['x-t', 'v']] };

test('the broadest Block refuses what the narrowest Throttle would admit, and leaves its bucket alone', () => {
  const limit = policy({ name: 'limit', http: narrow, from: workload('scanner'), action: throttle('1/h') });
  const expiresAt = '2026-11-23T12:00:01Z';
  const bench = benchOf([limit, policy({ name: 'all', expiresAt })]);
  for (let count = 0; count < 3; count += 1) expect(bench.decide(request).action).toBe(block);
  const later = (): number => bench.decide(request, millis(noon + 1_000)).action;
  expect([later(), later()]).toEqual([allow, throttled]);
});

test('of throttles that all refuse the longest wait is told; of those that all admit the fewest tokens', () => {
  const bench = benchOf([
    policy({ name: 'narrow', http: narrow, action: throttle('3600/h', { burst: 1 }) }),
    policy({ name: 'broad', action: throttle('60/h', { burst: 1 }) }),
    policy({ name: 'wide', http: { paths: ['/*'] }, action: throttle('1/h', { burst: 9 }) }),
  ]);
  expect(bench.decide(request)).toMatchObject({ action: allow, limitRemaining: 0, limitBurst: 1 });
  expect(bench.verdict(request).verdict).toMatchObject({
    action: 'throttle',
    policy: 'shop/broad',
    retryAfterSeconds: 60,
  });
});

test('a missing key part is a bucket of its own in every combination, whatever values are sent', () => {
  const bench = benchOf([policy({ action: throttle('1/h', { key: ['header:x-a', 'header:x-b'] }) })]);
  const values = [undefined, '', '!', '=', 'v'];
  const all = values.flatMap((a) => values.map((b) => [a, b] as const));
  const ask = ([a, b]: readonly [string | undefined, string | undefined]): number =>
    bench.decide({
      headers: [
        ...(a === undefined ? [] : [['x-a', a] as const]),
        ...(b === undefined ? [] : [['x-b', b] as const]),
      ],
    }).action;
  expect(all.map(ask)).toEqual(all.map(() => allow));
  expect(all.map(ask)).toEqual(all.map(() => throttled));
});

test('on a stream that is not HTTP a Closed policy refuses beside an Open one, whichever is more specific', () => {
  const open = policy({ name: 'open', http: narrow });
  const closed = policy({ name: 'closed', http: { paths: ['/*'] }, failure: 'Closed' });
  expect(benchOf([open, closed]).opaque()).toMatchObject({ action: block, policy: 1, indeterminate: true });
  expect(benchOf([open]).opaque()).toMatchObject({ action: allow, indeterminate: true });
  const shadow = policy({ name: 'shadow', mode: 'Shadow', http: narrow, failure: 'Closed' });
  expect(benchOf([open, shadow]).opaque()).toMatchObject({
    action: allow,
    policy: 0,
    indeterminate: true,
    shadowAction: block,
  });
});

test('a policy reaches no destination of another namespace, by whatever selector', () => {
  const elsewhere = listener(peerFromName('scanner', 'shop'), peerFromName('orders', 'pay'));
  const reach = (parts: object): number =>
    benchOf([policy({ namespace: 'shop', ...parts })], { at: elsewhere }).decide(request).action;
  expect(reach({})).toBe(allow);
  expect(reach({ to: { peers: [{ cidr: '0.0.0.0/0' }] } })).toBe(allow);
  expect(reach({ from: { peers: [{ cidr: '0.0.0.0/0' }, { namespace: 'shop' }] } })).toBe(allow);
  expect(reach({ from: { peers: [{ namespace: 'shop' }] } })).toBe(block);
  const limit = benchOf([policy({ action: throttle('1/h') })], { at: elsewhere });
  expect([limit.decide().limitBurst, limit.decide().action]).toEqual([0, allow]);
});

test('Shadow beside Enforce: what is done comes from the enforced, what would be done from both', () => {
  const enforced = policy({ name: 'enforced', action: throttle('1/h', { burst: 2 }) });
  const shadow = policy({ name: 'shadow', mode: 'Shadow', http: narrow });
  const off = policy({ name: 'off', mode: 'Off' });
  const bench = benchOf([enforced, shadow, off]);
  const told = [request, { path: '/b' }, request].map((each) => {
    const { verdict, shadow: would } = bench.verdict(each);
    return [verdict.action, verdict.policy, would?.action, would?.policy];
  });
  expect(told).toEqual([
    ['allow', undefined, 'block', 'shop/shadow'],
    ['allow', undefined, undefined, undefined],
    ['throttle', 'shop/enforced', 'block', 'shop/shadow'],
  ]);
});

test('every verdict of strict parsing names the code, the field and the path as it was sent', () => {
  const bench = benchOf([policy({ http: { paths: ['/elsewhere'] } })]);
  expect(bench.verdict({ path: '/a%00b' }).verdict).toMatchObject({
    action: 'block',
    policy: '(strict-parsing)',
    rule: 'PATH_NUL',
    field: 'path',
    value: '/a%00b',
  });
  expect(bench.verdict({ path: '/plain' }).verdict).toEqual({ action: 'allow', mode: 'enforce' });
  expect(bench.decider.normalisedPath()).toBe('');
});
