// How one process of the demo calls another: JSON over HTTP/1.1 keep-alive, a bearer token, the trace carried on.
// Never rejects: a network failure is an answer with status 0, because being cut off is part of what the demo shows.
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { traceparent, type Trace } from './trace.ts';

/** One request: what of it differs from call to call. */
export interface Ask {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'HEAD';
  /** Path and query as they go onto the wire. */
  readonly path: string;
  readonly body?: unknown;
  /** Bearer token. */
  readonly token?: string | undefined;
  readonly trace?: Trace;
  /** Further headers, lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came back; status 0 and `failure` when nothing did. */
export interface Answer {
  /** HTTP status, 0 when there was no answer. */
  readonly status: number;
  /** Parsed JSON; undefined when there was none or it was not JSON. */
  readonly body: unknown;
  /** Whole seconds the other side asked us to wait, bounded to a minute. */
  readonly retryAfterSeconds?: number;
  /** Set with status 0: why. */
  readonly failure?: string;
}

/** Where a client sends its requests and as whom. */
export interface ClientOptions {
  /** `http://127.0.0.1:PORT` of the listener. */
  readonly baseUrl: string;
  /** The in-cluster name sent as Host. */
  readonly host: string;
  readonly userAgent: string;
  /** Keep-alive connections at most. */
  readonly maxSockets: number;
}

/** Calls one callee over kept connections; never rejects. */
export interface Client {
  call(ask: Ask): Promise<Answer>;
  /** Closes kept connections; calls in flight end with status 0. */
  close(): void;
}

const timeoutMs = 10_000;
/** Answers of the shop are a few KB; more is cut off rather than stored. */
const bodyLimitBytes = 1 << 20;
const maxRetryAfterSeconds = 60;

/** A client of one callee with its own kept connections. */
export function createClient(options: ClientOptions): Client {
  const { hostname, port } = new URL(options.baseUrl);
  const agent = new Agent({ keepAlive: true, maxSockets: options.maxSockets, keepAliveMsecs: 30_000 });
  const once = (ask: Ask): Promise<Answer & { readonly stale?: boolean }> =>
    new Promise((resolve) => {
      const payload = ask.body === undefined ? undefined : Buffer.from(JSON.stringify(ask.body));
      const request = httpRequest({
        hostname,
        port,
        agent,
        method: ask.method,
        path: ask.path,
        headers: headersOf(ask, options, payload),
        timeout: timeoutMs,
      });
      request.on('response', (response) => {
        void readAnswer(response).then(resolve);
      });
      request.on('timeout', () => request.destroy(new Error('timeout')));
      request.on('error', (error) => {
        resolve({ status: 0, body: undefined, failure: error.message, stale: request.reusedSocket });
      });
      request.end(payload);
    });
  return {
    call: async (ask) => {
      const answer = await once(ask);
      // A kept connection that the other side closed at the same moment: try once on another one (RFC 9112 9.3.1).
      return answer.status === 0 && answer.stale === true && ask.method === 'GET' ? once(ask) : answer;
    },
    close: () => {
      agent.destroy();
    },
  };
}

function headersOf(ask: Ask, options: ClientOptions, payload: Buffer | undefined): Record<string, string> {
  return {
    host: options.host,
    'user-agent': options.userAgent,
    accept: 'application/json',
    ...(ask.token === undefined ? {} : { authorization: `Bearer ${ask.token}` }),
    ...(ask.trace === undefined ? {} : { traceparent: traceparent(ask.trace) }),
    ...(payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(payload.length) }),
    ...ask.headers,
  };
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size <= bodyLimitBytes) chunks.push(chunk);
    }
  } catch (error) {
    return { status: 0, body: undefined, failure: error instanceof Error ? error.message : String(error) };
  }
  const seconds = Number(response.headers['retry-after']);
  return {
    status: response.statusCode ?? 0,
    body: parseJson(Buffer.concat(chunks).toString('utf8')),
    ...(Number.isFinite(seconds) && seconds >= 0
      ? { retryAfterSeconds: Math.min(maxRetryAfterSeconds, Math.ceil(seconds)) }
      : {}),
  };
}

/** The JSON value of a text, undefined when it is none. */
export function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
