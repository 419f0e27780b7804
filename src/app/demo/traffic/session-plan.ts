// What one customer does in one visit, drawn from the seed. Pure: a plan, no request.
import { firstProductId, productCount } from '../data/products.ts';
import { assertNever } from '../../../core/model/assert-never.ts';
import type { Random } from '../seeded-random.ts';

/** One thing a customer does. */
export type Step =
  | { readonly type: 'browse'; readonly page: number; readonly search?: string }
  | { readonly type: 'view'; readonly product: number }
  | { readonly type: 'add'; readonly product: number; readonly quantity: number }
  | { readonly type: 'cart' }
  /** Takes the first thing out of the cart again. */
  | { readonly type: 'remove' }
  | { readonly type: 'checkout' }
  | { readonly type: 'orders' }
  /** Opens one of the orders listed before, by its place in the list. */
  | { readonly type: 'order'; readonly place: number }
  | { readonly type: 'account' }
  | { readonly type: 'phone'; readonly phone: string };

/** How a visit begins: signed in already, signing in, mistyping the password first, or at a kiosk whose session runs out. */
export type Entry = 'resume' | 'fresh' | 'mistyped' | 'kiosk';

/** What a customer does between coming and going. */
export interface Session {
  readonly entry: Entry;
  readonly userAgent: string;
  readonly steps: readonly Step[];
}

/** Requests that a step sets off over all edges, the first one included. */
export const stepCosts: Readonly<Record<Step['type'] | 'login', number>> = {
  login: 2,
  browse: 2,
  view: 2,
  add: 3,
  cart: 2,
  remove: 2,
  checkout: 8,
  orders: 2,
  order: 4,
  account: 3,
  phone: 4,
};

/** How often a visit takes each step, relative. */
const weights: readonly (readonly [Step['type'], number])[] = [
  ['browse', 26],
  ['view', 30],
  ['add', 14],
  ['cart', 7],
  ['remove', 2],
  ['checkout', 6],
  ['orders', 6],
  ['order', 6],
  ['account', 5],
  ['phone', 1],
];
const entryShares: readonly (readonly [Entry, number])[] = [
  ['resume', 66],
  ['fresh', 28],
  ['mistyped', 3],
  ['kiosk', 3],
];
const searches = ['mug', 'lamp', 'blue', 'chair', 'red', 'tent'];
const userAgents = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'ShopApp/7.4.1 (Android 15)',
];

/** Draws one visit of 4 to 14 steps. */
export function drawSession(random: Random): Session {
  const entry = draw(random, entryShares);
  const steps = Array.from({ length: random.int(4, 14) }, () => drawStep(random));
  return { entry, userAgent: random.pick(userAgents), steps };
}

function draw<T>(random: Random, shares: readonly (readonly [T, number])[]): T {
  const total = shares.reduce((sum, [, share]) => sum + share, 0);
  let left = random.next() * total;
  for (const [value, share] of shares) {
    left -= share;
    if (left < 0) return value;
  }
  throw new Error('shares do not add up');
}

function drawStep(random: Random): Step {
  const type = draw(random, weights);
  switch (type) {
    case 'browse':
      return random.chance(0.2)
        ? { type, page: 1, search: random.pick(searches) }
        : { type, page: random.int(1, 6) };
    case 'view':
      return { type, product: drawProduct(random) };
    case 'add':
      return { type, product: drawProduct(random), quantity: random.chance(0.8) ? 1 : random.int(2, 4) };
    case 'order':
      return { type, place: random.int(0, 4) };
    case 'phone':
      return { type, phone: `+1-${random.int(201, 989)}-555-01${random.int(10, 99)}` };
    case 'cart':
    case 'remove':
    case 'checkout':
    case 'orders':
    case 'account':
      return { type };
    default:
      return assertNever(type);
  }
}

/** Popular products are looked at more often than the rest; some old links lead to removed ones. */
function drawProduct(random: Random): number {
  const place = random.chance(0.6) ? random.int(0, 19) : random.int(0, productCount - 1);
  return firstProductId + place;
}
