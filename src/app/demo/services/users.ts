// The users service: accounts, log-in and personal data. It does check who may see which account.
import { createHash, randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { drawPeople } from '../data/people.ts';
import { field, textField } from '../http/fields.ts';
import type { Call, Reply, Route } from '../http/json-server.ts';
import type { Random } from '../seeded-random.ts';
import { forbidden, idOf, invalid, notFound, type Service, type ServiceContext } from './context.ts';
import { numberOf, openDatabase, textOf, transaction, type Row } from './database.ts';

const schema = `CREATE TABLE users (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE, phone TEXT NOT NULL,
  address TEXT NOT NULL, birthday TEXT NOT NULL, salt TEXT NOT NULL, password_hash TEXT NOT NULL);`;

/** Long enough for a visit, short enough that people log in again. */
const sessionTtlSeconds = 900;
/** "Keep me signed in" not ticked, at a shared kiosk: runs out while the customer still reads. */
const kioskTtlSeconds = 3;
const maxPageSize = 50;

/** One salted hash on purpose: a real one (scrypt) would make the demo's log-ins the most expensive thing on the machine. */
const hashPassword = (salt: string, password: string): string =>
  createHash('sha256').update(salt).update(password).digest('hex');

/** Accounts, log-in and personal data, with a check of who may see which. */
export const users: Service = (context) => {
  const database = openDatabase(schema);
  fill(database, context.random);
  const byId = database.prepare('SELECT * FROM users WHERE id = ?');
  const byEmail = database.prepare('SELECT * FROM users WHERE email = ?');
  return [
    {
      method: 'POST',
      path: '/login',
      allow: 'anyone',
      handle: (call) => logIn(context, call, (email) => byEmail.get(email)),
    },
    { method: 'POST', path: '/logout', allow: ['customer'], handle: () => ({ status: 204 }) },
    {
      method: 'GET',
      path: '/users',
      allow: ['batch', 'service'],
      handle: listing(database),
    },
    {
      method: 'GET',
      path: '/users/:id',
      allow: ['customer', 'service', 'batch'],
      handle: (call) => {
        if (!mayTouch(call)) return forbidden;
        const row = byId.get(idOf(call.params['id']) ?? 0);
        return row === undefined ? notFound : { status: 200, body: profile(row) };
      },
    },
    {
      method: 'PATCH',
      path: '/users/:id',
      allow: ['customer', 'service'],
      handle: changing(database, context),
    },
  ];
};

/** A page of ids, after the last one of the page before. */
function listing(database: DatabaseSync): Route['handle'] {
  const page = database.prepare('SELECT * FROM users WHERE id > ? ORDER BY id LIMIT ?');
  return ({ query }) => {
    const limit = Math.min(maxPageSize, idOf(query.get('limit')) ?? maxPageSize);
    const rows = page.all(idOf(query.get('after')) ?? 0, limit);
    return { status: 200, body: { users: rows.map((row) => ({ id: numberOf(row, 'id') })) } };
  };
}

/** Changes the phone number, and tells the customer so. */
function changing(database: DatabaseSync, context: ServiceContext): Route['handle'] {
  const byId = database.prepare('SELECT * FROM users WHERE id = ?');
  const setPhone = database.prepare('UPDATE users SET phone = ? WHERE id = ?');
  return (call) => {
    if (!mayTouch(call)) return forbidden;
    const phone = textField(call.body, 'phone', 40);
    if (phone === undefined) return invalid('phone');
    const id = idOf(call.params['id']) ?? 0;
    if (setPhone.run(phone, id).changes === 0) return notFound;
    tellOfChange(context, call, id);
    const row = byId.get(id);
    return row === undefined ? notFound : { status: 200, body: profile(row) };
  };
}

/** Customers see themselves; services and the batch job see everyone. */
function mayTouch({ claims, params }: Call): boolean {
  return claims !== undefined && (claims.role !== 'customer' || claims.sub === params['id']);
}

function logIn(context: ServiceContext, call: Call, find: (email: string) => Row | undefined): Reply {
  const email = textField(call.body, 'email');
  const password = textField(call.body, 'password');
  if (email === undefined || password === undefined) return invalid('email');
  const row = find(email);
  if (row === undefined || hashPassword(textOf(row, 'salt'), password) !== textOf(row, 'password_hash')) {
    return { status: 401, body: { error: 'invalid_credentials' } };
  }
  const id = numberOf(row, 'id');
  const ttlSeconds = field(call.body, 'remember') === false ? kioskTtlSeconds : sessionTtlSeconds;
  const token = context.tokens.sign({ sub: String(id), role: 'customer', ttlSeconds });
  return { status: 200, body: { token, expiresIn: ttlSeconds, user: { id, name: textOf(row, 'name') } } };
}

/** "Your number was changed": sent in the background, its failure is no failure of the change. */
function tellOfChange(context: ServiceContext, call: Call, id: number): void {
  void context.call('notifications', {
    method: 'POST',
    path: '/messages',
    body: { customerId: id, template: 'phone-changed', reference: String(id) },
    token: context.ownToken(),
    trace: call.trace,
  });
}

function profile(row: Row): Readonly<Record<string, string | number>> {
  return {
    id: numberOf(row, 'id'),
    name: textOf(row, 'name'),
    email: textOf(row, 'email'),
    phone: textOf(row, 'phone'),
    address: textOf(row, 'address'),
    birthday: textOf(row, 'birthday'),
  };
}

function fill(database: DatabaseSync, random: Random): void {
  const insert = database.prepare('INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  transaction(database, () => {
    for (const person of drawPeople(random)) {
      const salt = randomBytes(8).toString('hex');
      const { id, name, email, phone, address, birthday, password } = person;
      insert.run(id, name, email, phone, address, birthday, salt, hashPassword(salt, password));
    }
  });
}
