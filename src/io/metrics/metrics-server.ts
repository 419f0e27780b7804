// The metrics endpoint: /metrics for Prometheus, /healthz for whoever restarts agents. Small limits, GET only, nothing that waits.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '../../core/model/app-error.ts';
import type { Figures } from './figures.ts';
import { createMetricsText, type MetricsText } from './metrics-text.ts';

/** Where it listens. */
export interface MetricsAddress {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}

/** What is served. */
export interface MetricsServerOptions {
  readonly address: MetricsAddress;
  /** Read at each scrape. */
  readonly figures: () => Figures;
  /** What is wrong, in a sentence; undefined while all is well. */
  readonly unwell: () => string | undefined;
}

/** A running endpoint. */
export interface MetricsServer {
  /** With the real port. */
  readonly address: MetricsAddress;
  close(): Promise<void>;
}

/** Scrapers and probes are few; more than this are turned away by the kernel's hand. */
const mostConnections = 16;
/** How long a head may take, a connection may idle, and an answer may lie untaken, ms. */
const patienceMs = 5_000;
/** No scraper sends more. */
const headBytes = 8 * 1024;

interface Page {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

async function pageOf(path: string, text: MetricsText, { unwell }: MetricsServerOptions): Promise<Page> {
  switch (path) {
    case '/metrics':
      return { status: 200, body: await text.render(), contentType: text.contentType };
    case '/healthz': {
      const sentence = unwell();
      return sentence === undefined ? { status: 200, body: 'ok\n' } : { status: 503, body: `${sentence}\n` };
    }
    default:
      return { status: 404, body: 'Here are /metrics and /healthz.\n' };
  }
}

function send(response: ServerResponse, { status, body, contentType }: Page): void {
  response
    .writeHead(status, {
      'content-type': contentType ?? 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
    })
    .end(body);
}

/** Nothing of what may be read is for other methods; their bodies are not read either. */
function refuse(response: ServerResponse): void {
  response.setHeader('allow', 'GET');
  response.setHeader('connection', 'close');
  send(response, { status: 405, body: 'Only GET is answered here.\n' });
}

function answerTo(text: MetricsText, options: MetricsServerOptions) {
  return ({ method, url = '/' }: IncomingMessage, response: ServerResponse): void => {
    if (method !== 'GET') {
      refuse(response);
      return;
    }
    const path = url.split('?', 1)[0] ?? url;
    pageOf(path, text, options).then(
      (page) => send(response, page),
      () => send(response, { status: 500, body: 'The metrics could not be read; this is a bug.\n' }),
    );
  };
}

/** The real port. @throws AppError when the address cannot be had. */
function listen(server: Server, { host, port }: MetricsAddress): Promise<number> {
  return new Promise((done, fail) => {
    server.once('error', (cause) =>
      fail(
        new AppError({
          code: 'METRICS_CANNOT_LISTEN',
          family: 'cannotCreate',
          message: `The metrics endpoint cannot listen at ${host}:${port}: ${cause.message}.`,
          hint: 'Choose another address with --metrics, or port 0 for any free one.',
          cause,
        }),
      ),
    );
    server.listen({ host, port }, () => done((server.address() as AddressInfo).port));
  });
}

/** Serves until `close`. @throws AppError METRICS_CANNOT_LISTEN. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const text = await createMetricsText(options.figures);
  const server = createServer({
    headersTimeout: patienceMs,
    requestTimeout: patienceMs,
    keepAliveTimeout: patienceMs,
    connectionsCheckingInterval: patienceMs,
    maxHeaderSize: headBytes,
  });
  server.maxConnections = mostConnections;
  server.setTimeout(patienceMs);
  server.on('request', answerTo(text, options));
  const port = await listen(server, options.address);
  return {
    address: { host: options.address.host, port },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
