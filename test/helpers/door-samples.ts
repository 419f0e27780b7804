// An open door with real certificates: of a front proxy, of people of the cluster, and of strangers. What people may see is a table of the
// test; that the API server is asked is shown in test/cluster.
import { once } from 'node:events';
import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { ApiEvent } from '../../src/core/model/event.ts';
import type { Person } from '../../src/core/view/person.ts';
import type { KeptAuthority } from '../../src/core/trust/authority.ts';
import { hubNames } from '../../src/core/trust/trust-names.ts';
import { openDoor, type Door } from '../../src/io/kube/door/door.ts';
import type { AuditLine, DoorFeed, DoorOptions } from '../../src/io/kube/door/door-options.ts';
import { readAuthenticationConfig } from '../../src/io/kube/door/front-proxy.ts';
import { makeAuthority, makeLeaf } from '../../src/io/kube/trust/certificates.ts';
import { hello, status } from '../io/feed/feed-samples.ts';

/** A certificate and its key for a TLS client. */
export interface Shown {
  readonly cert: string;
  readonly key: string;
}

/** Signs a client certificate. */
export async function clientCertificate(by: KeptAuthority, commonName: string): Promise<Shown> {
  const leaf = await makeLeaf(by, { commonName, dnsNames: [], usages: ['client'] }, Date.now());
  return { cert: leaf.certificate, key: leaf.key };
}

/** A window and its subscribers. */
export interface TestHub {
  readonly feed: DoorFeed;
  say(...events: readonly ApiEvent[]): void;
}

/** Remembers everything that was said. */
export function createTestHub(): TestHub {
  const window: ApiEvent[] = [];
  const listeners = new Set<(event: ApiEvent) => void>();
  return {
    say(...events) {
      for (const event of events) {
        window.push(event);
        for (const listener of listeners) listener(event);
      }
    },
    feed: {
      hello: () => hello,
      status: () => ({
        ...status,
        requests: 1_000,
        openByPair: { 'shop/a/b>bank/c/d': 2, 'x/a/b>y/c/d': 3 },
      }),
      nodes: () => [{ node: 'n1', silent: false, uptimeMs: 1 }],
      history: () => [...window],
      flow: (id) => window.find((event) => event.type === 'flow' && event.id === id) as never,
      subscribe(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
  };
}

/** Everything around an open door. */
export interface DoorLab extends TestHub {
  readonly door: Door;
  readonly audit: AuditLine[];
  /** `user right namespace`, '' as namespace for all. */
  readonly granted: Set<string>;
  readonly asked: Person[];
  readonly frontProxy: Shown;
  readonly authorities: { readonly frontProxy: KeptAuthority; readonly people: KeptAuthority };
  /** One request; `as` sends the headers of the front proxy. */
  readonly get: (path: string, how?: Asking) => Promise<{ readonly status: number; readonly body: string }>;
  /** A stream; `end` is why it is over, `refused` when it never began. */
  readonly stream: (path: string, how?: Asking) => TestStream;
}

interface Asking {
  readonly shown?: Shown;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly method?: string;
}

/** Frames of one stream. */
export interface TestStream {
  readonly socket: WebSocket;
  readonly frames: Readonly<Record<string, unknown>>[];
  events(): readonly ApiEvent[];
  /** `CODE REASON` of a close, `HTTP STATUS BODY` of a refusal. */
  readonly end: Promise<string>;
}

/** As the API server names somebody. */
export const named = (user: string, ...groups: string[]): Record<string, string | string[]> => ({
  'x-remote-user': user,
  'x-remote-group': groups,
});

function collect(socket: WebSocket): TestStream {
  const frames: Record<string, unknown>[] = [];
  socket.on(
    'message',
    (data: Buffer) => void frames.push(JSON.parse(data.toString()) as Record<string, unknown>),
  );
  const end = new Promise<string>((done) => {
    socket.on('unexpected-response', (_request, response: IncomingMessage) => {
      void text(response).then((body) => done(`HTTP ${response.statusCode ?? 0} ${body}`));
    });
    socket.on('close', (code, reason) => done(`${code} ${reason.toString()}`));
    socket.on('error', () => undefined);
  });
  onTestFinished(() => socket.terminate());
  return {
    ...{ socket, frames, end },
    events: () => frames.flatMap(({ type, events }) => (type === 'batch' ? (events as ApiEvent[]) : [])),
  };
}

async function makeAuthorities() {
  const now = Date.now();
  const internal = await makeAuthority(now);
  const [frontProxy, people] = [await makeAuthority(now), await makeAuthority(now)];
  const request = {
    commonName: 'apidefense-hub',
    dnsNames: hubNames('defense'),
    usages: ['server'] as const,
  };
  const config = readAuthenticationConfig({
    'requestheader-client-ca-file': frontProxy.certificate,
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-username-headers': '["X-Remote-User"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'client-ca-file': people.certificate,
  });
  const leaf = await makeLeaf(internal, request, now);
  return { internal: internal.certificate, leaf, config, authorities: { frontProxy, people } };
}

function askers(port: number, ca: string, frontProxy: Shown): Pick<DoorLab, 'get' | 'stream'> {
  const tls: RequestOptions = { ca, servername: 'apidefense-hub.defense.svc' };
  const at = { host: '127.0.0.1', port };
  return {
    async get(path, { shown, headers = {}, method = 'GET' } = {}) {
      const sent = request({ ...tls, ...at, ...shown, path, method, headers, agent: false });
      sent.end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      return { status: response.statusCode ?? 0, body: await text(response) };
    },
    stream(path, { shown = frontProxy, headers = {} } = {}) {
      const url = `wss://127.0.0.1:${port}${path}`;
      return collect(
        new WebSocket(url, { ...tls, ...shown, headers: { ...headers } as Record<string, string> }),
      );
    },
  };
}

/** Opens a door on loopback; `different` overrides its options. */
export async function openDoorLab({
  ca,
  ...different
}: Partial<DoorOptions> & { readonly ca?: string } = {}): Promise<DoorLab> {
  const { internal, leaf, config, authorities } = await makeAuthorities();
  const hub = createTestHub();
  const [audit, asked, granted]: [AuditLine[], Person[], Set<string>] = [[], [], new Set()];
  const door = await openDoor({
    ...{ address: { host: '127.0.0.1', port: 0 }, leaf: () => leaf, authentication: () => config },
    access(person, right, namespace) {
      asked.push(person);
      return Promise.resolve(granted.has(`${person.user} ${right} ${namespace}`));
    },
    ...{ feed: () => hub.feed, isReady: () => true, audit: (line) => void audit.push(line), now: Date.now },
    ...different,
  });
  onTestFinished(() => door.close());
  const frontProxy = await clientCertificate(authorities.frontProxy, 'front-proxy-client');
  return {
    ...hub,
    ...{ door, audit, granted, asked, frontProxy, authorities },
    ...askers(door.port, ca ?? internal, frontProxy),
  };
}
