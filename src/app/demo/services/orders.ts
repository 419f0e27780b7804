// The orders service: takes orders and shows them. It asks for a token but not whose order it is: the demo's first hole
// (OWASP API1:2023, broken object level authorization).
import type { DatabaseSync } from 'node:sqlite';
import { firstOrderId, oldOrderCount } from '../data/order-ids.ts';
import { drawPeople } from '../data/people.ts';
import { drawProducts } from '../data/products.ts';
import type { Reply } from '../http/json-server.ts';
import type { Random } from '../seeded-random.ts';
import { idOf, notFound, type Service } from './context.ts';
import { numberOf, openDatabase, textOf, transaction, type Row } from './database.ts';
import { placeOrder, type NewOrder, type OrderBook } from './place-order.ts';

const schema = `
  CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, status TEXT NOT NULL,
    total_cents INTEGER NOT NULL, items TEXT NOT NULL, recipient TEXT NOT NULL, address TEXT NOT NULL);
  CREATE INDEX orders_of ON orders (customer, id);`;

/** Kept orders; the oldest go. */
const maxOrders = 20_000;
const maxPageSize = 50;

/** Takes orders and shows them, without asking whose they are (OWASP API1:2023). */
export const orders: Service = (context) => {
  const database = openDatabase(schema);
  fill(database, context.random);
  const byId = database.prepare('SELECT * FROM orders WHERE id = ?');
  const ofCustomer = database.prepare('SELECT * FROM orders WHERE customer = ? ORDER BY id DESC LIMIT 10');
  const page = database.prepare('SELECT * FROM orders WHERE id > ? ORDER BY id LIMIT ?');
  const book = openBook(database);

  return [
    {
      method: 'GET',
      path: '/orders',
      allow: ['customer', 'service', 'batch'],
      handle: ({ query, claims }): Reply => {
        const customer = claims?.role === 'customer' ? idOf(claims.sub) : idOf(query.get('customer'));
        const limit = Math.min(maxPageSize, idOf(query.get('limit')) ?? maxPageSize);
        const rows =
          customer === undefined ? page.all(idOf(query.get('after')) ?? 0, limit) : ofCustomer.all(customer);
        return { status: 200, body: { orders: rows.map(summary) } };
      },
    },
    {
      method: 'GET',
      path: '/orders/:id',
      allow: ['customer', 'service', 'batch'],
      handle: ({ params }): Reply => {
        const row = byId.get(idOf(params['id']) ?? 0);
        return row === undefined ? notFound : { status: 200, body: detail(row) };
      },
    },
    {
      method: 'POST',
      path: '/orders',
      allow: ['customer'],
      handle: (call) => placeOrder(context, book, call),
    },
  ];
};

function openBook(database: DatabaseSync): OrderBook {
  const insert = database.prepare(
    "INSERT INTO orders (customer, status, total_cents, items, recipient, address) VALUES (?, 'new', ?, ?, ?, ?)",
  );
  const setStatus = database.prepare('UPDATE orders SET status = ? WHERE id = ?');
  const trim = database.prepare(`DELETE FROM orders WHERE id <= (SELECT MAX(id) FROM orders) - ${maxOrders}`);
  return {
    open: (order: NewOrder) => {
      const { customer, totalCents, items, recipient, address } = order;
      const { lastInsertRowid } = insert.run(customer, totalCents, JSON.stringify(items), recipient, address);
      trim.run();
      return Number(lastInsertRowid);
    },
    settle: (id, status) => {
      setStatus.run(status, id);
    },
  };
}

function summary(row: Row): Readonly<Record<string, string | number>> {
  return {
    id: numberOf(row, 'id'),
    customer: numberOf(row, 'customer'),
    status: textOf(row, 'status'),
    totalCents: numberOf(row, 'total_cents'),
  };
}

function detail(row: Row): Readonly<Record<string, unknown>> {
  const items: unknown = JSON.parse(textOf(row, 'items'));
  return {
    ...summary(row),
    items,
    shipTo: { name: textOf(row, 'recipient'), address: textOf(row, 'address') },
  };
}

function fill(database: DatabaseSync, random: Random): void {
  const people = drawPeople(random);
  const products = drawProducts(random);
  const draws = random.fork('old-orders');
  const insert = database.prepare("INSERT INTO orders VALUES (?, ?, 'shipped', ?, ?, ?, ?)");
  transaction(database, () => {
    for (let id = firstOrderId; id < firstOrderId + oldOrderCount; id++) {
      const { id: customer, name, address } = draws.pick(people);
      const { id: productId, name: product, priceCents } = draws.pick(products);
      const quantity = draws.int(1, 3);
      const items = JSON.stringify([{ productId, name: product, priceCents, quantity }]);
      insert.run(id, customer, priceCents * quantity, items, name, address);
    }
  });
}
