// A plain allowed flow for tests that need one, with whatever differs given.
import type { Endpoint, FlowEvent } from '../../src/core/model/event.ts';

export function sampleEndpoint(workload: string, namespace = 'shop'): Endpoint {
  return {
    workload,
    kind: 'Deployment',
    namespace,
    principal: `sa:${namespace}/${workload}`,
    assurance: 'ip',
  };
}

export function sampleFlow(different: Partial<FlowEvent> = {}): FlowEvent {
  return {
    type: 'flow',
    time: '2026-11-23T03:00:00.000Z',
    id: 'a1-1-1',
    source: sampleEndpoint('storefront'),
    destination: sampleEndpoint('orders'),
    protocol: 'http/1.1',
    request: {
      method: 'GET',
      host: 'orders.shop',
      path: '/orders/7',
      route: '/orders/{id}',
      bytes: 80,
    },
    response: { status: 200, bytes: 120 },
    latencyMs: 4.25,
    verdict: { action: 'allow', mode: 'enforce' },
    ...different,
  };
}
