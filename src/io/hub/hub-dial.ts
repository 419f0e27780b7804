// The agent's way to its hub: dials, proves itself by a token, serves its feed on the socket and takes in who is who; again and again, with
// growing pauses and jitter. Token and authority are read anew for each try: both are rotated. Knows nothing of what is served.
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { LookupFunction } from 'node:net';
import { AppError } from '../../core/model/app-error.ts';
import type { ServerFrame } from '../../core/model/feed-message.ts';
import { bundleMark } from '../../core/trust/bundle-mark.ts';
import type { FeedServer } from '../feed/feed-server.ts';
import { agentPath, hubDialLimits, type HubDialLimits } from './hub-limits.ts';
import type { RemoteIdentity } from './remote-identity.ts';

/** Which hub, and what goes over the socket. */
export interface HubDialOptions {
  /** `https://NAME[:PORT]`: the certificate must be for that name. */
  readonly url: string;
  /** PEM of the authority that the hub's certificate must come from; no other is believed. */
  readonly caFile: string;
  readonly tokenFile: string;
  readonly server: Pick<FeedServer, 'attach'>;
  readonly remote: RemoteIdentity;
  /** A whole sentence for whoever runs the agent: away and why, back. */
  readonly onNotice: (sentence: string) => void;
  readonly limits?: Partial<HubDialLimits>;
  /** Where the name leads; the system's own way when absent. */
  readonly lookup?: LookupFunction;
  /** [0, 1), for jitter. */
  readonly random?: () => number;
}

/** Goes on until it is closed. */
export interface HubDial {
  close(): Promise<void>;
}

interface Dial {
  readonly options: HubDialOptions;
  readonly limits: HubDialLimits;
  readonly stop: AbortController;
  /** What was told last of why there is no hub. */
  told: string | undefined;
}

/** `wss://…/agent`. @throws AppError when the text is no https address. */
export function hubAddress(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'https:' && parsed.pathname === '/' && parsed.search === '')
    return `wss://${parsed.host}${agentPath}`;
  throw new AppError({
    code: 'HUB_ADDRESS',
    family: 'usage',
    message: `--hub "${url}" is not the address of a hub.`,
    hint: 'Write https://NAME or https://NAME:PORT; the hub is never spoken to without TLS.',
  });
}

function dialled({ options, limits }: Dial): WebSocket {
  const token = readFileSync(options.tokenFile, 'utf8').trim();
  return new WebSocket(hubAddress(options.url), {
    ...{ perMessageDeflate: false, followRedirects: false, maxPayload: limits.frameBytes },
    handshakeTimeout: limits.handshakeMs,
    ...{ ca: readFileSync(options.caFile), minVersion: 'TLSv1.3' },
    ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
    headers: { authorization: `Bearer ${token}` },
  });
}

/** What the hub says with a refusal; short. */
async function refusalOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of answer.setEncoding('utf8')) {
    text += String(part);
    if (text.length > 300) break;
  }
  const said = text.trim().replace(/\.$/, '').slice(0, 300);
  return `the hub answers HTTP ${answer.statusCode ?? 0}${said === '' ? '' : `: ${said}`}`;
}

/** Tells the hub whom this agent would believe now, whenever that is another: only then may the hub show what the next authority signed. */
function tellTrust({ options, limits }: Dial, socket: WebSocket): void {
  let told: string | undefined;
  const tell = (): void => {
    try {
      const bundle = bundleMark(readFileSync(options.caFile, 'utf8'));
      if (bundle !== told) socket.send(JSON.stringify({ type: 'trust', bundle } satisfies ServerFrame));
      told = bundle;
    } catch {
      // Being replaced: the next look finds it.
    }
  };
  tell();
  const timer = setInterval(tell, limits.trustMs);
  socket.once('close', () => clearInterval(timer));
}

/** The feed first: its greeting is the first frame. Then what is held, and an answer to each frame of the hub. */
function serve(dial: Dial, socket: WebSocket): void {
  const { server, remote, onNotice, url } = dial.options;
  const tell = (held: ReturnType<RemoteIdentity['held']>): void =>
    socket.send(JSON.stringify({ type: 'identity', ...held } satisfies ServerFrame));
  server.attach(socket, (bytes) => {
    const received = remote.receive(bytes);
    if (received.type === 'invalid')
      onNotice(`The hub at ${url} sent who is who in a way that is not taken: ${received.why}.`);
    const fits = received.type === 'applied' || received.type === 'known';
    tell(fits ? remote.held() : { generation: remote.held().generation });
    return true;
  });
  tell(remote.held());
  tellTrust(dial, socket);
  remote.setConnected(true);
  if (dial.told !== undefined) onNotice(`The hub at ${url} is back.`);
  dial.told = undefined;
}

/** Lives through one connection; resolves with how it ended, in words. */
function connectOnce(dial: Dial): Promise<string> {
  return new Promise((done) => {
    let socket: WebSocket;
    try {
      socket = dialled(dial);
    } catch (error) {
      done(error instanceof Error ? error.message : String(error));
      return;
    }
    let why: string | undefined;
    const stop = (): void => socket.terminate();
    dial.stop.signal.addEventListener('abort', stop, { once: true });
    socket.on('open', () => serve(dial, socket));
    socket.on('unexpected-response', (_request, answer) => {
      void refusalOf(answer).then(
        (text) => {
          why ??= text;
          socket.terminate();
        },
        () => socket.terminate(),
      );
    });
    socket.on('error', (error) => (why ??= error.message));
    socket.on('close', (code, reason) => {
      dial.stop.signal.removeEventListener('abort', stop);
      dial.options.remote.setConnected(false);
      done(why ?? `the connection ended (${code}${reason.length === 0 ? '' : `, ${reason.toString()}`})`);
    });
  });
}

/** Once, and again when the reason is another one. */
function tellAway({ options, ...dial }: Dial, why: string): string {
  const { heardMs } = options.remote.age();
  const known =
    heardMs === undefined
      ? 'nothing is known of other nodes'
      : `other nodes are known as of ${new Date(heardMs).toISOString()}`;
  if (dial.told !== why) options.onNotice(`The hub at ${options.url} is away (${why}); ${known}.`);
  return why;
}

async function keepConnected(dial: Dial): Promise<void> {
  const { limits, stop, options } = dial;
  const random = options.random ?? Math.random;
  let failures = 0;
  const isOver = (): boolean => stop.signal.aborted;
  while (!isOver()) {
    const startMs = performance.now();
    const why = await connectOnce(dial);
    if (isOver()) return;
    dial.told = tellAway(dial, why);
    failures = performance.now() - startMs >= limits.steadyMs ? 1 : failures + 1;
    const ceiling = Math.min(limits.mostMs, limits.firstMs * 2 ** Math.min(failures - 1, 16));
    await pause(ceiling / 2 + (random() * ceiling) / 2, undefined, { signal: stop.signal }).catch(
      () => undefined,
    );
  }
}

/** Dials at once. @throws AppError when the address is none. */
export function dialHub(options: HubDialOptions): HubDial {
  hubAddress(options.url);
  const limits = { ...hubDialLimits, ...options.limits };
  const dial: Dial = { options, limits, stop: new AbortController(), told: undefined };
  const ended = keepConnected(dial);
  return {
    async close() {
      dial.stop.abort();
      await ended;
    },
  };
}
