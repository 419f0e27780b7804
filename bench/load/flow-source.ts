// Flow events of a busy shop, made as fast as one asks: for the terminal and the preview. Deterministic, no clock.
import { toEndpoint, peerFromName } from '../../src/core/model/identity.ts';
import type { FlowEvent } from '../../src/core/model/event.ts';
import type { Hello } from '../../src/core/model/feed-message.ts';

/** Numbers of the past lie beyond any that a run reaches. */
const pastBase = 1_000_000_000;
const callers = ['storefront', 'cart', 'web', 'nightly', 'scanner'];
const callees = ['orders', 'users', 'catalog', 'payments'];
const statuses = [200, 200, 200, 201, 200, 404, 200, 200, 500, 200, 401];

/** The flow with this number, below 0 for the past; `timeMs` is epoch milliseconds. */
export function flowAt(number: number, timeMs: number): FlowEvent {
  const index = number < 0 ? pastBase - number : number;
  const caller = callers[index % callers.length] ?? '';
  const callee = callees[Math.floor(index / callers.length) % callees.length] ?? '';
  const host = `${callee}.shop.svc.cluster.local`;
  return {
    type: 'flow',
    time: new Date(timeMs).toISOString(),
    id: `bench-${index.toString(36)}`,
    connection: `bench-c${(index % 64).toString(36)}`,
    source: toEndpoint(peerFromName(caller, 'shop'), `10.98.1.${index % 250}:41022`),
    destination: toEndpoint(peerFromName(callee, 'shop'), '10.98.0.7:8080'),
    protocol: 'http/1.1',
    request: {
      method: index % 7 === 0 ? 'POST' : 'GET',
      host,
      path: `/${callee}/${index % 9973}`,
      route: `/${callee}/{id}`,
      bytes: 612,
      headers: [
        ['host', host],
        ['user-agent', `${caller}/1.8.2`],
        ['authorization', 'Bearer <jwt:4f1c>'],
      ],
    },
    response: { status: statuses[index % statuses.length] ?? 200, bytes: 310 + (index % 90) },
    latencyMs: 0.4 + (index % 170) / 10,
    verdict: { action: 'allow', mode: 'enforce' },
    traceId: (index + 1).toString(16).padStart(32, '0'),
  };
}

/** What a server of these flows says first. */
export const benchHello = (timeMs: number): Hello => ({
  type: 'hello',
  version: 1,
  name: 'bench',
  time: new Date(timeMs).toISOString(),
  writable: true,
  listeners: [],
  windowMs: 600_000,
  defaultTtlMs: 1_800_000,
});

/** How many flows are due after `elapsedMs` at this rate, beyond those already given. */
export const dueFlows = (elapsedMs: number, perSecond: number, given: number): number =>
  Math.max(0, Math.floor((elapsedMs * perSecond) / 1000) - given);
