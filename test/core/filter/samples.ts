// One flow and one finding with every field a filter can ask about; tests change what they need.
import type { FindingEvent, FlowEvent } from '../../../src/core/model/event.ts';

export function sampleFlow(change: Partial<FlowEvent> = {}): FlowEvent {
  return {
    type: 'flow',
    time: '2026-11-22T22:41:07.000Z',
    id: 'a-1',
    connection: 'a-c1',
    source: {
      workload: 'nightly-job',
      kind: 'CronJob',
      namespace: 'batch',
      address: '10.98.1.14:41022',
      principal: 'sa:batch/nightly',
      assurance: 'ip',
    },
    destination: {
      workload: 'orders',
      kind: 'Deployment',
      namespace: 'shop',
      address: '10.98.0.7:8080',
      principal: 'sa:shop/orders',
      assurance: 'ip',
    },
    protocol: 'http/1.1',
    request: {
      method: 'POST',
      host: 'orders.shop:8080',
      path: '/orders/17/items',
      route: '/orders/{id}/items',
      bytes: 12,
      headers: [
        ['content-type', 'application/json'],
        ['x-team', 'blue'],
      ],
    },
    response: { status: 503, bytes: 3, headers: [['server', 'shop/1.0']] },
    latencyMs: 250,
    verdict: { action: 'throttle', mode: 'enforce', policy: 'shop/cap-nightly-2b10' },
    shadow: { action: 'block', mode: 'shadow', policy: 'shop/try-block' },
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    ...change,
  };
}

export function sampleFinding(change: Partial<FindingEvent> = {}): FindingEvent {
  const flow = sampleFlow();
  return {
    type: 'finding',
    time: flow.time,
    id: 'f-1',
    rule: 'bola-enumeration',
    title: 'Order ids are being walked',
    severity: 'high',
    confidence: 0.9,
    tags: ['owasp:api1'],
    source: flow.source,
    destination: flow.destination,
    route: '/orders/{id}',
    count: 3,
    firstSeen: flow.time,
    lastSeen: flow.time,
    evidence: ['a-1', 'a-2'],
    why: 'One caller asked for many ids.',
    fix: 'Check ownership.',
    ...change,
  };
}
