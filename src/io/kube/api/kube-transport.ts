// One request to the API server and its bounded answer, over kept-alive connections; and one stream. Knows paths and bytes, no objects.
// Node's own https: undici alone would cost 27 MB and 90 ms, @kubernetes/client-node's client 80 MB and 0.6 s.
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { getCACertificates } from 'node:tls';
import { AppError } from '../../../core/model/app-error.ts';
import { readCredentialFile, type CredentialSource, type Credentials } from '../config/kube-credentials.ts';
import type { ClusterEntry } from '../config/kubeconfig-file.ts';
import { tooSlow, unreachable } from './unreachable.ts';

/** What is sent. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly accept: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** A whole answer. */
export interface WireAnswer {
  readonly status: number;
  /** `Retry-After`, ms; undefined when not said. */
  readonly retryAfterMs: number | undefined;
  readonly text: string;
}

/** Bounds of one request. */
export interface WireLimits {
  /** For the whole answer; of a stream, for its head. */
  readonly timeoutMs: number;
  readonly answerBytes: number;
}

/** To one API server as one user. Every failure is an AppError. */
export interface KubeTransport {
  readonly server: string;
  send(request: WireRequest, limits: WireLimits): Promise<WireAnswer>;
  /** Resolves with the head; the caller reads or destroys it. */
  open(request: WireRequest, limits: WireLimits): Promise<IncomingMessage>;
  close(): void;
}

/** How it is known by the API server's audit log. */
const userAgent = 'kubectl-api-defense';
/** As client-go has it: shorter than the idle timeouts of load balancers. */
const keepAliveMs = 30_000;

interface Wire {
  readonly cluster: ClusterEntry;
  readonly credentials: CredentialSource;
  readonly agent: HttpAgent;
  readonly base: URL;
  /** Read when first needed, and anew after a failure: authorities are rotated too. */
  authority: string | string[] | undefined;
}

/** kubectl takes HTTPS_PROXY and NO_PROXY from its surroundings; proxy-url of the kubeconfig goes before. */
function proxyOf(cluster: ClusterEntry, env: ProxyEnvironment): { proxyEnv?: NodeJS.ProcessEnv } {
  const url = cluster['proxy-url'] ?? '';
  if (url === '') return { proxyEnv: { ...env } };
  if (/^https?:/.test(url)) return { proxyEnv: { HTTPS_PROXY: url, HTTP_PROXY: url } };
  throw new AppError({
    code: 'PROXY_KIND',
    family: 'usage',
    message: `The kubeconfig asks for the proxy ${url}, which is neither http nor https.`,
    hint: 'Use an HTTP proxy, or run "kubectl proxy" and a context whose server is http://127.0.0.1:8001.',
  });
}

/** Of HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in either case. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

function certificateAuthority(cluster: ClusterEntry): string | undefined {
  const data = cluster['certificate-authority-data'] ?? '';
  if (data !== '') return Buffer.from(data, 'base64').toString('utf8');
  const path = cluster['certificate-authority'] ?? '';
  return path === '' ? undefined : readCredentialFile(path, 'certificate authority');
}

/** What this machine trusts, as kubectl would: Node's list alone lacks a company's own authority. */
const trusted = (): string[] => [
  ...new Set([...getCACertificates('default'), ...getCACertificates('system')]),
];

type TlsChoice = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;

function tlsOptions(wire: Wire, { certificate, key }: Credentials): TlsChoice {
  const { cluster } = wire;
  wire.authority ??= certificateAuthority(cluster) ?? trusted();
  const name = cluster['tls-server-name'];
  return {
    ca: wire.authority,
    ...(cluster['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
    ...(name === undefined || name === '' ? {} : { servername: name }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
  };
}

function headersOf(request: WireRequest, { headers }: Credentials): RequestOptions['headers'] {
  const { accept, body, contentType } = request;
  const own = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );
  return {
    ...{ 'User-Agent': userAgent, Accept: accept },
    ...own,
    ...(contentType === undefined ? {} : { 'Content-Type': contentType }),
    ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }),
  };
}

/** What opens a connection of another kind (WebSocket) to the same API server, as the same user. */
export interface Dialling {
  /** Without a slash at its end. */
  readonly server: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** `ca`, `cert`, `key`, `servername`, `rejectUnauthorized`; empty without TLS. */
  readonly tls: TlsChoice;
  /** Through a proxy, where one is asked for. */
  readonly agent: HttpAgent;
}

/** Reads credentials and authorities now. @throws AppError when one of them cannot be had. */
export async function diallingOf(
  cluster: ClusterEntry,
  source: CredentialSource,
  proxyEnvironment: ProxyEnvironment,
): Promise<Dialling> {
  const credentials = await source.current();
  const isTls = cluster.server.startsWith('https:');
  const proxy = proxyOf(cluster, proxyEnvironment);
  const agent = isTls ? new HttpsAgent(proxy) : new HttpAgent(proxy);
  const wire: Wire = {
    cluster,
    credentials: source,
    agent,
    base: new URL(cluster.server),
    authority: undefined,
  };
  const own = Object.entries(credentials.headers).map(([name, value]): [string, string | string[]] => [
    name,
    typeof value === 'string' ? value : [...value],
  ]);
  return {
    server: cluster.server.replace(/\/$/, ''),
    headers: { 'User-Agent': userAgent, ...Object.fromEntries(own) },
    tls: isTls ? tlsOptions(wire, credentials) : {},
    agent,
  };
}

/** An answer's head, or why there is none. */
async function begin(wire: Wire, request: WireRequest): Promise<IncomingMessage> {
  const { base, agent, cluster } = wire;
  const credentials = await wire.credentials.current();
  const isTls = base.protocol === 'https:';
  const options: RequestOptions = {
    ...{ agent, method: request.method, headers: headersOf(request, credentials) },
    ...{ hostname: base.hostname.replace(/^\[|\]$/g, ''), port: base.port || (isTls ? 443 : 80) },
    path: `${base.pathname.replace(/\/$/, '')}${request.path}`,
    ...(isTls ? tlsOptions(wire, credentials) : {}),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  };
  const sent = isTls ? httpsRequest(options) : httpRequest(options);
  return new Promise((resolve, reject) => {
    sent.on('response', resolve);
    sent.on('error', (error) =>
      reject(retryable(sent, request) ? new StaleSocket() : unreachable(cluster.server, error)),
    );
    sent.end(request.body);
  });
}

/** A kept connection was closed by the other side before it could have read the request. */
class StaleSocket extends Error {}

const retryable = (sent: ClientRequest, { method, signal }: WireRequest): boolean =>
  sent.reusedSocket && method !== 'POST' && signal?.aborted !== true;

async function beginAgain(wire: Wire, request: WireRequest): Promise<IncomingMessage> {
  for (let tries = 0; ; tries += 1)
    try {
      return await begin(wire, request);
    } catch (error) {
      if (!(error instanceof StaleSocket)) throw error;
      // As many as there can be idle ones; after that it is the server.
      if (tries >= maxStaleSockets)
        throw unreachable(wire.cluster.server, Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    }
}

const maxStaleSockets = 8;

async function readWhole(answer: IncomingMessage, limitBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer) {
    if (!Buffer.isBuffer(part)) continue;
    bytes += part.length;
    if (bytes > limitBytes) {
      answer.destroy();
      throw new AppError({
        code: 'KUBE_ANSWER_TOO_LARGE',
        family: 'unavailable',
        message: `The answer of the API server has more than ${Math.floor(limitBytes / 1024 / 1024)} MiB, which is more than is read at once.`,
        hint: 'Ask for less: one namespace, or a selector.',
      });
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Seconds, as the API server writes it. */
function retryAfterOf({ headers }: IncomingMessage): number | undefined {
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** Aborts when time is up or the caller does. */
function deadlineOf(
  timeoutMs: number,
  signal: AbortSignal | undefined,
): { signal: AbortSignal; clear: () => void; isLate: () => boolean } {
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(), timeoutMs);
  return {
    signal: signal === undefined ? timer.signal : AbortSignal.any([signal, timer.signal]),
    clear: () => clearTimeout(timeout),
    isLate: () => timer.signal.aborted,
  };
}

/** Opens no connection before the first request. */
export function createTransport(
  cluster: ClusterEntry,
  credentials: CredentialSource,
  proxyEnvironment: ProxyEnvironment,
): KubeTransport {
  const base = new URL(cluster.server);
  const pool = {
    ...{ keepAlive: true, keepAliveMsecs: keepAliveMs, scheduling: 'lifo' as const },
    ...proxyOf(cluster, proxyEnvironment),
  };
  const agent = base.protocol === 'https:' ? new HttpsAgent(pool) : new HttpAgent(pool);
  const wire: Wire = { cluster, credentials, agent, base, authority: undefined };
  const inTime = async <T>(
    request: WireRequest,
    { timeoutMs }: WireLimits,
    use: (answer: IncomingMessage) => Promise<T>,
  ): Promise<T> => {
    const deadline = deadlineOf(timeoutMs, request.signal);
    try {
      const answer = await beginAgain(wire, { ...request, signal: deadline.signal });
      return await use(answer);
    } catch (error) {
      wire.authority = undefined;
      throw deadline.isLate() ? tooSlow(cluster.server, timeoutMs) : unreachable(cluster.server, error);
    } finally {
      deadline.clear();
    }
  };
  return {
    server: cluster.server,
    send: (request, limits) =>
      inTime(request, limits, async (answer) => ({
        status: answer.statusCode ?? 0,
        retryAfterMs: retryAfterOf(answer),
        text: await readWhole(answer, limits.answerBytes),
      })),
    open: (request, limits) => inTime(request, limits, (answer) => Promise.resolve(answer)),
    close: () => agent.destroy(),
  };
}
