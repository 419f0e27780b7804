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

/** A person at the storefront: signed in or not, and what it has shown them. */
interface Visitor extends CustomerTools {
  readonly person: Person;
  readonly cookie: string;
  token: string | undefined;
  userAgent: string;
  memory: Memory;
}

async function ask(
  visitor: Visitor,
  cost: number,
  request: Omit<Ask, 'headers' | 'trace' | 'token'>,
): Promise<Answer> {
  await visitor.pacer.turn(cost);
  const { token, userAgent, cookie } = visitor;
  const headers = { 'user-agent': userAgent, cookie };
  return visitor.storefront.call({ ...request, token, headers, trace: newTrace() });
}

async function signIn(
  visitor: Visitor,
  remember: boolean,
  password = visitor.person.password,
): Promise<Mood> {
  visitor.token = undefined;
  const body = { email: visitor.person.email, password, remember };
  const answer = await ask(visitor, stepCosts.login, { method: 'POST', path: '/login', body });
  visitor.token = textField(answer.body, 'token', 2000);
  return react(answer, visitor.sleep);
}

async function enter(visitor: Visitor, entry: Session['entry']): Promise<Mood> {
  if (entry === 'resume' && visitor.token !== undefined) return 'go on';
  if (entry === 'mistyped' && (await signIn(visitor, true, `${visitor.person.password}!`)) === 'leave')
    return 'leave';
  return signIn(visitor, entry !== 'kiosk');
}

/** What the customer knows after an answer to a step. */
function remembered({ orderIds, cartProducts }: Memory, step: Step, { status, body }: Answer): Memory {
  const isList = step.type === 'orders' && status === 200;
  const isCart = Array.isArray(field(body, 'items'));
  const isEmptied = step.type === 'checkout' || step.type === 'remove';
  const inCart = isCart
    ? listField(body, 'items').map((item) => countField(item, 'productId') ?? 0)
    : cartProducts;
  return {
    orderIds: isList ? listField(body, 'orders').map((order) => countField(order, 'id') ?? 0) : orderIds,
    cartProducts: isEmptied ? [] : inCart,
  };
}

/** One step; once more when the session had run out. */
async function take(visitor: Visitor, step: Step): Promise<Mood> {
  const request = requestOf(step, { ...visitor.memory, person: visitor.person });
  let answer = await ask(visitor, stepCosts[step.type], request);
  if (answer.status === 401) {
    if ((await signIn(visitor, true)) === 'leave') return 'leave';
    answer = await ask(visitor, stepCosts[step.type], request);
  }
  visitor.memory = remembered(visitor.memory, step, answer);
  return react(answer, visitor.sleep);
}

/** A customer who has not visited yet. */
export function createCustomer(person: Person, tools: CustomerTools): Customer {
  const visitor: Visitor = {
    ...tools,
    person,
    cookie: `visitor=${newTrace().traceId}; theme=light`,
    token: undefined,
    userAgent: '',
    memory: { orderIds: [], cartProducts: [] },
  };
  return {
    visit: async (session) => {
      visitor.userAgent = session.userAgent;
      if ((await enter(visitor, session.entry)) === 'leave') return;
      for (const step of session.steps) {
        if (isPossible(step, visitor.memory) && (await take(visitor, step)) === 'leave') return;
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
