// Short spelling of traffic for the examples of the rules: what matters is written, the rest is an ordinary request.
import type { FlowEvent, Header } from '../model/event.ts';
import { peerFromName, toEndpoint } from '../model/identity.ts';

/** One request of an example. */
export interface Asked {
  readonly from?: string;
  readonly to?: string;
  readonly method?: string;
  readonly path: string;
  /** Default: the path with numeric segments as `{id}`. */
  readonly route?: string;
  readonly query?: string;
  readonly status?: number;
  /** Surrogate of a bearer token, e.g. `<jwt:00000001>`. */
  readonly token?: string;
  readonly headers?: readonly Header[];
  /** JSON text of the request body, masked. */
  readonly sent?: string;
  /** JSON text of the answer. */
  readonly answer?: string;
  readonly blocked?: boolean;
  readonly broken?: string;
}

/** One case that a rule must find, or must leave alone. */
export interface Example {
  /** What it shows, as a sentence. */
  readonly says: string;
  readonly flows: () => readonly FlowEvent[];
}

/** Where examples begin, epoch ms. */
export const exampleStartMs = Date.UTC(2026, 0, 5, 2, 0, 0);

function headersOf(asked: Asked): Header[] {
  const token: Header[] = asked.token === undefined ? [] : [['authorization', `Bearer ${asked.token}`]];
  return [['user-agent', 'shop/1.0'] as Header, ...token]
    .filter(([name]) => asked.headers?.every((header) => header[0] !== name) ?? true)
    .concat(asked.headers ?? []);
}

/** One flow; `number` makes its id. */
export function exampleFlow(asked: Asked, timeMs: number, number: number): FlowEvent {
  const json = (text: string): { contentType: string; text: string } => ({
    contentType: 'application/json',
    text,
  });
  const route = asked.route ?? asked.path.replaceAll(/\/[0-9]+(?=\/|$)/g, '/{id}');
  const from = asked.from ?? 'web';
  return {
    type: 'flow',
    time: new Date(timeMs).toISOString(),
    id: `example-${from}-${number.toString(36)}`,
    source: toEndpoint(peerFromName(from, 'shop'), '10.0.0.1:40000'),
    destination: toEndpoint(peerFromName(asked.to ?? 'orders', 'shop'), '10.0.0.2:8080'),
    protocol: asked.broken === undefined ? 'http/1.1' : 'opaque',
    request: {
      method: asked.method ?? 'GET',
      host: asked.to ?? 'orders',
      path: asked.path,
      route,
      bytes: 100,
      headers: headersOf(asked),
      ...(asked.query === undefined ? {} : { query: asked.query }),
      ...(asked.sent === undefined ? {} : { body: json(asked.sent) }),
    },
    response: {
      ...(asked.status === 0 ? {} : { status: asked.status ?? 200 }),
      bytes: 200,
      ...(asked.answer === undefined ? {} : { body: json(asked.answer) }),
      ...(asked.blocked === true ? { local: true } : {}),
    },
    verdict: { action: asked.blocked === true ? 'block' : 'allow', mode: 'enforce' },
    ...(asked.broken === undefined ? {} : { broken: asked.broken, opaque: 'broken' }),
  };
}

/** `count` requests, one each `everyMs`, beginning `fromMs` after the start. */
export function series(
  count: number,
  { everyMs, fromMs = 0 }: { readonly everyMs: number; readonly fromMs?: number },
  ask: (index: number) => Asked,
): readonly FlowEvent[] {
  return Array.from({ length: count }, (_, index) =>
    exampleFlow(ask(index), exampleStartMs + fromMs + index * everyMs, index + fromMs),
  );
}

/** Several series as they happen: in order of time. */
export function together(...parts: readonly (readonly FlowEvent[])[]): readonly FlowEvent[] {
  return parts.flat().sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

/** A surrogate that stands for token number `index`. */
export function tokenOf(index: number): string {
  return `<jwt:${index.toString(16).padStart(8, '0')}>`;
}
