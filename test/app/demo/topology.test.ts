import { expect, test } from 'vitest';
import {
  callerNames,
  demoListeners,
  edges,
  hostOf,
  serviceNames,
  urlsOf,
  type Address,
  type ServiceName,
} from '../../../src/app/demo/topology.ts';

const upstreams = Object.fromEntries(
  serviceNames.map((name, index) => [name, { host: '127.0.0.1', port: 5000 + index }]),
) as Record<ServiceName, Address>;

test('the shop has at least eight services and every one is called by somebody', () => {
  expect(serviceNames.length).toBeGreaterThanOrEqual(8);
  for (const name of serviceNames) {
    expect(
      edges.some(({ caller, callee }) => callee === name && caller !== 'scanner'),
      name,
    ).toBe(true);
  }
});

test('no edge is there twice and nobody calls itself', () => {
  const keys = edges.map(({ caller, callee }) => `${caller}>${callee}`);
  expect(new Set(keys).size).toBe(keys.length);
  expect(edges.filter(({ caller, callee }) => caller === callee)).toEqual([]);
});

test('each edge is one loopback listener on a free port with both identities given', () => {
  const listeners = demoListeners(upstreams);
  expect(listeners.length).toBe(edges.length);
  for (const [index, { caller, callee }] of edges.entries()) {
    const listener = listeners[index]!;
    expect(listener.listen).toEqual({ host: '127.0.0.1', port: 0 });
    expect(listener.upstream).toEqual(upstreams[callee]);
    expect(listener.source.workload.name).toBe(caller);
    expect(listener.destination.workload.name).toBe(callee);
  }
});

test('the callers are told apart by namespace, kind and principal', () => {
  const sources = demoListeners(upstreams).map(({ source }) => source);
  const of = (name: string) => sources.find(({ workload }) => workload.name === name)!;
  expect(of('scanner').principal).toBe('sa:default/scanner');
  expect(of('nightly').workload).toEqual({ kind: 'CronJob', name: 'nightly', namespace: 'batch' });
  expect(new Set(callerNames.map((name) => of(name).workload.namespace)).size).toBe(callerNames.length);
});

test('a caller gets the URL of its own listeners only', () => {
  const ports = edges.map((_, index) => 9000 + index);
  const urls = urlsOf('cart', ports);
  const index = edges.findIndex(({ caller, callee }) => caller === 'cart' && callee === 'catalog');
  expect(urls).toEqual({ catalog: `http://127.0.0.1:${9000 + index}` });
});

test('a missing port names the edge', () => {
  expect(() => urlsOf('web', [])).toThrow('web → storefront');
});

test('Host is the in-cluster name of the callee', () => {
  expect(hostOf('payments')).toBe('payments.pay.svc.cluster.local');
});
