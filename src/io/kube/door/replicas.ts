// Two replicas of a hub and one that leads: a request that reaches the other is carried to it by mutual TLS, with the person whom the first one
// has authenticated. Once, never further.
import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { hubName } from '../../../core/trust/trust-names.ts';
import { refuse, refuseUpgrade, type Refused } from './answers.ts';
import type { Caller } from './caller.ts';

/** How replicas find and know each other. */
export interface Replicas {
  /** PEM: the internal authorities, of which every replica has its certificate. */
  readonly bundle: () => string;
  /** Where the replica that leads listens; undefined when nobody does, or this one. */
  readonly leader: () => { readonly host: string; readonly port: number } | undefined;
}

/** Only believed behind a certificate of a replica. */
export const personHeader = 'x-apidefense-person';

const callerSchema = z.object({
  person: z.object({
    user: z.string().min(1),
    uid: z.string().optional(),
    groups: z.array(z.string()),
    extra: z.record(z.string(), z.array(z.string())),
  }),
  by: z.enum(['api-server', 'certificate']),
});

/** Whom another replica speaks for; undefined when it does not say. */
export function carriedCaller(header: string | undefined): Caller | undefined {
  if (header === undefined) return undefined;
  try {
    const read = callerSchema.safeParse(JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))).data;
    if (read === undefined) return undefined;
    const { uid, ...person } = read.person;
    return { person: uid === undefined ? person : { ...person, uid }, by: read.by, isCarried: true };
  } catch {
    return undefined;
  }
}

/** What a request is carried with. */
export interface Carrying {
  readonly leader: { readonly host: string; readonly port: number };
  readonly bundle: string;
  readonly leaf: { readonly certificate: string; readonly key: string };
  readonly caller: Caller;
  readonly timeoutMs: number;
}

const unreachableLeader: Refused = {
  code: 503,
  message: 'The replica of the hub that leads cannot be reached; try again in a moment.',
};

/** Of WebSocket; everything else of the caller's headers stays here. */
const carriedHeaders = ['upgrade', 'connection', 'sec-websocket-key', 'sec-websocket-version'] as const;

function optionsOf(asked: IncomingMessage, carrying: Carrying): RequestOptions {
  const { leader, bundle, leaf, caller, timeoutMs } = carrying;
  const { person, by } = caller;
  const kept = carriedHeaders.flatMap((name) => {
    const value = asked.headers[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...{ host: leader.host, port: leader.port, path: asked.url, method: 'GET', agent: false },
    ...{ ca: bundle, cert: leaf.certificate, key: leaf.key, servername: hubName, timeout: timeoutMs },
    headers: {
      ...Object.fromEntries(kept),
      [personHeader]: Buffer.from(JSON.stringify({ person, by })).toString('base64url'),
    },
  };
}

/** Carries a request and its answer. */
export function carryRequest(asked: IncomingMessage, response: ServerResponse, carrying: Carrying): void {
  const sent = request(optionsOf(asked, carrying));
  const fail = (): void => {
    if (response.headersSent) response.destroy();
    else refuse(response, unreachableLeader);
  };
  sent.on('response', (answer) => {
    const type = answer.headers['content-type'] ?? 'application/json';
    response.writeHead(answer.statusCode ?? 502, { 'content-type': type, 'cache-control': 'no-store' });
    answer.on('error', fail).pipe(response);
  });
  sent.on('timeout', () => sent.destroy(new Error('timeout')));
  sent.on('error', fail);
  response.on('close', () => sent.destroy());
  sent.end();
}

function join(one: Duplex, other: Duplex): void {
  one.pipe(other).pipe(one);
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const)
    from.on('error', () => to.destroy()).on('close', () => to.destroy());
}

/** Everything after the first line of an answer, as it came. */
function headText(answer: IncomingMessage): string {
  const { rawHeaders } = answer;
  const lines = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1] ?? ''}`] : [],
  );
  return `HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** Carries an upgrade and what follows it, both ways. */
export function carryUpgrade(
  asked: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
  carrying: Carrying,
): void {
  const { socket, head } = asked;
  const sent = request(optionsOf(asked.request, carrying));
  const fail = (): void => refuseUpgrade(socket, unreachableLeader);
  sent.on('upgrade', (answer, upstream, first) => {
    sent.off('error', fail);
    upstream.setTimeout(0);
    socket.write(headText(answer));
    socket.write(first);
    upstream.write(head);
    join(socket, upstream);
  });
  sent.on('response', (answer) => {
    socket.write(headText(answer));
    answer.on('error', () => socket.destroy()).pipe(socket);
  });
  sent.on('timeout', () => sent.destroy(new Error('timeout')));
  sent.on('error', fail);
  socket.on('close', () => sent.destroy());
  sent.end();
}
