// Templates from paths: what is an id, what stays a name, bounds, and that nothing learned is ever renamed.
import { describe, expect, test } from 'vitest';
import {
  createRouteLearner,
  routeLimits,
  type RouteLearner,
} from '../../../src/core/catalog/route-learner.ts';
import { createRandom } from '../protocol/http1/random.ts';

const bytesOf = (path: string): Uint8Array => Buffer.from(`??${path}??`, 'latin1');
const routeOf = (learner: RouteLearner, path: string, destination = 1): string =>
  learner.routeOf(destination, bytesOf(path), 2, path.length + 2);
const learn = (learner: RouteLearner, path: string, status = 200, destination = 1): void =>
  learner.learn(destination, bytesOf(path), 2, path.length + 2, status);

describe('before and after learning, a path is called', () => {
  test.each([
    ['/', '/'],
    ['', '/'],
    ['*', '*'],
    ['/orders', '/orders'],
    ['/orders/', '/orders/'],
    ['//orders', '//orders'],
    ['/orders/42', '/orders/{id}'],
    ['/orders/42/items/7', '/orders/{id}/items/{id}'],
    ['/users/3f2504e0-4f89-11d3-9a0c-0305e82c3301/cart', '/users/{id}/cart'],
    ['/blobs/d41d8cd98f00b204e9800998ecf8427e', '/blobs/{id}'],
    ['/blobs/abcdefabcdefabcdefabcdefabcdefab', '/blobs/{id}'],
    ['/commits/a1b2c3d4', '/commits/{id}'],
    ['/m/507f1f77bcf86cd799439011', '/m/{id}'],
    ['/e/01ARZ3NDEKTSV4RRFFQ69G5FAV', '/e/{id}'],
    ['/s/cus_9s6XKzkNRiz8i3', '/s/{id}'],
    ['/s/order-1234', '/s/{id}'],
    ['/s/inv20261123', '/s/{id}'],
    ['/reports/2026-11-23', '/reports/{date}'],
    ['/reports/2026-11-23T10:00:00Z/x', '/reports/{date}/x'],
    ['/reports/2026-13-45', '/reports/{id}'],
    ['/users/jane@example.com', '/users/{id}'],
    ['/files/my%20file', '/files/{id}'],
    ['/x/{id}', '/x/{id}'],
    [`/t/${'a'.repeat(60)}`, '/t/{id}'],
    ['/v2/api', '/v2/api'],
    ['/oauth2/token', '/oauth2/token'],
    ['/s3/base64/sha256/ipv6', '/s3/base64/sha256/ipv6'],
    ['/step-10/utf-8', '/step-10/utf-8'],
    ['/getOrderV2/deadbeef', '/getOrderV2/deadbeef'],
    ['/healthz/ready.json', '/healthz/ready.json'],
  ])('%s → %s', (path, route) => {
    const learner = createRouteLearner();
    expect(routeOf(learner, path)).toBe(route);
    learn(learner, path);
    expect(routeOf(learner, path)).toBe(route);
  });
});

test('ids never seen before are found under the route learned from others', () => {
  const learner = createRouteLearner();
  learn(learner, '/orders/1/items/2');
  expect(routeOf(learner, '/orders/99/items/98')).toBe('/orders/{id}/items/{id}');
});

test('too many names side by side become {id}; those learned before stay what they were', () => {
  const learner = createRouteLearner();
  const names = Array.from(
    { length: 100 },
    (_, index) => `/users/${String.fromCharCode(97 + (index % 26))}x${'y'.repeat(index / 26)}`,
  );
  for (const name of names) learn(learner, name);
  const routes = names.map((name) => routeOf(learner, name));
  expect(routes.slice(0, routeLimits.literalsPerNode)).toEqual(names.slice(0, routeLimits.literalsPerNode));
  expect(new Set(routes.slice(routeLimits.literalsPerNode))).toEqual(new Set(['/users/{id}']));
  learn(learner, '/users/zzz/cart');
  expect(routeOf(learner, '/users/never-seen/cart')).toBe('/users/{id}/cart');
});

test('once called something, a path that succeeded is called that for ever, whatever else comes', () => {
  const learner = createRouteLearner();
  const random = createRandom(0x20e5);
  const words = [
    'orders',
    'users',
    'items',
    'v1',
    'search',
    'x',
    'jane',
    'bob',
    '42',
    '2026-01-02',
    'a1b2c3d4e5',
  ];
  const called = new Map<string, string>();
  for (let round = 0; round < 20_000; round += 1) {
    const depth = 1 + random.below(4);
    const path = Array.from(
      { length: depth },
      () => `/${random.pick(words)}${random.below(3) === 0 ? random.below(60) : ''}`,
    ).join('');
    learn(learner, path, random.below(4) === 0 ? 404 : 200);
    const before = called.get(path);
    if (before !== undefined) expect(routeOf(learner, path)).toBe(before);
    else if (random.below(2) === 0) {
      learn(learner, path);
      called.set(path, routeOf(learner, path));
    }
  }
  expect(called.size).toBeGreaterThan(1000);
  for (const [path, route] of called) expect(routeOf(learner, path)).toBe(route);
});

test('failures teach nothing: a scanner does not fill the catalogue', () => {
  const learner = createRouteLearner({ literalsPerNode: 4 });
  for (let index = 0; index < 100; index += 1)
    for (const status of [0, 400, 401, 403, 404, 500])
      learn(learner, `/probe${'x'.repeat(index % 40)}`, status);
  learn(learner, '/orders');
  expect(routeOf(learner, '/orders')).toBe('/orders');
  expect(routeOf(learner, '/unknown')).toBe('/unknown');
});

test('the tree, its depth and the destinations are bounded, and beyond the bounds there is still a name', () => {
  const learner = createRouteLearner({ nodesPerDestination: 3, segments: 3, destinations: 1 });
  learn(learner, '/a/b/c');
  learn(learner, '/d');
  expect(routeOf(learner, '/a/b/c')).toBe('/a/b/c');
  expect(routeOf(learner, '/d')).toBe('/{id}');
  expect(routeOf(learner, '/a/b/c/d/e')).toBe('/a/b/c/{rest}');
  learn(learner, '/other', 200, 2);
  expect(routeOf(learner, '/other/42', 2)).toBe('/other/{id}');
});

test('destinations do not share what they learned', () => {
  const learner = createRouteLearner({ literalsPerNode: 1 });
  learn(learner, '/a', 200, 1);
  expect(routeOf(learner, '/b', 1)).toBe('/{id}');
  expect(routeOf(learner, '/b', 2)).toBe('/b');
});

test('bytes that are not printable never reach a route', () => {
  const learner = createRouteLearner();
  const path = '/a\x1b[31m/\xff\x00 ';
  learn(learner, path);
  expect(routeOf(learner, path)).toBe('/a%1B[31m/%FF%00%20');
});

describe('a path is known', () => {
  test.each(['/orders/42', '/', '/a//b', '/reports/2026-11-23/x', `/${'d/'.repeat(40)}`])(
    'when it was learned, not before: %s',
    (path) => {
      const learner = createRouteLearner();
      routeOf(learner, path);
      expect(learner.known).toBe(false);
      learn(learner, path);
      routeOf(learner, path);
      expect(learner.known).toBe(true);
    },
  );

  test('only with all its segments, and only at its own destination', () => {
    const learner = createRouteLearner();
    learn(learner, '/orders/42/items');
    routeOf(learner, '/orders/42/notes');
    expect(learner.known).toBe(false);
    routeOf(learner, '/orders/7');
    expect(learner.known).toBe(true);
    routeOf(learner, '/orders/7', 2);
    expect(learner.known).toBe(false);
  });

  test('for good: learning it again, after whatever else, changes no name', () => {
    const random = createRandom(0x5eed);
    const learner = createRouteLearner({ literalsPerNode: 3, nodesPerDestination: 40 });
    const path = (): string =>
      Array.from(
        { length: 1 + random.below(4) },
        () => `/${random.pick(['a', 'b', 'c', 'd', 'e', '7', '2026-01-02'])}`,
      ).join('');
    const names = new Map<string, string>();
    for (let round = 0; round < 2_000; round += 1) {
      const one = path();
      const name = routeOf(learner, one);
      if (names.has(one)) expect([learner.known, name]).toEqual([true, names.get(one)]);
      else if (learner.known) names.set(one, name);
      else learn(learner, one);
    }
    expect(names.size).toBeGreaterThan(20);
  });
});
