// Opaque connections are told of twice, when they are established and when they end: sums count them once.
import { expect, test } from 'vitest';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import { policyName } from '../../../src/core/model/brand.ts';
import { createFlowStore } from '../../../src/tui/state/flow-store.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

function opaque(id: string, different: Partial<FlowEvent> = {}): FlowEvent {
  const { type, time, source, destination } = sampleFlow();
  const verdict = { action: 'allow', mode: 'enforce', policy: 'shop/p' } as const;
  return { type, time, id, source, destination, protocol: 'opaque', opaque: 'tls', verdict, ...different };
}

test('what began opaque is part of the coverage at once, and of nothing else', () => {
  const store = createFlowStore();
  store.add(sampleFlow({ id: 'a' }));
  store.add(opaque('b-opening', { opening: true }));
  expect(store.data.totals).toMatchObject({ flows: 1, opaqueShare: 0.5, inspectedShare: 0.5 });
  expect(store.data.edges[0]).toMatchObject({ total: 1, recent: { allow: 1 } });
  expect(store.data.tally(policyName('shop/p'))).toBeUndefined();
});

test('a pair of which only an opening is known is on the graph', () => {
  const store = createFlowStore();
  store.add(opaque('b-opening', { opening: true }));
  expect(store.data.edges[0]).toMatchObject({ total: 0, opaque: true });
  expect(store.data.edges[0]?.lastSeenMs).toBeGreaterThan(0);
});

test('its end is counted, once', () => {
  const store = createFlowStore();
  store.add(opaque('b-opening', { opening: true }));
  store.add(sampleFlow({ id: 'a' }));
  store.add(opaque('b', { opening: false }));
  expect(store.data.totals).toMatchObject({ flows: 2, opaqueShare: 0.5 });
  expect(store.data.edges[0]).toMatchObject({ total: 2, recent: { allow: 2 } });
  expect(store.data.tally(policyName('shop/p'))).toMatchObject({ hits: 1 });
});
