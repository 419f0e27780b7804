// The notifications service: turns "tell this customer" into a stored message. It asks users for the mail address.
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { countField, textField } from '../http/fields.ts';
import type { Route } from '../http/json-server.ts';
import { idOf, invalid, relay, type Service, type ServiceContext } from './context.ts';
import { openDatabase, textOf } from './database.ts';

const schema = `CREATE TABLE messages (id TEXT PRIMARY KEY, customer INTEGER NOT NULL, template TEXT NOT NULL,
  recipient TEXT NOT NULL, reference TEXT NOT NULL);`;

/** Kept messages; the oldest go. */
const maxMessages = 5000;

/** Messages to customers: stored, not sent. */
export const notifications: Service = (context) => {
  const database = openDatabase(schema);
  const ofCustomer = database.prepare(
    'SELECT * FROM messages WHERE customer = ? ORDER BY rowid DESC LIMIT 20',
  );

  return [
    { method: 'POST', path: '/messages', allow: ['service'], handle: telling(database, context) },
    {
      method: 'GET',
      path: '/messages',
      allow: ['service'],
      handle: ({ query }) => {
        const rows = ofCustomer.all(idOf(query.get('customer')) ?? 0);
        const messages = rows.map((row) => ({
          id: textOf(row, 'id'),
          template: textOf(row, 'template'),
          recipient: textOf(row, 'recipient'),
          reference: textOf(row, 'reference'),
        }));
        return { status: 200, body: { messages } };
      },
    },
  ];
};

/** Asks for the customer's address and stores the message. */
function telling(database: DatabaseSync, { call: callService, ownToken }: ServiceContext): Route['handle'] {
  const insert = database.prepare('INSERT INTO messages VALUES (?, ?, ?, ?, ?)');
  const trim = database.prepare(
    `DELETE FROM messages WHERE rowid <= (SELECT MAX(rowid) FROM messages) - ${maxMessages}`,
  );
  return async ({ body, trace }) => {
    const customer = countField(body, 'customerId');
    const template = textField(body, 'template', 60);
    if (customer === undefined) return invalid('customerId');
    if (template === undefined) return invalid('template');
    const path = `/users/${customer}`;
    const found = await callService('users', { method: 'GET', path, token: ownToken(), trace });
    if (found.status !== 200) return relay(found);
    const recipient = textField(found.body, 'email') ?? '';
    const id = randomUUID();
    insert.run(id, customer, template, recipient, textField(body, 'reference', 60) ?? '');
    trim.run();
    return { status: 202, body: { id, recipient } };
  };
}
