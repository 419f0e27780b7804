// A small HTTP server for programs that look after agents: a few pages, GET alone, small limits, nothing that waits. Knows no page.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '../../core/model/app-error.ts';

/** Where it listens. */
export interface PageAddress {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}

/** One answer; plain text where nothing else is said. */
export interface Page {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
}

/** What is served. */
export interface PageServerOptions {
  readonly address: PageAddress;
  /** By path. */
  readonly pages: Readonly<Record<string, () => Page | Promise<Page>>>;
  /** What is told of a port that cannot be had: a code, what cannot listen, and its option. */
  readonly words: { readonly code: string; readonly what: string; readonly flag: string };
}

/** A running server. */
export interface PageServer {
  /** With the real port. */
  readonly address: PageAddress;
  close(): Promise<void>;
}

/** Scrapers and probes are few; more than this are turned away by the kernel's hand. */
const mostConnections = 16;
/** How long a head may take, a connection may idle, and an answer may lie untaken, ms. */
const patienceMs = 5_000;
/** No scraper sends more. */
const headBytes = 8 * 1024;

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

/** `/a and /b`. */
const listed = (paths: readonly string[]): string =>
  [paths.slice(0, -1).join(', '), paths.at(-1)].filter(Boolean).join(' and ');

async function pageAt(path: string, { pages }: PageServerOptions): Promise<Page> {
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  return page === undefined
    ? {
        status: 404,
        body: `Here ${Object.keys(pages).length === 1 ? 'is' : 'are'} ${listed(Object.keys(pages))}.\n`,
      }
    : page();
}

function answerTo(options: PageServerOptions) {
  return ({ method, url = '/' }: IncomingMessage, response: ServerResponse): void => {
    if (method !== 'GET') {
      refuse(response);
      return;
    }
    pageAt(url.split('?', 1)[0] ?? url, options).then(
      (page) => send(response, page),
      () => send(response, { status: 500, body: 'This page could not be made; that is a bug.\n' }),
    );
  };
}

/** The real port. @throws AppError when the address cannot be had. */
function listen(server: Server, { address: { host, port }, words }: PageServerOptions): Promise<number> {
  return new Promise((done, fail) => {
    server.once('error', (cause) =>
      fail(
        new AppError({
          ...{ code: words.code, family: 'cannotCreate', cause },
          message: `${words.what} cannot listen at ${host}:${port}: ${cause.message}.`,
          hint: `Choose another address with ${words.flag}, or port 0 for any free one.`,
        }),
      ),
    );
    server.listen({ host, port }, () => done((server.address() as AddressInfo).port));
  });
}

/** Serves until `close`. @throws AppError with the code of `words`. */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const server = createServer({
    headersTimeout: patienceMs,
    requestTimeout: patienceMs,
    keepAliveTimeout: patienceMs,
    connectionsCheckingInterval: patienceMs,
    maxHeaderSize: headBytes,
  });
  server.maxConnections = mostConnections;
  server.setTimeout(patienceMs);
  server.on('request', answerTo(options));
  const port = await listen(server, options);
  return {
    address: { host: options.address.host, port },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
