// Events and a session for the recording tests: small, valid, and in an order that is not the order of their times.
import type { ApiEvent, Endpoint, FlowEvent } from '../../../src/core/model/event.ts';
import type { RecordingDetails } from '../../../src/io/recording/recorder.ts';

export const startMs = Date.parse('2026-11-23T10:00:00.000Z');
export const at = (offsetMs: number): string => new Date(startMs + offsetMs).toISOString();

export const endpoint = (workload: string): Endpoint => ({
  workload,
  namespace: 'shop',
  principal: `sa:shop/${workload}`,
  assurance: 'ip',
});

export function flow(id: string, offsetMs: number): FlowEvent {
  return {
    type: 'flow',
    time: at(offsetMs),
    id,
    source: endpoint('web'),
    destination: endpoint('api'),
    protocol: 'http/1.1',
    request: { method: 'GET', host: 'api', path: `/orders/${id}`, route: '/orders/{id}', bytes: 80 },
    response: { status: 200, bytes: 20 },
    verdict: { action: 'allow', mode: 'enforce' },
  };
}

export const policy = (name: string, offsetMs: number, state: 'active' | 'removed' = 'active'): ApiEvent => ({
  type: 'policy',
  time: at(offsetMs),
  name: `shop/${name}`,
  state,
});

/** `count` flows, `stepMs` apart, from `fromMs` after the start. */
export const flows = (count: number, stepMs: number, fromMs = 0): FlowEvent[] =>
  Array.from({ length: count }, (_, number) => flow(`f${number}`, fromMs + number * stepMs));

export const details: RecordingDetails = {
  name: 'web → api',
  agent: '0.1.0',
  listeners: [{ source: endpoint('web'), destination: endpoint('api') }],
  windowMs: 60_000,
  identities: [{ type: 'identity', time: at(0), endpoint: endpoint('api'), role: 'listener' }],
  policies: [{ type: 'policy', time: at(0), name: 'shop/first', state: 'active' }],
  masking: 'Secrets and personal data are keyed surrogates.',
};
