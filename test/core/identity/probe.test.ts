// Probes: from the pod's own node, to a port and path of its spec, and nothing else.
import { expect, test } from 'vitest';
import { isProbe } from '../../../src/core/identity/probe.ts';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import { identityOf, node, pod, startMs } from './build.ts';

const end = { workload: 'x', namespace: 'shop', principal: 'unknown', assurance: 'ip' } as const;

interface Sent {
  readonly from?: string;
  readonly to?: string;
  readonly request?: Partial<NonNullable<FlowEvent['request']>>;
}

const flow = ({ from = '192.168.0.2:40000', to = '10.244.0.7:8080', request }: Sent): FlowEvent => ({
  ...{ type: 'flow', time: new Date(startMs + 1_000).toISOString(), id: 'f-1' },
  source: { ...end, address: from },
  destination: { ...end, address: to },
  protocol: request === undefined ? 'opaque' : 'http/1.1',
  verdict: { action: 'allow', mode: 'enforce' },
  ...(request === undefined
    ? {}
    : { request: { method: 'GET', host: 'x', path: '/', route: '/', bytes: 0, ...request } }),
});

const identity = identityOf([
  { type: 'node', node: node('node-a', '192.168.0.2', '10.244.0.1') },
  { type: 'node', node: node('node-b', '192.168.0.3') },
  {
    type: 'pod',
    pod: pod({ name: 'orders', probes: [{ port: 8080, path: '/healthz?full=1' }, { port: 9000 }] }),
  },
]);

const healthz = { path: '/healthz', query: 'full=1' };

test.each<[string, Sent, boolean]>([
  ['its own node asks for the path of the spec', { request: healthz }, true],
  ['by the gateway that its pods see', { from: '10.244.0.1:40000', request: healthz }, true],
  ['another node asks', { from: '192.168.0.3:40000', request: healthz }, false],
  ['a pod asks', { from: '10.244.0.9:40000', request: healthz }, false],
  ['another path', { request: { path: '/orders/7' } }, false],
  ['without the query', { request: { path: '/healthz' } }, false],
  ['with another method', { request: { ...healthz, method: 'POST' } }, false],
  ['on another port', { to: '10.244.0.7:8081', request: healthz }, false],
  ['a connection without a word, where the spec has no path', { to: '10.244.0.7:9000' }, true],
  ['a request where the spec has no path', { to: '10.244.0.7:9000', request: healthz }, false],
  ['a pod that nobody knows', { to: '10.244.0.8:8080', request: healthz }, false],
])('%s', (_, sent, expected) => {
  expect(isProbe(flow(sent), identity, startMs + 1_000)).toBe(expected);
});
