// The nightly job: a batch principal that reads every customer and every order, in order and at an even pace, and fills
// up the shelves. It touches more ids than the attacker does, and all of it is legitimate.
import { setTimeout as sleep } from 'node:timers/promises';
import { clientsFor } from '../callee-clients.ts';
import { countField, listField } from '../http/fields.ts';
import type { Answer, Ask, Client } from '../http/json-client.ts';
import { createTokenKit } from '../http/token.ts';
import { newTrace } from '../http/trace.ts';
import type { ServiceName } from '../topology.ts';
import { createPacer } from './pacer.ts';
import type { TrafficStart } from './traffic-start.ts';

const pageSize = 20;
/** Below this many pieces a product is filled up, by this many. */
const lowStock = 40;
const restockPieces = 200;
/** Products filled up per turn. */
const restockAtOnce = 3;
const tokenTtlSeconds = 3600;
/** What the job waits after a refusal or a failure before it goes on with the next id. */
const refusedMs = 2000;

/** A request of the job: `GET` and one turn of its pace, where nothing else is said. */
interface Errand {
  readonly method?: Ask['method'];
  readonly body?: unknown;
  readonly cost?: number;
}

type Call = (callee: ServiceName, path: string, errand?: Errand) => Promise<Answer>;

/** Begins and goes on until the process ends. */
export function runNightly(start: TrafficStart): void {
  void work(createCall(start));
}

function createCall({ urls, rate, secret }: TrafficStart): Call {
  const clients: ReadonlyMap<ServiceName, Client> = clientsFor(urls, {
    userAgent: 'nightly-export/3.2 (batch)',
    maxSocketsPerCallee: 2,
  });
  const tokens = createTokenKit(secret, Date.now);
  const pacer = createPacer({
    perSecond: rate,
    now: () => performance.now(),
    sleep: (ms) => sleep(ms),
    jitter: () => 1,
  });
  let own = { token: '', renewAtMs: 0 };
  const token = (): string => {
    if (Date.now() >= own.renewAtMs) {
      const renewed = tokens.sign({ sub: 'job:nightly', role: 'batch', ttlSeconds: tokenTtlSeconds });
      own = { token: renewed, renewAtMs: Date.now() + (tokenTtlSeconds / 2) * 1000 };
    }
    return own.token;
  };
  return async (callee, path, { method = 'GET', cost = 1, body } = {}) => {
    await pacer.turn(cost);
    const client = clients.get(callee);
    if (client === undefined) throw new Error(`nightly has no way to ${callee}`);
    const ask = { method, path, token: token(), trace: newTrace(), ...(body === undefined ? {} : { body }) };
    const answer = await client.call(ask);
    if (answer.status === 429) await sleep((answer.retryAfterSeconds ?? 1) * 1000);
    else if (answer.status === 0 || answer.status === 403 || answer.status >= 500) await sleep(refusedMs);
    return answer;
  };
}

/** Customers, orders and shelves in turn, page by page, from the beginning again at the end. */
async function work(call: Call): Promise<never> {
  let lastUser = 0;
  let lastOrder = 0;
  for (;;) {
    lastUser = await exportUsers(call, lastUser);
    lastOrder = await exportOrders(call, lastOrder);
    await fillShelves(call);
  }
}

const idsOf = (answer: Answer, list: string): readonly number[] =>
  listField(answer.body, list).map((item) => countField(item, 'id') ?? 0);

/** Reads one page of customers; returns the last id, 0 at the end. */
async function exportUsers(call: Call, after: number): Promise<number> {
  const ids = idsOf(await call('users', `/users?after=${after}&limit=${pageSize}`), 'users');
  for (const id of ids) {
    await call('users', `/users/${id}`);
    await call('legacy-v1', `/v1/customers/${id}`, { cost: 2 });
  }
  return ids.at(-1) ?? 0;
}

/** Reads one page of orders; returns the last id, 0 at the end. */
async function exportOrders(call: Call, after: number): Promise<number> {
  const ids = idsOf(await call('orders', `/orders?after=${after}&limit=${pageSize}`), 'orders');
  for (const id of ids) {
    await call('orders', `/orders/${id}`);
    await call('legacy-v1', `/v1/orders/${id}`, { cost: 2 });
  }
  return ids.at(-1) ?? 0;
}

async function fillShelves(call: Call): Promise<void> {
  const low = idsOf(await call('catalog', `/products?below=${lowStock}`), 'products');
  for (const id of low.slice(0, restockAtOnce)) {
    await call('catalog', `/products/${id}/stock`, { method: 'POST', body: { add: restockPieces } });
  }
}
