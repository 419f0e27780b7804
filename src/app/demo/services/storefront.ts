// The storefront: what browsers and apps talk to. It passes the customer's token on to the services behind it and uses
// its own for the catalog. It remembers what each customer looked at last.
import { field, listField, textField } from '../http/fields.ts';
import type { Answer, Ask } from '../http/json-client.ts';
import type { Call, Reply, Route } from '../http/json-server.ts';
import { idOf, relay, type Service, type ServiceContext } from './context.ts';
import { numberOf, openDatabase } from './database.ts';
import type { ServiceName } from '../topology.ts';

const schema = `CREATE TABLE seen (customer INTEGER NOT NULL, product INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (customer, product));`;

interface Seen {
  note(customer: number, product: number): void;
  of(customer: number): readonly number[];
}

/** What the web talks to: hands requests on to the services behind it. */
export const storefront: Service = (context) => {
  const seen = openSeen(context.now);
  return [...openRoutes(context, seen), ...cartRoutes(context), ...accountRoutes(context, seen)];
};

function openSeen(now: () => number): Seen {
  const database = openDatabase(schema);
  const put = database.prepare('INSERT OR REPLACE INTO seen VALUES (?, ?, ?)');
  const trim = database.prepare(
    `DELETE FROM seen WHERE customer = ?1 AND product NOT IN
     (SELECT product FROM seen WHERE customer = ?1 ORDER BY at DESC LIMIT 5)`,
  );
  const last = database.prepare('SELECT product FROM seen WHERE customer = ? ORDER BY at DESC');
  return {
    note: (customer, product) => {
      put.run(customer, product, now());
      trim.run(customer);
    },
    of: (customer) => last.all(customer).map((row) => numberOf(row, 'product')),
  };
}

/** What a service is asked on a customer's behalf. */
type CustomerAsk = Pick<Ask, 'method' | 'path' | 'body'>;

/** Calls a service with the customer's own token. */
function asCustomer(
  { call: callService }: ServiceContext,
  { token, trace }: Call,
): (callee: ServiceName, ask: CustomerAsk) => Promise<Answer> {
  return (callee, ask) => callService(callee, { ...ask, token, trace });
}

function openRoutes(context: ServiceContext, seen: Seen): readonly Route[] {
  const fromCatalog = (call: Call, path: string): Promise<Answer> =>
    context.call('catalog', { method: 'GET', path, token: context.ownToken(), trace: call.trace });
  return [
    { method: 'GET', path: '/healthz', allow: 'anyone', handle: () => ({ status: 200, body: { ok: true } }) },
    {
      method: 'POST',
      path: '/login',
      allow: 'anyone',
      handle: async ({ body, trace }) =>
        relay(await context.call('users', { method: 'POST', path: '/login', body, trace })),
    },
    {
      method: 'GET',
      path: '/products',
      allow: 'anyone',
      handle: async (call) => {
        const query = call.query.toString();
        return relay(await fromCatalog(call, query === '' ? '/products' : `/products?${query}`));
      },
    },
    {
      method: 'GET',
      path: '/products/:id',
      allow: 'anyone',
      handle: async (call) => {
        const id = idOf(call.params['id']) ?? 0;
        const found = await fromCatalog(call, `/products/${id}`);
        const customer = idOf(call.claims?.sub);
        if (found.status === 200 && customer !== undefined) seen.note(customer, id);
        return relay(found);
      },
    },
  ];
}

function cartRoutes(context: ServiceContext): readonly Route[] {
  const allow = ['customer'] as const;
  const mine = (call: Call): string => `/carts/${call.claims?.sub ?? ''}`;
  return [
    {
      method: 'GET',
      path: '/cart',
      allow,
      handle: async (call) =>
        relay(await asCustomer(context, call)('cart', { method: 'GET', path: mine(call) })),
    },
    {
      method: 'POST',
      path: '/cart/items',
      allow,
      handle: async (call) =>
        relay(
          await asCustomer(context, call)('cart', {
            method: 'POST',
            path: `${mine(call)}/items`,
            body: call.body,
          }),
        ),
    },
    {
      method: 'DELETE',
      path: '/cart/items/:product',
      allow,
      handle: async (call) => {
        const path = `${mine(call)}/items/${idOf(call.params['product']) ?? 0}`;
        return relay(await asCustomer(context, call)('cart', { method: 'DELETE', path }));
      },
    },
    { method: 'POST', path: '/checkout', allow, handle: (call) => checkOut(context, call, mine(call)) },
  ];
}

async function checkOut(context: ServiceContext, call: Call, cartPath: string): Promise<Reply> {
  const ask = asCustomer(context, call);
  const found = await ask('cart', { method: 'GET', path: cartPath });
  if (found.status !== 200) return relay(found);
  const items = listField(found.body, 'items', 50);
  if (items.length === 0) return { status: 409, body: { error: 'cart_empty' } };
  const order = { items, card: field(call.body, 'card'), shipTo: field(call.body, 'shipTo') };
  const placed = await ask('orders', { method: 'POST', path: '/orders', body: order });
  // Bought, or not to be had: either way the customer starts with an empty cart.
  if (placed.status === 201 || placed.status === 409) await ask('cart', { method: 'DELETE', path: cartPath });
  return relay(placed);
}

function accountRoutes(context: ServiceContext, seen: Seen): readonly Route[] {
  const allow = ['customer'] as const;
  return [
    {
      method: 'GET',
      path: '/orders',
      allow,
      handle: async (call) =>
        relay(await asCustomer(context, call)('orders', { method: 'GET', path: '/orders' })),
    },
    { method: 'GET', path: '/orders/:id', allow, handle: (call) => showOrder(context, call) },
    { method: 'GET', path: '/account', allow, handle: (call) => showAccount(context, call, seen) },
    {
      method: 'PATCH',
      path: '/account',
      allow,
      handle: async (call) => {
        const phone = textField(call.body, 'phone', 40);
        const path = `/users/${call.claims?.sub ?? ''}`;
        return relay(await asCustomer(context, call)('users', { method: 'PATCH', path, body: { phone } }));
      },
    },
    {
      method: 'POST',
      path: '/logout',
      allow,
      handle: async (call) =>
        relay(await asCustomer(context, call)('users', { method: 'POST', path: '/logout' })),
    },
  ];
}

/** The order, with the invoice that only the old API has. */
async function showOrder(context: ServiceContext, call: Call): Promise<Reply> {
  const ask = asCustomer(context, call);
  const id = idOf(call.params['id']) ?? 0;
  const [order, invoice] = await Promise.all([
    ask('orders', { method: 'GET', path: `/orders/${id}` }),
    ask('legacy-v1', { method: 'GET', path: `/v1/orders/${id}` }),
  ]);
  if (order.status !== 200) return relay(order);
  return { status: 200, body: { order: order.body, invoice: field(invoice.body, 'data') } };
}

/** Profile and bonus points together; points that are away are left out. */
async function showAccount(context: ServiceContext, call: Call, seen: Seen): Promise<Reply> {
  const ask = asCustomer(context, call);
  const customer = idOf(call.claims?.sub) ?? 0;
  const [profile, points] = await Promise.all([
    ask('users', { method: 'GET', path: `/users/${customer}` }),
    ask('legacy-v1', { method: 'GET', path: `/v1/customers/${customer}/points` }),
  ]);
  if (profile.status !== 200) return relay(profile);
  const body = { profile: profile.body, points: field(points.body, 'data'), recentlySeen: seen.of(customer) };
  return { status: 200, body };
}
