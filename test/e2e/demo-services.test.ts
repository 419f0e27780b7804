// Each service of the demo over HTTP, with its database, wired to the others directly: what it answers and what it keeps.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { firstOrderId } from '../../src/app/demo/data/order-ids.ts';
import { drawPeople, weakPasswords } from '../../src/app/demo/data/people.ts';
import { drawProducts } from '../../src/app/demo/data/products.ts';
import { countField, field, listField, textField } from '../../src/app/demo/http/fields.ts';
import { createClient, type Answer, type Ask, type Client } from '../../src/app/demo/http/json-client.ts';
import { createTokenKit } from '../../src/app/demo/http/token.ts';
import { runService, type RunningService } from '../../src/app/demo/run-service.ts';
import { createRandom } from '../../src/app/demo/seeded-random.ts';
import { hostOf, serviceNames, type CalleeUrls, type ServiceName } from '../../src/app/demo/topology.ts';

const seed = 5;
const secret = 'a secret of this test';
const people = drawPeople(createRandom(seed));
const products = drawProducts(createRandom(seed));
const person = people[3]!;
const other = people[4]!;
const buyable = products.find(({ removed, limited }) => !removed && !limited)!;
const removed = products.find((product) => product.removed)!;
const limited = products.find((product) => product.limited)!;
const kit = createTokenKit(secret, Date.now);
const batch = kit.sign({ sub: 'job:test', role: 'batch', ttlSeconds: 600 });
const service = kit.sign({ sub: 'svc:test', role: 'service', ttlSeconds: 600 });
const tokenOf = (id: number): string => kit.sign({ sub: String(id), role: 'customer', ttlSeconds: 600 });
const token = tokenOf(person.id);

const running = new Map<ServiceName, RunningService>();
const clients = new Map<ServiceName, Client>();
const ask = (name: ServiceName, asked: Ask): Promise<Answer> => clients.get(name)!.call(asked);
const get = (name: ServiceName, path: string, bearer?: string): Promise<Answer> =>
  ask(name, { method: 'GET', path, token: bearer });

beforeAll(async () => {
  for (const name of serviceNames) running.set(name, await runService(name, { seed, secret }));
  const urls: CalleeUrls = Object.fromEntries(
    serviceNames.map((name) => [name, `http://127.0.0.1:${running.get(name)!.port}`]),
  );
  for (const name of serviceNames) {
    running.get(name)!.wire(urls);
    clients.set(
      name,
      createClient({ baseUrl: urls[name]!, host: hostOf(name), userAgent: 'test', maxSockets: 2 }),
    );
  }
});

afterAll(async () => {
  for (const client of clients.values()) client.close();
  await Promise.all([...running.values()].map((each) => each.close()));
});

describe('users', () => {
  test('the right password gives a token that reads one\u2019s own profile', async () => {
    const body = { email: person.email, password: person.password };
    const answer = await ask('users', { method: 'POST', path: '/login', body });
    expect(answer.status).toBe(200);
    const profile = await get('users', `/users/${person.id}`, textField(answer.body, 'token', 2000));
    expect(profile.body).toMatchObject({ id: person.id, email: person.email, birthday: person.birthday });
  });

  test('a wrong password and an unknown address get the same 401', async () => {
    const wrong = await ask('users', {
      method: 'POST',
      path: '/login',
      body: { email: person.email, password: 'no' },
    });
    const unknown = await ask('users', {
      method: 'POST',
      path: '/login',
      body: { email: 'nobody@example.com', password: weakPasswords[0] },
    });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(wrong.body).toEqual(unknown.body);
  });

  test('a customer is refused another\u2019s profile; the batch job is not', async () => {
    expect((await get('users', `/users/${other.id}`, token)).status).toBe(403);
    expect((await get('users', `/users/${other.id}`, batch)).status).toBe(200);
    expect((await get('users', '/users?after=0&limit=3', token)).status).toBe(403);
    const page = await get('users', '/users?after=0&limit=3', batch);
    expect(listField(page.body, 'users').map((user) => countField(user, 'id'))).toEqual([1001, 1002, 1003]);
  });

  test('a kiosk session is a short one', async () => {
    const { email, password } = person;
    const answer = await ask('users', {
      method: 'POST',
      path: '/login',
      body: { email, password, remember: false },
    });
    expect(countField(answer.body, 'expiresIn')).toBe(3);
  });
});

describe('catalog', () => {
  test('nobody without a token, and no customer, gets in', async () => {
    expect((await get('catalog', '/products')).status).toBe(401);
    expect((await get('catalog', '/products', token)).status).toBe(403);
  });

  test('a removed product is 404 and in no list', async () => {
    expect((await get('catalog', `/products/${removed.id}`, service)).status).toBe(404);
    for (let page = 1; page <= 12; page++) {
      const found = await get('catalog', `/products?page=${page}`, service);
      const ids = listField(found.body, 'products').map((product) => countField(product, 'id'));
      expect(ids).not.toContain(removed.id);
    }
  });

  test('reserving takes stock, releasing gives it back, once', async () => {
    const stock = async (): Promise<number> =>
      countField((await get('catalog', `/products/${buyable.id}`, service)).body, 'stock')!;
    const before = await stock();
    const body = { items: [{ productId: buyable.id, quantity: 4 }] };
    const made = await ask('catalog', { method: 'POST', path: '/reservations', body, token: service });
    expect(made.status).toBe(201);
    expect(await stock()).toBe(before - 4);
    const path = `/reservations/${textField(made.body, 'reservation')!}`;
    expect((await ask('catalog', { method: 'DELETE', path, token: service })).status).toBe(204);
    expect((await ask('catalog', { method: 'DELETE', path, token: service })).status).toBe(404);
    expect(await stock()).toBe(before);
  });

  test('one short product refuses the whole reservation and takes nothing', async () => {
    const stock = async (): Promise<unknown> =>
      field((await get('catalog', `/products/${buyable.id}`, service)).body, 'stock');
    const before = await stock();
    const items = [
      { productId: buyable.id, quantity: 1 },
      { productId: limited.id, quantity: 10 },
    ];
    const answer = await ask('catalog', {
      method: 'POST',
      path: '/reservations',
      body: { items },
      token: service,
    });
    expect(answer).toMatchObject({ status: 409, body: { productId: limited.id } });
    expect(await stock()).toBe(before);
  });

  test('only the batch job fills shelves', async () => {
    const path = `/products/${buyable.id}/stock`;
    const body = { add: 5 };
    expect((await ask('catalog', { method: 'POST', path, body, token: service })).status).toBe(403);
    expect((await ask('catalog', { method: 'POST', path, body, token: batch })).status).toBe(204);
  });
});

describe('cart', () => {
  test('a cart belongs to its customer', async () => {
    expect((await get('cart', `/carts/${other.id}`, token)).status).toBe(403);
    expect((await get('cart', `/carts/${person.id}`, token)).status).toBe(200);
  });

  test('adding asks the catalog for the price of today and adds up', async () => {
    const mine = tokenOf(other.id);
    const path = `/carts/${other.id}/items`;
    const add = (productId: number): Promise<Answer> =>
      ask('cart', { method: 'POST', path, body: { productId, quantity: 2 }, token: mine });
    await add(buyable.id);
    const answer = await add(buyable.id);
    expect(answer.body).toMatchObject({
      items: [{ productId: buyable.id, priceCents: buyable.priceCents, quantity: 4 }],
      totalCents: buyable.priceCents * 4,
    });
    expect((await add(removed.id)).status).toBe(404);
    const item = `${path}/${buyable.id}`;
    expect((await ask('cart', { method: 'DELETE', path: item, token: mine })).status).toBe(204);
    expect((await ask('cart', { method: 'DELETE', path: item, token: mine })).status).toBe(404);
  });
});

describe('orders and payments', () => {
  const card = people.map((each) => each.card).find(({ number }) => Number(number.slice(-8)) % 33 !== 7)!;
  const declined = people.map((each) => each.card).find(({ number }) => Number(number.slice(-8)) % 33 === 7)!;
  const items = [{ productId: buyable.id, name: buyable.name, priceCents: 500, quantity: 1 }];
  const order = (with_: object): Promise<Answer> =>
    ask('orders', { method: 'POST', path: '/orders', body: { items, shipTo: person, ...with_ }, token });

  test('a paid order is kept, and anyone with a token can read it: the hole', async () => {
    const placed = await order({ card });
    expect(placed.status).toBe(201);
    const path = `/orders/${countField(placed.body, 'id')!}`;
    const read = await get('orders', path, tokenOf(other.id));
    expect(read.body).toMatchObject({
      customer: person.id,
      status: 'paid',
      totalCents: 500,
      shipTo: { name: person.name, address: person.address },
    });
    expect((await get('orders', path)).status).toBe(401);
  });

  test('a declined card is 402 and gives the stock back', async () => {
    const stock = async (): Promise<unknown> =>
      field((await get('catalog', `/products/${buyable.id}`, service)).body, 'stock');
    const before = await stock();
    expect((await order({ card: declined })).status).toBe(402);
    expect(await stock()).toBe(before);
  });

  test('a card number with a wrong digit is refused and named', async () => {
    const number = `${card.number.slice(0, -1)}${(Number(card.number.slice(-1)) + 1) % 10}`;
    const answer = await order({ card: { ...card, number } });
    expect(answer).toMatchObject({ status: 422, body: { field: 'card.number' } });
  });

  test('payments keeps the last four digits and answers services only', async () => {
    const body = { orderId: 1, amountCents: 100, card };
    expect((await ask('payments', { method: 'POST', path: '/charges', body, token })).status).toBe(403);
    const charged = await ask('payments', { method: 'POST', path: '/charges', body, token: service });
    const stored = await get('payments', `/charges/${textField(charged.body, 'charge')!}`, service);
    expect(stored.body).toMatchObject({ card: `**** ${card.number.slice(-4)}`, status: 'captured' });
    expect(JSON.stringify(stored.body)).not.toContain(card.number);
  });

  test('the batch job pages through orders, a customer sees only their own list', async () => {
    const page = await get('orders', '/orders?after=0&limit=2', batch);
    expect(listField(page.body, 'orders').map((each) => countField(each, 'id'))).toEqual([
      firstOrderId,
      firstOrderId + 1,
    ]);
    const own = await get('orders', '/orders', token);
    expect(listField(own.body, 'orders').every((each) => field(each, 'customer') === person.id)).toBe(true);
  });
});

describe('notifications', () => {
  test('a message goes to the address that users knows', async () => {
    const body = { customerId: person.id, template: 'hello', reference: 'x1' };
    const sent = await ask('notifications', { method: 'POST', path: '/messages', body, token: service });
    expect(sent).toMatchObject({ status: 202, body: { recipient: person.email } });
    const kept = await get('notifications', `/messages?customer=${person.id}`, service);
    expect(JSON.stringify(kept.body)).toContain('"reference":"x1"');
  });

  test('nobody to write to is 404, not a crash', async () => {
    const body = { customerId: 999_999, template: 'hello' };
    const sent = await ask('notifications', { method: 'POST', path: '/messages', body, token: service });
    expect(sent.status).toBe(404);
  });
});

describe('legacy-v1', () => {
  test('it answers whoever asks, without any token: the other hole', async () => {
    const customer = await get('legacy-v1', `/v1/customers/${person.id}`);
    expect(customer.body).toMatchObject({ version: 1, data: { email: person.email } });
    expect((await get('legacy-v1', `/v1/orders/${firstOrderId}`)).status).toBe(200);
    expect((await get('legacy-v1', `/v1/customers/${person.id}/points`)).status).toBe(200);
    expect((await get('legacy-v1', '/v1/customers/1')).status).toBe(404);
  });
});

describe('storefront', () => {
  test('a whole visit: sign in, look, add, pay, see the order and the account', async () => {
    const body = { email: person.email, password: person.password };
    const signedIn = await ask('storefront', { method: 'POST', path: '/login', body });
    const mine = textField(signedIn.body, 'token', 2000);
    const send = (method: Ask['method'], path: string, sent?: object): Promise<Answer> =>
      ask('storefront', { method, path, token: mine, ...(sent === undefined ? {} : { body: sent }) });
    expect((await send('GET', `/products/${buyable.id}`)).status).toBe(200);
    expect((await send('POST', '/checkout', {})).status).toBe(409);
    await send('POST', '/cart/items', { productId: buyable.id, quantity: 1 });
    const bought = await send('POST', '/checkout', {
      card: people.map((each) => each.card).find(({ number }) => Number(number.slice(-8)) % 33 !== 7)!,
      shipTo: { name: person.name, address: person.address },
    });
    expect(bought.status).toBe(201);
    expect((await send('GET', '/cart')).body).toMatchObject({ items: [] });
    const shown = await send('GET', `/orders/${countField(bought.body, 'id')!}`);
    expect(shown.body).toMatchObject({ order: { status: 'paid' }, invoice: { status: 'paid' } });
    const account = await send('GET', '/account');
    expect(account.body).toMatchObject({ profile: { email: person.email }, recentlySeen: [buyable.id] });
    expect((await send('PATCH', '/account', { phone: '+1-555-0100' })).body).toMatchObject({
      phone: '+1-555-0100',
    });
  });

  test('browsing needs no account, buying does', async () => {
    expect((await get('storefront', '/products?page=1')).status).toBe(200);
    expect((await get('storefront', '/cart')).status).toBe(401);
  });

  test.each([
    ['GET', '/nothing', 404],
    ['DELETE', '/products', 405],
    ['GET', '/products/%2e%2e', 404],
    ['GET', '//', 400],
  ] as const)('%s %s is %d', async (method, path, status) => {
    expect((await ask('storefront', { method, path })).status).toBe(status);
  });

  test('a body that is too large is 413', async () => {
    const body = { email: 'x'.repeat(70_000) };
    expect((await ask('storefront', { method: 'POST', path: '/login', body })).status).toBe(413);
  });

  test('a service behind it that is away is 502', async () => {
    const alone = await runService('storefront', { seed, secret });
    const client = createClient({
      baseUrl: `http://127.0.0.1:${alone.port}`,
      host: hostOf('storefront'),
      userAgent: 'test',
      maxSockets: 1,
    });
    expect((await client.call({ method: 'GET', path: '/products' })).status).toBe(502);
    client.close();
    await alone.close();
  });
});
