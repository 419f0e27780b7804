// The old API that nobody switched off: it answers whoever asks, with the rights of its own service account.
// That is the demo's second hole; the storefront and the nightly job still use it, properly, with a token.
import { drawPeople } from '../data/people.ts';
import type { Call, Reply } from '../http/json-server.ts';
import { idOf, notFound, relay, type Service } from './context.ts';
import { numberOf, openDatabase, transaction } from './database.ts';

const schema = 'CREATE TABLE points (customer INTEGER PRIMARY KEY, points INTEGER NOT NULL);';

/** The API of before: answers whoever asks, with its own rights. */
export const legacyV1: Service = ({ random, call: callService, ownToken }) => {
  const database = openDatabase(schema);
  const insert = database.prepare('INSERT INTO points VALUES (?, ?)');
  const draws = random.fork('points');
  transaction(database, () => {
    for (const { id } of drawPeople(random)) insert.run(id, draws.int(0, 4000));
  });
  const pointsOf = database.prepare('SELECT points FROM points WHERE customer = ?');
  /** Fetches as the service account, whoever is asking: the hole. */
  const fetchFrom =
    (callee: 'users' | 'orders') =>
    async ({ params, trace }: Call): Promise<Reply> => {
      const path = `/${callee}/${idOf(params['id']) ?? 0}`;
      const found = await callService(callee, { method: 'GET', path, token: ownToken(), trace });
      return found.status === 200 ? { status: 200, body: { version: 1, data: found.body } } : relay(found);
    };

  return [
    { method: 'GET', path: '/v1/customers/:id', allow: 'anyone', handle: fetchFrom('users') },
    { method: 'GET', path: '/v1/orders/:id', allow: 'anyone', handle: fetchFrom('orders') },
    {
      method: 'GET',
      path: '/v1/customers/:id/points',
      allow: 'anyone',
      handle: ({ params }) => {
        const row = pointsOf.get(idOf(params['id']) ?? 0);
        return row === undefined
          ? notFound
          : { status: 200, body: { version: 1, data: { points: numberOf(row, 'points') } } };
      },
    },
  ];
};
