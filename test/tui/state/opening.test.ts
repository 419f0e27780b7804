// Opaque connections are told of twice, when they are established and when they end: sums count them once. Those that were refused before they
// said anything are flows, and no part of what could be seen.
import { expect, test } from 'vitest';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import { flowId, policyName } from '../../../src/core/model/brand.ts';
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

test('a request that lasts is told of twice as well: it is no part of what could not be seen, and counted at its end', () => {
  const store = createFlowStore();
  store.add(sampleFlow({ id: 'a' }));
  store.add(sampleFlow({ id: 'b-opening', opening: true }));
  expect(store.data.totals).toMatchObject({ flows: 1, opaqueShare: 0, inspectedShare: 1 });
  store.add(sampleFlow({ id: 'b', opening: false }));
  store.add(opaque('c-opening', { opening: true }));
  expect(store.data.totals).toMatchObject({ flows: 2, opaqueShare: 1 / 3 });
});

test('attempts have no content to see: they are flows, and leave the coverage as it is', () => {
  const store = createFlowStore();
  const attempt = { opaque: 'attempt', gear: 'kernel', ended: 'connect-refused' } as const;
  const verdict = { action: 'block', mode: 'enforce', policy: 'shop/p' } as const;
  store.add(opaque('c', { ...attempt, verdict }));
  expect(store.data.totals).toMatchObject({ flows: 1, opaqueShare: undefined, inspectedShare: undefined });
  store.add(sampleFlow({ id: 'a' }));
  store.add(opaque('d', { ...attempt, verdict }));
  store.add(opaque('e', { ...attempt, gear: 'tap' }));
  expect(store.data.totals).toMatchObject({ flows: 4, opaqueShare: 0, inspectedShare: 1 });
  store.add(opaque('b'));
  expect(store.data.totals).toMatchObject({ flows: 5, opaqueShare: 0.5, inspectedShare: 0.5 });
});

const shown = (store: ReturnType<typeof createFlowStore>): (string | undefined)[] => {
  const list = store.data.list(undefined);
  return Array.from({ length: list.size }, (_, index) => list.at(index)?.id);
};

test('its end takes the place of its opening: one connection, one row, found by either id', () => {
  const store = createFlowStore();
  store.add(opaque('b-opening', { opening: true }));
  store.add(sampleFlow({ id: 'a' }));
  expect(store.data.byId(flowId('b-opening'))?.opening).toBe(true);
  store.add(opaque('b', { opening: false, ended: 'client-reset' }));
  expect(shown(store)).toEqual(['a', 'b']);
  expect(store.data.byId(flowId('b-opening'))).toMatchObject({ id: 'b', ended: 'client-reset' });
  expect(store.data.sequenceOf(flowId('b'))).toBe(0);
});

test('a history that is sent again opens nothing that has ended', () => {
  const store = createFlowStore();
  const opening = opaque('b-opening', { opening: true });
  store.add(opening);
  store.add(opaque('b', { opening: false }));
  expect(store.add(opening)).toBe(false);
  expect(store.add(opaque('b', { opening: false }))).toBe(false);
  expect(shown(store)).toEqual(['b']);
});

test('an end whose opening was never heard of has a row of its own', () => {
  const store = createFlowStore();
  store.add(opaque('b', { opening: false }));
  expect(shown(store)).toEqual(['b']);
});

test('a filter sees the row as it is now, whether it was found before or while it ran', () => {
  const store = createFlowStore();
  const ended = (flow: FlowEvent): boolean => flow.ended !== undefined;
  for (const id of ['b', 'c']) store.add(opaque(`${id}-opening`, { opening: true }));
  store.setFilter(ended);
  store.work(10);
  store.add(opaque('d-opening', { opening: true }));
  expect(shown(store)).toEqual([]);
  for (const id of ['d', 'b']) store.add(opaque(id, { opening: false, ended: 'client-reset' }));
  expect(shown(store)).toEqual(['d', 'b']);
  store.setFilter((flow) => !ended(flow));
  store.work(10);
  store.add(opaque('c', { opening: false, ended: 'client-reset' }));
  expect(shown(store)).toEqual([]);
});

test('a sorted picture sorts it by what it is now', () => {
  const store = createFlowStore();
  store.add(opaque('b-opening', { opening: true }));
  store.add(sampleFlow({ id: 'a', latencyMs: 5 }));
  const byLatency = { key: (flow: FlowEvent) => flow.latencyMs ?? -1, descending: true, heldAt: undefined };
  store.setSort(byLatency);
  expect(shown(store)).toEqual(['a', 'b-opening']);
  store.add(opaque('b', { opening: false, latencyMs: 90 }));
  store.setSort(byLatency);
  expect(shown(store)).toEqual(['b', 'a']);
});
