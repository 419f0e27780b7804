import { expect, test } from 'vitest';
import { drawPeople } from '../../../../src/app/demo/data/people.ts';
import type { Answer, Ask } from '../../../../src/app/demo/http/json-client.ts';
import { createRandom } from '../../../../src/app/demo/seeded-random.ts';
import { createCustomer, type Customer } from '../../../../src/app/demo/traffic/customer.ts';
import type { Session, Step } from '../../../../src/app/demo/traffic/session-plan.ts';

const person = drawPeople(createRandom(1))[0]!;
const ok = (body: unknown = {}): Answer => ({ status: 200, body });

interface Stage {
  readonly customer: Customer;
  readonly asked: Ask[];
  readonly slept: number[];
  readonly costs: number[];
}

/** A customer in front of a shop that answers by this function. */
function stage(answer: (ask: Ask, count: number) => Answer): Stage {
  const asked: Ask[] = [];
  const slept: number[] = [];
  const costs: number[] = [];
  const customer = createCustomer(person, {
    storefront: {
      call: (ask) => {
        asked.push(ask);
        const given = answer(ask, asked.length);
        return Promise.resolve(ask.path === '/login' && given.status === 200 ? ok({ token: 'T' }) : given);
      },
      close: () => undefined,
    },
    pacer: {
      turn: (cost) => {
        costs.push(cost);
        return Promise.resolve();
      },
    },
    sleep: (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
  });
  return { customer, asked, slept, costs };
}

const visit = (entry: Session['entry'], ...steps: Step[]): Session => ({ entry, userAgent: 'test', steps });
const lines = (asked: readonly Ask[]): string[] => asked.map(({ method, path }) => `${method} ${path}`);

test('a visit signs in and then uses the token', async () => {
  const { customer, asked, costs } = stage(() => ok());
  await customer.visit(visit('fresh', { type: 'cart' }));
  expect(lines(asked)).toEqual(['POST /login', 'GET /cart']);
  expect(asked[0]?.body).toEqual({ email: person.email, password: person.password, remember: true });
  expect(asked[1]?.token).toBe('T');
  expect(asked[1]?.headers?.['user-agent']).toBe('test');
  expect(costs).toEqual([2, 2]);
});

test('who is signed in goes on without signing in again', async () => {
  const { customer, asked } = stage(() => ok());
  await customer.visit(visit('fresh'));
  await customer.visit(visit('resume', { type: 'account' }));
  expect(lines(asked)).toEqual(['POST /login', 'GET /account']);
});

test('who mistypes the password tries again with the right one', async () => {
  const { customer, asked } = stage((_, count) => (count === 1 ? { status: 401, body: {} } : ok()));
  await customer.visit(visit('mistyped'));
  expect(asked.map(({ body }) => (body as { password: string }).password)).toEqual([
    `${person.password}!`,
    person.password,
  ]);
});

test('an expired session is signed in again and the step repeated', async () => {
  const { customer, asked } = stage((_, count) => (count === 2 ? { status: 401, body: {} } : ok()));
  await customer.visit(visit('kiosk', { type: 'orders' }));
  expect(lines(asked)).toEqual(['POST /login', 'GET /orders', 'POST /login', 'GET /orders']);
});

test('a throttled customer waits as told and goes on', async () => {
  const { customer, asked, slept } = stage((ask) =>
    ask.path === '/cart' ? { status: 429, body: {}, retryAfterSeconds: 7 } : ok(),
  );
  await customer.visit(visit('fresh', { type: 'cart' }, { type: 'account' }));
  expect(slept).toEqual([7000]);
  expect(lines(asked).at(-1)).toBe('GET /account');
});

test.each([403, 0, 502])('a customer who meets %d waits and gives the visit up', async (status) => {
  const { customer, asked, slept } = stage((ask) =>
    ask.path === '/cart' ? { status, body: undefined } : ok(),
  );
  await customer.visit(visit('fresh', { type: 'cart' }, { type: 'account' }));
  expect(lines(asked)).toEqual(['POST /login', 'GET /cart']);
  expect(slept).toEqual([3000]);
});

test('nobody pays for an empty cart; a full one is paid with card and address', async () => {
  const { customer, asked } = stage((ask) =>
    ask.path === '/cart' ? ok({ items: [{ productId: 205 }] }) : ok(),
  );
  await customer.visit(visit('fresh', { type: 'checkout' }, { type: 'cart' }, { type: 'checkout' }));
  expect(lines(asked)).toEqual(['POST /login', 'GET /cart', 'POST /checkout']);
  expect(asked.at(-1)?.body).toMatchObject({
    card: { number: person.card.number, holder: person.name },
    shipTo: { address: person.address },
  });
});

test('only orders that were listed are opened', async () => {
  const { customer, asked } = stage((ask) =>
    ask.path === '/orders' ? ok({ orders: [{ id: 10_400 }, { id: 10_300 }] }) : ok(),
  );
  await customer.visit(
    visit('fresh', { type: 'order', place: 0 }, { type: 'orders' }, { type: 'order', place: 3 }),
  );
  expect(lines(asked)).toEqual(['POST /login', 'GET /orders', 'GET /orders/10300']);
});
