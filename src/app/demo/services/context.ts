// What a service of the demo is given and what it must give: a context in, a table of routes out. Knows no service.
import type { Answer, Ask } from '../http/json-client.ts';
import type { Reply, Route } from '../http/json-server.ts';
import type { TokenKit } from '../http/token.ts';
import type { Random } from '../seeded-random.ts';
import type { ServiceName } from '../topology.ts';

/** What a service may use of the world: chance, time, tokens and calls to others. */
export interface ServiceContext {
  /** The seed's generator; fork it before drawing. */
  readonly random: Random;
  readonly tokens: TokenKit;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Calls another service through its listener; status 0 until the listeners are known. */
  readonly call: (callee: ServiceName, ask: Ask) => Promise<Answer>;
  /** The service's own token, renewed before it runs out. */
  readonly ownToken: () => string;
}

/** A service: opens its database and returns its routes. */
export type Service = (context: ServiceContext) => readonly Route[];

/** What a service answers when it needed another one and that one did not do it: a refusal is passed on, a failure is 502. */
export function relay(answer: Answer): Reply {
  if (answer.status === 0 || answer.status >= 500) return { status: 502, body: { error: 'bad_gateway' } };
  return {
    status: answer.status,
    ...(answer.body === undefined ? {} : { body: answer.body }),
    ...(answer.retryAfterSeconds === undefined
      ? {}
      : { headers: { 'retry-after': String(answer.retryAfterSeconds) } }),
  };
}

/** A path segment or query value as a whole number, undefined when it is none. */
export function idOf(text: string | null | undefined): number | undefined {
  return text !== null && text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The answer for a thing that is not there. */
export const notFound: Reply = { status: 404, body: { error: 'not_found' } };
/** The answer for a thing of somebody else. */
export const forbidden: Reply = { status: 403, body: { error: 'forbidden' } };

/** A 422 that names the field. */
export const invalid = (name: string): Reply => ({ status: 422, body: { error: 'invalid', field: name } });
