// The catalog service: products, stock and reservations of stock. Only other services call it.
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { drawProducts } from '../data/products.ts';
import { countField, listField } from '../http/fields.ts';
import type { Reply, Route } from '../http/json-server.ts';
import type { Random } from '../seeded-random.ts';
import { idOf, invalid, notFound, type Service } from './context.ts';
import { numberOf, openDatabase, textOf, transaction, type Row } from './database.ts';

const schema = `
  CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL,
    price_cents INTEGER NOT NULL, stock INTEGER NOT NULL CHECK (stock >= 0), removed INTEGER NOT NULL,
    limited INTEGER NOT NULL);
  CREATE TABLE reserved (reservation TEXT NOT NULL, product INTEGER NOT NULL REFERENCES products (id), quantity INTEGER NOT NULL);
  CREATE INDEX reserved_by ON reserved (reservation);`;

const pageSize = 12;
const maxQuantity = 20;
/** Reservations kept for a release; older ones are sold. */
const maxReserved = 5000;

/** Products, stock and reservations of it, for other services. */
export const catalog: Service = (context) => {
  const database = openDatabase(schema);
  fill(database, context.random);
  const byId = database.prepare('SELECT * FROM products WHERE id = ? AND removed = 0');
  const restock = database.prepare('UPDATE products SET stock = stock + ? WHERE id = ? AND removed = 0');
  return [
    { method: 'GET', path: '/products', allow: ['service', 'batch'], handle: listing(database) },
    {
      method: 'GET',
      path: '/products/:id',
      allow: ['service', 'batch'],
      handle: ({ params }) => found(byId.get(idOf(params['id']) ?? 0)),
    },
    {
      method: 'POST',
      path: '/products/:id/stock',
      allow: ['batch'],
      handle: ({ params, body }) => {
        const pieces = countField(body, 'add');
        if (pieces === undefined || pieces > 1000) return invalid('add');
        const row = restock.run(pieces, idOf(params['id']) ?? 0).changes > 0;
        return row ? { status: 204 } : notFound;
      },
    },
    {
      method: 'POST',
      path: '/reservations',
      allow: ['service'],
      handle: ({ body }) => reserve(database, body),
    },
    {
      method: 'DELETE',
      path: '/reservations/:id',
      allow: ['service'],
      handle: ({ params }) => release(database, params['id'] ?? ''),
    },
  ];
};

const found = (row: Row | undefined): Reply =>
  row === undefined ? notFound : { status: 200, body: view(row) };

/** A page of all products, of those with a word in their name, or of those that run low. */
function listing(database: DatabaseSync): Route['handle'] {
  const page = database.prepare(
    `SELECT * FROM products WHERE removed = 0 AND name LIKE ? ORDER BY id LIMIT ${pageSize} OFFSET ?`,
  );
  const low = database.prepare(
    'SELECT * FROM products WHERE removed = 0 AND limited = 0 AND stock < ? ORDER BY id LIMIT 50',
  );
  return ({ query }) => {
    const below = idOf(query.get('below'));
    const pattern = `%${(query.get('q') ?? '').slice(0, 40).replace(/[%_]/g, '')}%`;
    const offset = Math.max(0, (idOf(query.get('page')) ?? 1) - 1) * pageSize;
    const rows = below === undefined ? page.all(pattern, offset) : low.all(below);
    return { status: 200, body: { products: rows.map(view) }, headers: { 'cache-control': 'max-age=5' } };
  };
}

interface Line {
  readonly product: number;
  readonly quantity: number;
}

function linesOf(body: unknown): readonly Line[] | undefined {
  const lines = listField(body, 'items', 50).map((item) => ({
    product: countField(item, 'productId') ?? 0,
    quantity: countField(item, 'quantity') ?? 0,
  }));
  const fine = lines.every(({ product, quantity }) => product > 0 && quantity > 0 && quantity <= maxQuantity);
  return fine && lines.length > 0 ? lines : undefined;
}

/** All lines or none: the first one that is short decides, and nothing was taken. */
function reserve(database: DatabaseSync, body: unknown): Reply {
  const lines = linesOf(body);
  if (lines === undefined) return invalid('items');
  const take = database.prepare(
    'UPDATE products SET stock = stock - ? WHERE id = ? AND removed = 0 AND stock >= ?',
  );
  const note = database.prepare('INSERT INTO reserved VALUES (?, ?, ?)');
  const id = randomUUID();
  const short = transaction(database, () => {
    const missing = lines.find(({ product, quantity }) => {
      const taken = take.run(quantity, product, quantity).changes > 0;
      if (taken) note.run(id, product, quantity);
      return !taken;
    });
    if (missing !== undefined) putBack(database, id);
    database.exec(`DELETE FROM reserved WHERE rowid <= (SELECT MAX(rowid) FROM reserved) - ${maxReserved}`);
    return missing;
  });
  return short === undefined
    ? { status: 201, body: { reservation: id } }
    : { status: 409, body: { error: 'out_of_stock', productId: short.product } };
}

function release(database: DatabaseSync, id: string): Reply {
  return transaction(database, () => putBack(database, id)) ? { status: 204 } : notFound;
}

/** Returns the reserved pieces to the shelf; false when there is no such reservation. */
function putBack(database: DatabaseSync, id: string): boolean {
  const rows = database.prepare('SELECT product, quantity FROM reserved WHERE reservation = ?').all(id);
  const give = database.prepare('UPDATE products SET stock = stock + ? WHERE id = ?');
  for (const row of rows) give.run(numberOf(row, 'quantity'), numberOf(row, 'product'));
  database.prepare('DELETE FROM reserved WHERE reservation = ?').run(id);
  return rows.length > 0;
}

function view(row: Row): Readonly<Record<string, string | number>> {
  return {
    id: numberOf(row, 'id'),
    name: textOf(row, 'name'),
    category: textOf(row, 'category'),
    priceCents: numberOf(row, 'price_cents'),
    stock: numberOf(row, 'stock'),
  };
}

function fill(database: DatabaseSync, random: Random): void {
  const insert = database.prepare('INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?)');
  transaction(database, () => {
    for (const { id, name, category, priceCents, stock, removed, limited } of drawProducts(random)) {
      insert.run(id, name, category, priceCents, stock, removed ? 1 : 0, limited ? 1 : 0);
    }
  });
}
