// The store: bounded, incremental, and saying the same as a plain count over everything that was put in.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import { flowId, policyName, workloadId } from '../../../src/core/model/brand.ts';
import { createFlowStore } from '../../../src/tui/state/flow-store.ts';
import { sampleEndpoint, sampleFlow } from '../../helpers/sample-flow.ts';

const start = Date.parse('2026-11-23T03:00:00.000Z');
const at = (ms: number): string => new Date(start + ms).toISOString();

function flow(sequence: number, different: Partial<FlowEvent> = {}): FlowEvent {
  return sampleFlow({ id: `f${sequence}`, time: at(sequence), ...different });
}

const ids = (store: ReturnType<typeof createFlowStore>, heldAt?: number): string[] => {
  const list = store.data.list(heldAt);
  return Array.from({ length: list.size }, (_, index) => list.at(index)?.id ?? '');
};

test('a million flows leave no more than the limit held, and all of them counted', () => {
  const store = createFlowStore({ flows: 5000, bytes: 1e9 });
  const base = sampleFlow();
  store.setFilter((each) => each.id.endsWith('7'));
  for (let sequence = 0; sequence < 1_000_000; sequence++) store.add({ ...base, id: `f${sequence}` });
  const { totals } = store.data;
  expect(totals).toMatchObject({ flows: 1_000_000, held: 5000, dropped: 995_000 });
  expect(store.data.list(undefined).size).toBe(500);
  expect(store.data.byId(flowId('f994999'))).toBeUndefined();
  expect(store.data.byId(flowId('f995000'))).toBeDefined();
  expect(store.data.edges[0]?.total).toBe(1_000_000);
});

test('the byte budget evicts old flows before the count does', () => {
  const store = createFlowStore({ flows: 1000, bytes: 100_000 });
  const body = { text: 'x'.repeat(10_000) };
  for (let sequence = 0; sequence < 50; sequence++)
    store.add(flow(sequence, { response: { status: 200, bytes: 1, body } }));
  expect(store.data.totals.heldBytes).toBeLessThanOrEqual(100_000);
  expect(store.data.totals.held).toBeGreaterThan(5);
  expect(store.data.byId(flowId('f49'))).toBeDefined();
});

test('a flow that a reconnecting feed sends again is not counted twice', () => {
  const store = createFlowStore();
  expect([store.add(flow(1)), store.add(flow(1))]).toEqual([true, false]);
  expect(store.data.totals.flows).toBe(1);
});

test('filtered, paused and reversed lists say the same as filtering an array', () => {
  fc.assert(
    fc.property(
      fc.record({
        limit: fc.integer({ min: 1, max: 60 }),
        before: fc.integer({ min: 0, max: 90 }),
        after: fc.integer({ min: 0, max: 90 }),
        slice: fc.integer({ min: 1, max: 40 }),
        modulo: fc.integer({ min: 1, max: 5 }),
        pause: fc.boolean(),
        descending: fc.boolean(),
      }),
      ({ limit, before, after, slice, modulo, pause, descending }) => {
        const store = createFlowStore({ flows: limit, bytes: 1e9 });
        const keeps = (sequence: number): boolean => sequence % modulo === 0;
        store.setSort({ key: undefined, descending, heldAt: undefined });
        for (let sequence = 0; sequence < before; sequence++) store.add(flow(sequence));
        store.setFilter((each) => keeps(Number(each.id.slice(1))));
        const heldAt = pause ? store.data.newestSequence : undefined;
        for (let sequence = before; sequence < before + after; sequence++) {
          store.add(flow(sequence));
          store.work(slice);
        }
        while (!store.work(slice));
        const oldest = Math.max(0, before + after - limit);
        const newest = heldAt ?? before + after - 1;
        const expected: string[] = [];
        for (let sequence = newest; sequence >= oldest; sequence--)
          if (keeps(sequence)) expected.push(`f${sequence}`);
        expect(ids(store, heldAt)).toEqual(descending ? expected : expected.reverse());
        const list = store.data.list(heldAt);
        for (let index = 0; index < list.size; index++)
          expect(list.indexOf(list.sequenceAt(index) ?? -1)).toBe(index);
        if (heldAt !== undefined) {
          const arrived = Array.from({ length: after }, (_, index) => before + index);
          const held = arrived.filter((sequence) => sequence >= oldest && keeps(sequence));
          expect(store.data.arrivedSince(heldAt)).toBe(held.length);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('an old filter pass does not test the whole ring at once', () => {
  const store = createFlowStore();
  for (let sequence = 0; sequence < 1000; sequence++) store.add(flow(sequence));
  let tested = 0;
  store.setFilter(() => {
    tested++;
    return true;
  });
  expect(store.work(100)).toBe(false);
  expect(tested).toBe(100);
  expect(store.data.filterProgress).toBeCloseTo(0.1);
  expect(store.data.list(undefined).at(0)?.id).toBe('f999');
});

test('an edge counts rate, errors, refusals, latency and routes of its pair only', () => {
  const store = createFlowStore();
  for (let sequence = 0; sequence < 1000; sequence++) {
    const status = sequence % 10 === 0 ? 500 : 200;
    store.add(
      flow(sequence * 10, { response: { status, bytes: 1 }, latencyMs: sequence % 100 === 99 ? 900 : 10 }),
    );
  }
  store.add(
    flow(9991, {
      source: sampleEndpoint('other'),
      verdict: { action: 'block', mode: 'enforce', policy: 'shop/p' },
    }),
  );
  const edge = store.data.edges.find((each) => each.from.workload === 'storefront');
  expect(edge).toMatchObject({ total: 1000, errorShare: 0.1, refusedShare: 0, routes: 1 });
  expect(edge?.rate).toBeGreaterThan(90);
  expect(edge?.rate).toBeLessThan(110);
  expect(edge?.p50Ms).toBeGreaterThan(9);
  expect(edge?.p50Ms).toBeLessThan(11);
  expect(edge?.p99Ms).toBeGreaterThan(800);
  const orders = store.data.service(workloadId('shop/Deployment/orders'));
  expect(orders?.callers.map((caller) => caller.from.workload)).toEqual(['storefront', 'other']);
  expect(store.data.tally(policyName('shop/p'))).toMatchObject({ hits: 1, firstHitMs: start + 9991 });
});

test('rates fall when the clock of the data moves on without traffic, and stay when nothing is heard', () => {
  const store = createFlowStore();
  for (let sequence = 0; sequence < 100; sequence++) store.add(flow(sequence * 100));
  const before = store.data.totals.rate;
  expect(before).toBeGreaterThan(8);
  expect(store.data.totals.rate).toBe(before);
  store.clock.advance(start + 60_000);
  expect(store.data.totals.rate).toBe(0);
});

test('rates are right when history follows a newer stamp, as after a seek', () => {
  const store = createFlowStore();
  store.clock.advance(start + 20_000);
  for (let sequence = 0; sequence < 200; sequence++) store.add(flow(sequence * 100));
  expect(store.data.totals.rate).toBeGreaterThan(9);
  expect(store.data.totals.rate).toBeLessThan(11);
});

test('coverage is the share of what could be read', () => {
  const store = createFlowStore();
  expect(store.data.totals.inspectedShare).toBeUndefined();
  const opaque: FlowEvent = {
    type: 'flow',
    id: 'f3',
    time: at(3),
    source: sampleEndpoint('storefront'),
    destination: sampleEndpoint('orders'),
    protocol: 'opaque',
    opaque: 'tls',
    verdict: { action: 'allow', mode: 'enforce' },
  };
  store.add(flow(1));
  store.add(opaque);
  expect(store.data.totals.inspectedShare).toBe(0.5);
});

test('after a seek flows and sums start afresh, and an old sequence never names a new flow', () => {
  const store = createFlowStore();
  store.add(flow(1));
  const old = store.data.sequenceOf(flowId('f1'));
  store.reset();
  store.add(flow(1));
  expect(store.data.sequenceOf(flowId('f1'))).not.toBe(old);
  expect(store.data.totals.flows).toBe(1);
  expect(store.data.edges).toHaveLength(1);
});

test('pairs beyond the limit are not tracked one by one', () => {
  const store = createFlowStore({ flows: 100, bytes: 1e9 });
  for (let sequence = 0; sequence < 4200; sequence++)
    store.add(flow(sequence, { source: sampleEndpoint(`caller-${sequence}`) }));
  expect(store.data.edges.length).toBe(4000);
  expect(store.data.totals.flows).toBe(4200);
});

test('a sorted picture taken again reads only the flows that came since', () => {
  const store = createFlowStore();
  let read = 0;
  const key = (each: FlowEvent): number => {
    read++;
    return Number(each.id.slice(1)) % 10;
  };
  const order = { key, descending: true, heldAt: undefined };
  for (let sequence = 0; sequence < 200; sequence++) store.add(flow(sequence));
  store.setSort(order);
  expect(read).toBe(200);
  store.add(flow(209));
  store.setSort(order);
  expect(read).toBe(201);
  expect(ids(store).slice(0, 2)).toEqual(['f209', 'f199']);
  // Another key knows nothing of the first one's.
  store.setSort({ ...order, key: (each) => -key(each) });
  expect(read).toBe(402);
  expect(ids(store)[0]).toBe('f190');
});
