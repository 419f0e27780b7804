// When a ring is narrowed and when it is widened, and in which order with what inline does: no kernel, made-up sockets and clock.
import { beforeEach, expect, test } from 'vitest';
import { createTapNarrowing, type TapNarrowing } from '../../../../src/app/agent/node/tap-narrowing.ts';
import { mostCarriedPorts, nothingCarried, type CarriedPorts } from '../../../../src/core/tap/tap-filter.ts';

const pod = 'shop/orders-1';
let clockMs = 0;
let looks = 0;
let lookCostMs = 0;
let outside = new Set<number>();
let tapped = true;
let present: CarriedPorts = nothingCarried;
let orders: string[] = [];
let notices: string[] = [];
/** The worker answers when the test says so. */
let answers: (() => void)[] = [];
let narrowing: TapNarrowing;

beforeEach(() => {
  [clockMs, looks, lookCostMs, outside, tapped] = [0, 0, 0, new Set(), true];
  [present, orders, notices, answers] = [nothingCarried, [], [], []];
  narrowing = createTapNarrowing({
    taps: {
      has: () => tapped,
      carried: () => present,
      async setCarried(_, carried) {
        present = carried;
        orders.push(carried.ports.join());
        await new Promise<void>((resolve) => answers.push(resolve));
      },
    },
    now: () => clockMs,
    onNotice: (sentence) => notices.push(sentence),
  });
});

const gearsWith = (...ports: readonly number[]) => ({
  carried: { ports, ipv6: true },
  portsOutside() {
    looks += 1;
    clockMs += lookCostMs;
    return outside;
  },
});

const lookWith = (...ports: readonly number[]): void => narrowing.look(pod, gearsWith(...ports));

test('ports of which nothing is outside are left out at once, and not looked at again', () => {
  lookWith(8080, 9090);
  lookWith(8080, 9090);
  expect([orders, looks]).toEqual([['8080,9090'], 1]);
});

test('a port with connections outside waits until they are gone, the others do not', () => {
  outside = new Set([8080, 443]);
  lookWith(8080, 9090);
  outside = new Set();
  clockMs += 999;
  lookWith(8080, 9090);
  expect([orders, looks]).toEqual([['9090'], 1]);
  clockMs += 1;
  lookWith(8080, 9090);
  expect([orders, looks]).toEqual([['9090', '8080,9090'], 2]);
});

test('looking takes no more than its share where it takes long, and another wish does not wait', () => {
  lookCostMs = 40;
  outside = new Set([8080]);
  const endMs = 60_000;
  while (clockMs < endMs) {
    clockMs += 500;
    lookWith(8080);
  }
  expect(looks * lookCostMs).toBeLessThanOrEqual(endMs * 0.02 + lookCostMs);
  expect(looks).toBeGreaterThan(20);
  const before = looks;
  lookWith(9090);
  expect([looks - before, orders]).toEqual([1, ['9090']]);
});

test('a pod without a ring is not looked at, and one that carries nothing neither', () => {
  lookWith();
  tapped = false;
  lookWith(8080);
  expect([orders, looks]).toEqual([[], 0]);
});

test('a port that inline lets go of is taken in before, and whoever lets go waits for the worker', async () => {
  lookWith(8080, 9090);
  let isTakenIn = false;
  const takingIn = narrowing.lettingGo(pod, { ports: [9090], ipv6: true }).then(() => (isTakenIn = true));
  expect(orders.at(-1)).toBe('9090');
  answers[0]?.();
  await Promise.resolve();
  expect(isTakenIn).toBe(false);
  answers[1]?.();
  await takingIn;
});

test('what is carried on, or was never left out, orders nothing and waits for nobody', async () => {
  lookWith(8080);
  await narrowing.lettingGo(pod, { ports: [8080, 9090], ipv6: true });
  expect(orders).toEqual(['8080']);
});

test('IPv6 is taken in before inline lets go of it', () => {
  lookWith(8080);
  void narrowing.lettingGo(pod, { ports: [8080], ipv6: false });
  expect(present).toEqual({ ports: [8080], ipv6: false });
});

test('where connections may have passed by all is read, until the pod has been looked at again', () => {
  lookWith(8080);
  narrowing.forget(pod);
  expect(orders).toEqual(['8080', '']);
  outside = new Set([8080]);
  lookWith(8080);
  expect([orders, looks]).toEqual([['8080', ''], 2]);
  narrowing.forget(pod);
  expect(orders).toEqual(['8080', '']);
});

test('more ports than a filter takes are all read, and that is said once', () => {
  const many = Array.from({ length: mostCarriedPorts + 1 }, (_, index) => index + 1);
  lookWith(...many);
  lookWith(...many);
  expect([orders, looks]).toEqual([[], 0]);
  expect(notices).toEqual([
    'shop/orders-1: 65 ports are inline, more than the 64 that its tap can leave out; it reads them all.',
  ]);
  lookWith(...many.slice(1));
  expect(present.ports).toHaveLength(mostCarriedPorts);
});
