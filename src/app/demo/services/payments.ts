// The payments service: charges cards. Only services call it; it keeps the last four digits and nothing else of a card.
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { luhnDigit } from '../data/people.ts';
import { countField, field, textField } from '../http/fields.ts';
import type { Route } from '../http/json-server.ts';
import { idOf, invalid, notFound, type Service, type ServiceContext } from './context.ts';
import { numberOf, openDatabase, textOf, type Row } from './database.ts';

const schema = `CREATE TABLE charges (id TEXT PRIMARY KEY, order_id INTEGER NOT NULL, amount_cents INTEGER NOT NULL,
  last_four TEXT NOT NULL, status TEXT NOT NULL);`;

/** Kept charges; the oldest go. */
const maxCharges = 20_000;
/** How long the card network takes. */
const networkMs = { from: 8, to: 35 };
/** Share of charges in which the card network itself is away. */
const networkDownShare = 0.004;

/** Charges cards by way of a network that takes its time and is sometimes away. */
export const payments: Service = (context) => {
  const database = openDatabase(schema);
  const byId = database.prepare('SELECT * FROM charges WHERE id = ?');
  const setStatus = database.prepare("UPDATE charges SET status = 'refunded' WHERE id = ?");

  return [
    { method: 'POST', path: '/charges', allow: ['service'], handle: charging(database, context) },
    {
      method: 'GET',
      path: '/charges/:id',
      allow: ['service', 'batch'],
      handle: ({ params }) => {
        const row = byId.get(params['id'] ?? '');
        return row === undefined ? notFound : { status: 200, body: view(row) };
      },
    },
    {
      method: 'POST',
      path: '/charges/:id/refunds',
      allow: ['service'],
      handle: ({ params }) =>
        setStatus.run(params['id'] ?? '').changes > 0 ? { status: 201, body: { refunded: true } } : notFound,
    },
  ];
};

/** Checks what is asked, asks the card network, and writes down what it said. */
function charging(database: DatabaseSync, { random, sleep }: ServiceContext): Route['handle'] {
  const weather = random.fork('card-network');
  const insert = database.prepare('INSERT INTO charges VALUES (?, ?, ?, ?, ?)');
  const trim = database.prepare(
    `DELETE FROM charges WHERE rowid <= (SELECT MAX(rowid) FROM charges) - ${maxCharges}`,
  );
  return async ({ body }) => {
    const orderId = countField(body, 'orderId');
    const amountCents = countField(body, 'amountCents');
    const number = textField(field(body, 'card'), 'number', 19);
    if (orderId === undefined) return invalid('orderId');
    if (amountCents === undefined) return invalid('amountCents');
    if (number === undefined || !isCardNumber(number)) return invalid('card.number');
    await sleep(weather.int(networkMs.from, networkMs.to));
    if (weather.chance(networkDownShare)) return { status: 503, body: { error: 'card_network_away' } };
    const id = randomUUID();
    const declined = isDeclined(number);
    insert.run(id, orderId, amountCents, number.slice(-4), declined ? 'declined' : 'captured');
    trim.run();
    return declined
      ? { status: 402, body: { error: 'card_declined', charge: id } }
      : { status: 201, body: { charge: id, amountCents, card: `**** ${number.slice(-4)}` } };
  };
}

function isCardNumber(number: string): boolean {
  return /^\d{13,19}$/.test(number) && luhnDigit(number.slice(0, -1)) === Number(number.slice(-1));
}

/** About one card in 33 is always declined: which ones depends on the number only. */
const isDeclined = (number: string): boolean => (idOf(number.slice(-8)) ?? 0) % 33 === 7;

function view(row: Row): Readonly<Record<string, string | number>> {
  return {
    id: textOf(row, 'id'),
    orderId: numberOf(row, 'order_id'),
    amountCents: numberOf(row, 'amount_cents'),
    card: `**** ${textOf(row, 'last_four')}`,
    status: textOf(row, 'status'),
  };
}
