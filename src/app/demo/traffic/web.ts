// The steady users: many customers behind one web gateway, visiting the storefront again and again at the wanted rate.
import { setTimeout as sleep } from 'node:timers/promises';
import { drawPeople, peopleCount } from '../data/people.ts';
import { createClient } from '../http/json-client.ts';
import { createRandom } from '../seeded-random.ts';
import { hostHeader } from '../topology.ts';
import { createCustomer, type CustomerTools } from './customer.ts';
import { createPacer } from './pacer.ts';
import { drawSession } from './session-plan.ts';
import type { TrafficStart } from './traffic-start.ts';

/** Customers at the same time, so that each clicks every few seconds at usual rates. */
const customersPerRequestRate = 1.5;
const fewestCustomers = 10;
/** The last customer's account is the attacker's. */
const mostCustomers = peopleCount - 1;
const gatewaySockets = 48;

/** Begins and goes on until the process ends. */
export function runWeb({ urls, rate, seed }: TrafficStart): void {
  const random = createRandom(seed);
  const draws = random.fork('web-pace');
  const tools: CustomerTools = {
    storefront: createClient({
      baseUrl: urls.storefront ?? '',
      host: hostHeader('storefront', urls.storefront ?? ''),
      userAgent: 'web',
      maxSockets: gatewaySockets,
    }),
    pacer: createPacer({
      perSecond: rate,
      now: () => performance.now(),
      sleep: (ms) => sleep(ms),
      jitter: () => 0.5 + draws.next(),
    }),
    sleep: (ms) => sleep(ms),
  };
  const wanted = Math.ceil(rate * customersPerRequestRate);
  const customers = Math.min(mostCustomers, Math.max(fewestCustomers, wanted));
  for (const [index, person] of drawPeople(random).slice(0, customers).entries()) {
    const visits = random.fork(`customer-${index}`);
    const customer = createCustomer(person, tools);
    void keepVisiting(async () => customer.visit(drawSession(visits)));
  }
}

async function keepVisiting(visit: () => Promise<void>): Promise<never> {
  for (;;) await visit();
}
