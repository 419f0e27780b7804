// The cart service: what each customer has put aside. A cart belongs to its customer, and this service checks that.
import type { StatementSync } from 'node:sqlite';
import { countField, textField } from '../http/fields.ts';
import type { Call, Reply } from '../http/json-server.ts';
import { forbidden, idOf, invalid, notFound, relay, type Service, type ServiceContext } from './context.ts';
import { numberOf, openDatabase, textOf, type Row } from './database.ts';

const schema = `CREATE TABLE items (customer INTEGER NOT NULL, product INTEGER NOT NULL, name TEXT NOT NULL,
  price_cents INTEGER NOT NULL, quantity INTEGER NOT NULL, PRIMARY KEY (customer, product));`;

const maxQuantity = 20;

/** What each customer has put aside; shown to that customer only. */
export const cart: Service = (context) => {
  const { put, drop, empty, show } = openCarts();
  return [
    { method: 'GET', path: '/carts/:customer', allow: ['customer'], handle: own(show) },
    {
      method: 'POST',
      path: '/carts/:customer/items',
      allow: ['customer'],
      handle: own((customer, call) =>
        add(context, call, (row) => {
          put.run(customer, row.productId, row.name, row.priceCents, row.quantity);
          return show(customer);
        }),
      ),
    },
    {
      method: 'DELETE',
      path: '/carts/:customer/items/:product',
      allow: ['customer'],
      handle: own((customer, { params }) =>
        drop.run(customer, idOf(params['product']) ?? 0).changes > 0 ? { status: 204 } : notFound,
      ),
    },
    {
      method: 'DELETE',
      path: '/carts/:customer',
      allow: ['customer'],
      handle: own((customer) => {
        empty.run(customer);
        return { status: 204 };
      }),
    },
  ];
};

/** Runs the handler for the owner of the cart only. */
const own =
  (handle: (customer: number, call: Call) => Reply | Promise<Reply>) =>
  (call: Call): Reply | Promise<Reply> =>
    call.claims?.sub === call.params['customer']
      ? handle(idOf(call.params['customer']) ?? 0, call)
      : forbidden;

interface Carts {
  readonly put: StatementSync;
  readonly drop: StatementSync;
  readonly empty: StatementSync;
  /** The answer that shows a customer's cart. */
  readonly show: (customer: number) => Reply;
}

function openCarts(): Carts {
  const database = openDatabase(schema);
  const lines = database.prepare('SELECT * FROM items WHERE customer = ? ORDER BY product');
  return {
    put: database.prepare(
      `INSERT INTO items VALUES (?, ?, ?, ?, ?) ON CONFLICT (customer, product)
       DO UPDATE SET quantity = MIN(${maxQuantity}, quantity + excluded.quantity), price_cents = excluded.price_cents`,
    ),
    drop: database.prepare('DELETE FROM items WHERE customer = ? AND product = ?'),
    empty: database.prepare('DELETE FROM items WHERE customer = ?'),
    show: (customer) => {
      const items = lines.all(customer).map(view);
      const totalCents = items.reduce((sum, item) => sum + item.priceCents * item.quantity, 0);
      return { status: 200, body: { customer, items, totalCents } };
    },
  };
}

interface Line {
  readonly productId: number;
  readonly name: string;
  readonly priceCents: number;
  readonly quantity: number;
}

/** Asks the catalog for name and price of today, then stores the line. */
async function add(
  { call: callService, ownToken }: ServiceContext,
  call: Call,
  store: (line: Line) => Reply,
): Promise<Reply> {
  const productId = countField(call.body, 'productId');
  const quantity = countField(call.body, 'quantity') ?? 1;
  if (productId === undefined) return invalid('productId');
  if (quantity === 0 || quantity > maxQuantity) return invalid('quantity');
  const product = await callService('catalog', {
    method: 'GET',
    path: `/products/${productId}`,
    token: ownToken(),
    trace: call.trace,
  });
  if (product.status !== 200) return relay(product);
  const priceCents = countField(product.body, 'priceCents') ?? 0;
  return store({ productId, name: textField(product.body, 'name') ?? 'unnamed', priceCents, quantity });
}

function view(row: Row): Line {
  return {
    productId: numberOf(row, 'product'),
    name: textOf(row, 'name'),
    priceCents: numberOf(row, 'price_cents'),
    quantity: numberOf(row, 'quantity'),
  };
}
