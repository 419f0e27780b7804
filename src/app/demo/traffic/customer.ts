// One customer at work: plays planned steps against the storefront and reacts as people do: signs in again when the
// session ran out, waits when told to, gives up for a while when refused.
import { assertNever } from '../../../core/model/assert-never.ts';
import type { Person } from '../data/people.ts';
import { countField, field, listField, textField } from '../http/fields.ts';
import type { Answer, Ask, Client } from '../http/json-client.ts';
import { newTrace } from '../http/trace.ts';
import type { Pacer } from './pacer.ts';
import { stepCosts, type Session, type Step } from './session-plan.ts';

/** What a customer acts with. */
export interface CustomerTools {
  readonly storefront: Client;
  readonly pacer: Pacer;
  readonly sleep: (ms: number) => Promise<void>;
}

/** One person who visits the shop. */
export interface Customer {
  /** Plays a visit to its end, or until the shop refuses or is away. Never rejects. */
  visit(session: Session): Promise<void>;
}

/** A refused or disappointed customer comes back after this. */
const giveUpMs = 3000;
const defaultRetryAfterSeconds = 2;

/** What the rest of a visit should do after an answer. */
type Mood = 'go on' | 'leave';

/** A customer who has not visited yet. */
export function createCustomer(person: Person, { storefront, pacer, sleep }: CustomerTools): Customer {
  const visitorCookie = `visitor=${newTrace().traceId}; theme=light`;
  let token: string | undefined;
  let userAgent = '';
  let orderIds: readonly number[] = [];
  let cartProducts: readonly number[] = [];

  const ask = async (cost: number, request: Omit<Ask, 'headers' | 'trace' | 'token'>): Promise<Answer> => {
    await pacer.turn(cost);
    const headers = { 'user-agent': userAgent, cookie: visitorCookie };
    return storefront.call({ ...request, token, headers, trace: newTrace() });
  };

  const signIn = async (remember: boolean, password = person.password): Promise<Mood> => {
    token = undefined;
    const body = { email: person.email, password, remember };
    const answer = await ask(stepCosts.login, { method: 'POST', path: '/login', body });
    token = textField(answer.body, 'token', 2000);
    return react(answer, sleep);
  };

  const enter = async (entry: Session['entry']): Promise<Mood> => {
    if (entry === 'resume' && token !== undefined) return 'go on';
    if (entry === 'mistyped' && (await signIn(true, `${person.password}!`)) === 'leave') return 'leave';
    return signIn(entry !== 'kiosk');
  };

  const take = async (step: Step): Promise<Mood> => {
    const request = requestOf(step, { person, orderIds, cartProducts });
    let answer = await ask(stepCosts[step.type], request);
    if (answer.status === 401) {
      if ((await signIn(true)) === 'leave') return 'leave';
      answer = await ask(stepCosts[step.type], request);
    }
    if (step.type === 'orders' && answer.status === 200) {
      orderIds = listField(answer.body, 'orders').map((order) => countField(order, 'id') ?? 0);
    }
    if (Array.isArray(field(answer.body, 'items'))) {
      cartProducts = listField(answer.body, 'items').map((item) => countField(item, 'productId') ?? 0);
    }
    if (step.type === 'checkout' || step.type === 'remove') cartProducts = [];
    return react(answer, sleep);
  };

  return {
    visit: async (session) => {
      userAgent = session.userAgent;
      if ((await enter(session.entry)) === 'leave') return;
      for (const step of session.steps) {
        if (isPossible(step, { orderIds, cartProducts }) && (await take(step)) === 'leave') return;
      }
    },
  };
}

/** Waits as told; leaves when refused by policy or when the shop is away. */
async function react(answer: Answer, sleep: (ms: number) => Promise<void>): Promise<Mood> {
  if (answer.status === 429) {
    await sleep((answer.retryAfterSeconds ?? defaultRetryAfterSeconds) * 1000);
    return 'go on';
  }
  if (answer.status === 0 || answer.status === 403 || answer.status === 502) {
    await sleep(giveUpMs);
    return 'leave';
  }
  return 'go on';
}

interface Memory {
  readonly orderIds: readonly number[];
  readonly cartProducts: readonly number[];
}

/** People do not pay for an empty cart or open an order they were not shown. */
function isPossible(step: Step, { orderIds, cartProducts }: Memory): boolean {
  if (step.type === 'order') return orderIds.length > 0;
  if (step.type === 'checkout' || step.type === 'remove') return cartProducts.length > 0;
  return true;
}

const payment = ({ card, name, address, email }: Person): unknown => ({
  card: { ...card, holder: name },
  shipTo: { name, address },
  receiptTo: email,
});

function requestOf(
  step: Step,
  { person, orderIds, cartProducts }: Memory & { readonly person: Person },
): Pick<Ask, 'method' | 'path' | 'body'> {
  switch (step.type) {
    case 'browse':
      return {
        method: 'GET',
        path: `/products?page=${step.page}${step.search === undefined ? '' : `&q=${step.search}`}`,
      };
    case 'view':
      return { method: 'GET', path: `/products/${step.product}` };
    case 'add':
      return {
        method: 'POST',
        path: '/cart/items',
        body: { productId: step.product, quantity: step.quantity },
      };
    case 'cart':
      return { method: 'GET', path: '/cart' };
    case 'remove':
      return { method: 'DELETE', path: `/cart/items/${cartProducts[0] ?? 0}` };
    case 'checkout':
      return { method: 'POST', path: '/checkout', body: payment(person) };
    case 'orders':
      return { method: 'GET', path: '/orders' };
    case 'order':
      return { method: 'GET', path: `/orders/${orderIds[step.place % orderIds.length] ?? 0}` };
    case 'account':
      return { method: 'GET', path: '/account' };
    case 'phone':
      return { method: 'PATCH', path: '/account', body: { phone: step.phone } };
    default:
      return assertNever(step);
  }
}
