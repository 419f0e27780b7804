// Light flows in the window come back as they went in, in order, beside full ones.
import { expect, test } from 'vitest';
import { createEventWindow } from '../../../src/app/agent/event-window.ts';
import { createLightColumns } from '../../../src/app/agent/light-columns.ts';
import {
  flowEventSchema,
  type ApiEvent,
  type FlowEvent,
  type Header,
} from '../../../src/core/model/event.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

const headers: Header[] = [['user-agent', 'curl/8']];

function lightFlow(index: number, different: Partial<FlowEvent> = {}): FlowEvent {
  const flow = sampleFlow();
  return {
    ...flow,
    id: `a1-1-${index}`,
    connection: 'a1-1',
    time: new Date(Date.UTC(2026, 10, 23, 3, 0, 0, index)).toISOString(),
    ...(flow.request ? { request: { ...flow.request, path: `/orders/${index}`, headers } } : {}),
    firstByteMs: index / 8,
    light: true,
    ...different,
  };
}

test('every kind of flow comes back from the window equal and in order, also after the ring went round', () => {
  const window = createEventWindow({ flows: 64, bytes: 1e9, findings: 1 });
  const odd: readonly Partial<FlowEvent>[] = [
    {},
    { traceId: '4bf92f3577b34da6a3ce929d0e0e4736' },
    { broken: 'CL_AND_TE' },
    { ended: 'client-reset' },
    { shadow: { action: 'block', mode: 'shadow', policy: 'shop/p' } },
    { response: { status: 403, bytes: 2, local: true } },
    { request: { method: 'GET', host: '', path: '/x', query: 'a=1', route: '/x', bytes: 9, headers } },
    { request: { method: 'GET', host: '', path: '/x', route: '/x', bytes: 9 } },
  ];
  const told: ApiEvent[] = [];
  for (let index = 0; index < 200; index++) {
    const event: ApiEvent =
      index % 7 === 0
        ? {
            type: 'lost',
            time: new Date(Date.UTC(2026, 10, 23, 3)).toISOString(),
            where: 'details',
            count: 1,
          }
        : index % 5 === 0
          ? sampleFlow({ id: `full-${index}` })
          : lightFlow(index, odd[index % odd.length]);
    told.push(event);
    window.add(event);
  }
  expect(window.history(0, undefined)).toStrictEqual(told.slice(-64));
  expect(window.history(0, 3)).toStrictEqual(told.slice(-3));
});

test('a field that columns do not know is never lost', () => {
  const plain = lightFlow(1);
  const { request, response } = plain;
  const columns = createLightColumns(1);
  expect(columns.put(0, plain)).toBe(true);
  for (const key of Object.keys(flowEventSchema.shape)) {
    if (key in plain) continue;
    const flow = Object.assign(lightFlow(1), { [key]: 'x' });
    expect(!columns.put(0, flow) || columns.get(0)).toEqual(key === 'traceId' ? flow : true);
  }
  expect(columns.put(0, Object.assign(lightFlow(1), { request: { ...request, later: 1 } }))).toBe(false);
  expect(columns.put(0, Object.assign(lightFlow(1), { response: { ...response, later: 1 } }))).toBe(false);
});

test('a flow with anything out of the ordinary is left to be kept as it is', () => {
  const columns = createLightColumns(4);
  expect(columns.put(0, sampleFlow())).toBe(false);
  expect(columns.put(0, lightFlow(1, { opaque: 'upgrade' }))).toBe(false);
  expect(columns.get(0)).toBeUndefined();
  expect(columns.put(2, lightFlow(2))).toBe(true);
  expect(columns.get(2)).toStrictEqual(lightFlow(2));
  expect(columns.get(1)).toBeUndefined();
});
