// Writes TCP connections as frames, and reads what a tap makes of frames. No network, no clock.
import { createRouteLearner } from '../../../src/core/catalog/route-learner.ts';
import { createTap } from '../../../src/core/tap/tap-conversations.ts';
import { createDnsNames, type DnsNames } from '../../../src/core/tap/dns-names.ts';
import type { Tap, TapLimits, TapOptions, TapScope } from '../../../src/core/tap/tap-port.ts';
import type { Side } from '../../../src/core/model/command.ts';
import type { Exchange } from '../../../src/core/model/exchange.ts';
import { segmentFrame } from '../../helpers/frames.ts';

export const pod = '10.0.0.3';

export interface Ends {
  readonly client: string;
  readonly clientPort: number;
  readonly server: string;
  readonly serverPort: number;
}

export const usual: Ends = { client: '10.0.0.7', clientPort: 51000, server: pod, serverPort: 8080 };

interface Direction {
  next: number;
  /** Highest number the other side has acknowledged by a segment. */
  seen: number;
}

/** Sends what it is told; every segment acknowledges all that the other side has sent. `frames` is the wire in order. */
export class Wire {
  readonly frames: Uint8Array[] = [];
  /** Payload of each frame in bytes, 0 for none. */
  readonly sizes: number[] = [];
  readonly ends: Ends;
  readonly #directions: Readonly<Record<Side, Direction>>;

  constructor(ends: Ends = usual, first: Readonly<Record<Side, number>> = { client: 1000, upstream: 5000 }) {
    this.ends = ends;
    this.#directions = {
      client: { next: first.client, seen: first.client },
      upstream: { next: first.upstream, seen: first.upstream },
    };
  }

  next(side: Side): number {
    return this.#directions[side].next;
  }

  open(): this {
    this.raw('client', { flags: 'S', acknowledgement: 0 });
    this.#move('client', 1);
    this.raw('upstream', { flags: 'SA' });
    this.#move('upstream', 1);
    return this.raw('client', {});
  }

  /** In segments of at most `size` bytes. */
  say(side: Side, what: string | Uint8Array, size = 1448): this {
    const bytes = typeof what === 'string' ? Buffer.from(what, 'latin1') : what;
    for (let at = 0; at < bytes.length; at += size) {
      const payload = bytes.subarray(at, at + size);
      this.raw(side, { payload });
      this.#move(side, payload.length);
    }
    return this;
  }

  /** Bytes that are sent and never come by. */
  lose(side: Side, what: string | number): this {
    this.#move(side, typeof what === 'number' ? what : what.length);
    return this;
  }

  fin(side: Side): this {
    this.raw(side, { flags: 'FA' });
    this.#move(side, 1);
    return this;
  }

  close(): this {
    return this.fin('client').fin('upstream').raw('client', {});
  }

  /** One frame with the numbers of now, or with those given. */
  raw(
    side: Side,
    shape: {
      readonly flags?: string;
      readonly payload?: Uint8Array;
      readonly sequence?: number;
      readonly acknowledgement?: number;
    },
  ): this {
    const { client, clientPort, server, serverPort } = this.ends;
    const fromClient = side === 'client';
    const acknowledgement = this.#directions[fromClient ? 'upstream' : 'client'].next;
    this.frames.push(
      segmentFrame({
        source: fromClient ? client : server,
        destination: fromClient ? server : client,
        sourcePort: fromClient ? clientPort : serverPort,
        destinationPort: fromClient ? serverPort : clientPort,
        sequence: this.#directions[side].next,
        acknowledgement,
        ...shape,
      }),
    );
    this.sizes.push(shape.payload?.length ?? 0);
    return this;
  }

  #move(side: Side, by: number): void {
    const direction = this.#directions[side];
    direction.next = (direction.next + by) >>> 0;
  }
}

/** Everything a tap told, as lines and as copies. */
export interface Watched {
  readonly tap: Tap;
  readonly log: string[];
  readonly exchanges: Exchange[];
  readonly names: DnsNames;
  now: number;
  /** Each frame lies in a buffer that is overwritten after the call. */
  push(frames: readonly Uint8Array[], snap?: number): void;
  /** Lets graces and idle times pass. */
  wait(ms: number): void;
}

const requestOf = (exchange: Exchange): string => {
  const text = (start: number, end: number): string =>
    Buffer.from(exchange.head.subarray(start, end)).toString('latin1');
  if (exchange.headLength === 0) return '-';
  return `${text(exchange.methodStart, exchange.methodEnd)} ${text(exchange.pathStart, exchange.pathEnd)}`;
};

/** `GET /a 200`, with what makes it unusual. */
export function lineOf(exchange: Exchange): string {
  return [
    requestOf(exchange),
    exchange.status,
    ...(exchange.opening ? ['opening'] : []),
    ...(exchange.opaque === '' ? [] : [`opaque=${exchange.opaque}`]),
    ...(exchange.broken === '' ? [] : [`broken=${exchange.broken}`]),
    ...(exchange.cut === '' ? [] : [`cut=${exchange.cut}`]),
  ].join(' ');
}

export function watch(
  options: Partial<Omit<TapOptions, 'scope' | 'limits'>> & {
    readonly scope?: Partial<TapScope>;
    readonly limits?: Partial<TapLimits>;
  } = {},
): Watched {
  const log: string[] = [];
  const exchanges: Exchange[] = [];
  const names = createDnsNames();
  const scope: TapScope = {
    addresses: new Set([pod, 'fd77::3']),
    ports: new Set([8080]),
    reports: 'destination',
    enrolled: () => false,
    ...options.scope,
  };
  let connections = 0;
  const tap = createTap({
    claimed: () => false,
    newConnection: () => (connections += 1),
    routes: createRouteLearner(),
    names,
    seed: 7,
    output: {
      observe: (exchange, id) => {
        log.push(`${id.connection} ${lineOf(exchange)}`);
        exchanges.push(structuredClone(exchange));
      },
      gap: ({ id, from, bytes, cause, skipped }) =>
        void log.push(`${id.connection} gap ${from} ${bytes} ${cause}${skipped ? ' skipped' : ''}`),
      attempt: ({ connection, clientAddress }, outcome) =>
        void log.push(`${connection} attempt ${clientAddress} ${outcome}`),
      conflict: (id, from, bytes) => void log.push(`${id.connection} conflict ${from} ${bytes}`),
      evicted: (id) => void log.push(`${id.connection} evicted`),
    },
    ...options,
    scope: () => scope,
  });
  const buffer = Buffer.alloc(70_000);
  const watched: Watched = {
    tap,
    log,
    exchanges,
    names,
    now: 1_000_000,
    push: (frames, snap = Infinity) => {
      for (const frame of frames) {
        watched.now += 1;
        buffer.fill(0xee, 0, 64);
        buffer.set(frame, 10);
        tap.push(buffer, 10, 10 + Math.min(frame.length, snap), frame.length, watched.now);
        buffer.fill(0xee, 10, 10 + frame.length);
      }
    },
    wait: (ms) => {
      watched.now += ms;
      tap.tick(watched.now);
    },
  };
  return watched;
}

export const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: shop\r\n\r\n`;
export const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: shop\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
export const answer = (body: string, status = 200): string =>
  `HTTP/1.1 ${status} S\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
export const chunked = (...parts: readonly string[]): string =>
  `HTTP/1.1 200 S\r\nTransfer-Encoding: chunked\r\n\r\n${parts
    .map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
    .join('')}0\r\n\r\n`;
