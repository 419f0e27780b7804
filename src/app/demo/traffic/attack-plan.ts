// What the attacker does, drawn from the seed: five phases with parameters that differ from run to run and from round to
// round. Pure: a plan, no request.
import { firstOrderId, oldOrderCount } from '../data/order-ids.ts';
import { drawPeople, takenOverPerson, weakPasswords, type Person } from '../data/people.ts';
import type { Random } from '../seeded-random.ts';
import type { ServiceName } from '../topology.ts';
import { differentials } from './differentials.ts';
import { canaryPaths, pathPrefixes, pathWords, scannerAgents } from './scan-paths.ts';

/** How fast a phase goes, and the quiet behind it. */
export interface Timed {
  /** Requests per second while it lasts. */
  readonly perSecond: number;
  /** Quiet after it. */
  readonly pauseMs: number;
}

/** An account that the attacker owns or tries. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** One phase of the attack with all that was drawn for it. */
export type Phase = Timed &
  (
    | {
        /** Looks for paths that give something away. */
        readonly type: 'scan';
        readonly target: ServiceName;
        readonly paths: readonly string[];
        readonly userAgent: string;
      }
    | {
        /** Many passwords for one account, or one leaked pair for each of many accounts. */
        readonly type: 'log-ins';
        readonly style: 'brute-force' | 'stuffing';
        readonly attempts: readonly Credentials[];
      }
    | {
        /** Walks the ids of other people's objects with the taken-over account's token. */
        readonly type: 'enumerate';
        readonly requests: readonly { readonly target: ServiceName; readonly path: string }[];
      }
    | {
        /** Uses the old API without a token. */
        readonly type: 'no-token';
        readonly paths: readonly string[];
      }
    | {
        /** Puts a credential into the URL; `{token}` stands for the attacker's own. */
        readonly type: 'url-credential';
        readonly target: ServiceName;
        readonly paths: readonly string[];
      }
    | {
        /** Sends what two parsers read differently. */
        readonly type: 'differentials';
        readonly target: ServiceName;
        readonly path: string;
        readonly names: readonly string[];
      }
  );

/** One round of all phases, in the order in which an intruder would go about it. `round` counts from 0. */
export function drawAttack(random: Random, round: number): readonly Phase[] {
  const draws = random.fork(`attack-${round}`);
  const people = drawPeople(random);
  return [
    drawScan(draws.fork('scan')),
    drawLogIns(draws.fork('log-ins'), people),
    drawEnumeration(draws.fork('enumerate'), takenOverPerson(people)),
    drawNoToken(draws.fork('no-token'), people),
    drawUrlCredential(draws.fork('url-credential'), people),
    drawDifferentials(draws.fork('differentials')),
  ];
}

const pause = (random: Random): number => random.int(1500, 4000);

function drawScan(random: Random): Phase {
  const perSecond = random.int(10, 22);
  const prefix = random.pick(pathPrefixes);
  const words = random.shuffle(pathWords).slice(0, random.int(20, pathWords.length));
  const canaries = random.shuffle(canaryPaths).slice(0, random.int(8, canaryPaths.length));
  return {
    type: 'scan',
    target: random.pick(['storefront', 'catalog', 'orders', 'users', 'payments']),
    paths: random.shuffle([...canaries, ...words.map((word) => `${prefix}${word}`)]),
    userAgent: random.pick(scannerAgents),
    perSecond,
    pauseMs: pause(random),
  };
}

function drawLogIns(random: Random, people: readonly Person[]): Phase {
  const style = random.pick(['brute-force', 'stuffing'] as const);
  const perSecond = random.int(8, 18);
  const count = perSecond * random.int(4, 7);
  const victim = random.pick(people);
  const attempts = Array.from({ length: count }, (_, index): Credentials => {
    const account = style === 'stuffing' ? random.pick(people) : victim;
    const password = weakPasswords[index] ?? `${random.pick(weakPasswords)}${random.int(0, 9999)}`;
    // One leaked pair in thirty is still good: what makes stuffing worth while.
    const leaked = style === 'stuffing' && random.chance(1 / 30);
    return { email: account.email, password: leaked ? account.password : password };
  });
  return { type: 'log-ins', style, attempts, perSecond, pauseMs: pause(random) };
}

function drawEnumeration(random: Random, self: Person): Phase {
  const perSecond = random.int(9, 18);
  const count = perSecond * random.int(5, 8);
  const stride = random.pick([1, 1, 1, 2, 3]);
  const start = random.int(firstOrderId, firstOrderId + oldOrderCount - count);
  const ids = Array.from({ length: count }, (_, index) => start + index * stride);
  const order = random.pick(['up', 'down', 'shuffled'] as const);
  const walked = order === 'shuffled' ? random.shuffle(ids) : order === 'down' ? ids.reverse() : ids;
  const orders = walked.map((id) => ({ target: 'orders' as const, path: `/orders/${id}` }));
  // The users service does check: the attacker tries it, sees 403s and leaves it.
  const tried = random.chance(0.5) ? random.int(12, 30) : 0;
  const users = Array.from({ length: tried }, (_, index) => ({
    target: 'users' as const,
    path: `/users/${self.id - 1 - index}`,
  }));
  return { type: 'enumerate', requests: [...orders, ...users], perSecond, pauseMs: pause(random) };
}

function drawNoToken(random: Random, people: readonly Person[]): Phase {
  const route = random.pick([
    () => `/v1/customers/${random.pick(people).id}`,
    () => `/v1/customers/${random.pick(people).id}/points`,
    () => `/v1/orders/${random.int(firstOrderId, firstOrderId + oldOrderCount - 1)}`,
  ]);
  const paths = Array.from({ length: random.int(8, 16) }, route);
  return { type: 'no-token', paths, perSecond: random.int(2, 4), pauseMs: pause(random) };
}

function drawUrlCredential(random: Random, people: readonly Person[]): Phase {
  const key = `sk_live_${Array.from({ length: 24 }, () => random.int(0, 35).toString(36)).join('')}`;
  const { email, password } = random.pick(people);
  const parameter = random.pick([
    'access_token={token}',
    `api_key=${key}`,
    `user=${encodeURIComponent(email)}&password=${encodeURIComponent(password)}`,
  ]);
  const paths = Array.from(
    { length: random.int(3, 8) },
    () => `/v1/customers/${random.pick(people).id}?${parameter}`,
  );
  return {
    type: 'url-credential',
    target: 'legacy-v1',
    paths,
    perSecond: random.int(1, 3),
    pauseMs: pause(random),
  };
}

function drawDifferentials(random: Random): Phase {
  const names = random.shuffle(Object.keys(differentials)).slice(0, random.int(4, 8));
  const [target, path] = random.pick([
    ['orders', '/orders'],
    ['storefront', '/checkout'],
    ['users', '/login'],
  ] as const);
  return { type: 'differentials', target, path, names, perSecond: random.int(1, 3), pauseMs: pause(random) };
}
