// What every service of the demo is: a table of routes over node:http, JSON in and out, tokens checked before the handler.
// Knows no service.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { parseJson } from './json-client.ts';
import type { Claims, TokenKit, TokenRole } from './token.ts';
import { continueTrace, type Trace } from './trace.ts';

/** One request as a handler sees it. */
export interface Call {
  /** The `:name` segments of the route's path. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON body, undefined when there was none. */
  readonly body: unknown;
  /** Whose token it carried; undefined on open routes without one. */
  readonly claims: Claims | undefined;
  /** The token itself, to pass on. */
  readonly token: string | undefined;
  readonly trace: Trace;
}

/** The answer of a route; `body` becomes JSON. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One route of a service: method, path template and what answers it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Segments with `:name` for a variable one, e.g. `/orders/:id`. */
  readonly path: string;
  /** Who may call: everyone, or a valid token of one of these roles. */
  readonly allow: 'anyone' | readonly TokenRole[];
  readonly handle: (call: Call) => Reply | Promise<Reply>;
}

/** Bodies of the shop are below 4 KB; the rest is refused with 413. */
const bodyLimitBytes = 64 * 1024;
/** Longer than clients keep theirs, so that the client closes first. */
const keepAliveTimeoutMs = 75_000;

/** A server over the table; it does not listen yet. */
export function createJsonServer(routes: readonly Route[], tokens: TokenKit): Server {
  const table = routes.map((route) => ({ route, segments: route.path.split('/') }));
  return createServer({ keepAliveTimeout: keepAliveTimeoutMs, noDelay: true }, (request, response) => {
    answer(request, table, tokens)
      .catch((error: unknown): Reply => {
        // A caller that left in the middle of its body is no fault of ours.
        if (request.complete)
          process.stderr.write(
            `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
          );
        return { status: 500, body: { error: 'internal' } };
      })
      .then((reply) => {
        write(response, reply, request.method === 'HEAD');
      })
      // The caller went away while we were writing.
      .catch(() => response.destroy());
  });
}

async function answer(request: IncomingMessage, table: readonly Row[], tokens: TokenKit): Promise<Reply> {
  const target = URL.parse(request.url ?? '/', 'http://shop');
  if (target === null) return { status: 400, body: { error: 'bad_target' } };
  const found = find(table, request.method ?? '', target.pathname);
  if (found.type === 'none') return { status: found.status, body: { error: found.error } };
  const token = bearer(request.headers.authorization);
  const checked = token === undefined ? undefined : tokens.check(token);
  const claims = checked?.type === 'valid' ? checked.claims : undefined;
  const refusal = refuse(found.route, claims, checked?.type === 'refused' ? checked.why : 'missing');
  if (refusal !== undefined) return refusal;
  const body = await readBody(request);
  if (body === undefined) return { status: 413, body: { error: 'too_large' } };
  return found.route.handle({
    params: found.params,
    query: target.searchParams,
    body: parseJson(body),
    claims,
    token,
    trace: continueTrace(one(request.headers['traceparent'])),
  });
}

type Found =
  | { readonly type: 'route'; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly type: 'none'; readonly status: 404 | 405; readonly error: string };

interface Row {
  readonly route: Route;
  readonly segments: readonly string[];
}

function find(table: readonly Row[], method: string, path: string): Found {
  const segments = path.split('/');
  let known = false;
  for (const { route, segments: wanted } of table) {
    const params = match(wanted, segments);
    if (params === undefined) continue;
    if (route.method === method || (method === 'HEAD' && route.method === 'GET')) {
      return { type: 'route', route, params };
    }
    known = true;
  }
  return known
    ? { type: 'none', status: 405, error: 'method_not_allowed' }
    : { type: 'none', status: 404, error: 'not_found' };
}

function match(
  wanted: readonly string[],
  given: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? '';
    if (segment.startsWith(':')) {
      if (value === '') return undefined;
      params[segment.slice(1)] = value;
    } else if (segment !== value) return undefined;
  }
  return params;
}

function refuse(route: Route, claims: Claims | undefined, why: string): Reply | undefined {
  if (route.allow === 'anyone') return undefined;
  if (claims === undefined) {
    return {
      status: 401,
      body: { error: 'unauthorized', detail: `token ${why}` },
      headers: { 'www-authenticate': 'Bearer realm="shop"' },
    };
  }
  if (!route.allow.includes(claims.role)) return { status: 403, body: { error: 'forbidden' } };
  return undefined;
}

function bearer(header: string | undefined): string | undefined {
  return header?.startsWith('Bearer ') === true ? header.slice(7) : undefined;
}

const one = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0];

/** The body as text; undefined when it is larger than the limit. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= bodyLimitBytes) chunks.push(chunk);
  }
  return size > bodyLimitBytes ? undefined : Buffer.concat(chunks).toString('utf8');
}

function write(response: ServerResponse, reply: Reply, headOnly: boolean): void {
  const payload = reply.body === undefined ? undefined : Buffer.from(JSON.stringify(reply.body));
  response.writeHead(reply.status, {
    ...(payload === undefined
      ? reply.status === 204
        ? {}
        : { 'content-length': '0' }
      : { 'content-type': 'application/json; charset=utf-8', 'content-length': String(payload.length) }),
    ...reply.headers,
  });
  response.end(headOnly ? undefined : payload);
}
