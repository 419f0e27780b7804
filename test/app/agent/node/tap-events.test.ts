// Reports of taps as events: what each kind becomes, and that what was only counted is counted.
import { expect, test } from 'vitest';
import { createTapEvents, type TapEventsOptions } from '../../../../src/app/agent/node/tap-events.ts';
import { eventSchema } from '../../../../src/core/model/event.ts';
import { peerFromName } from '../../../../src/core/model/identity.ts';
import type { TapConnectionId } from '../../../../src/core/tap/tap-port.ts';
import type { TapItem, TapReport } from '../../../../src/io/kernel/tap/tap-report.ts';

const atMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const time = '2026-01-02T03:04:05.678Z';
const id: TapConnectionId = {
  connection: 36,
  inbound: true,
  clientAddress: '10.0.0.7',
  clientPort: 51_000,
  serverAddress: 'fd77::3',
  serverPort: 8080,
};
const of = { pod: 'shop/orders-1', atMs, id, sourcePeer: -1, destinationPeer: 0 };
const nothing = { gap: 0, attempt: 0, conflict: 0, evicted: 0, lost: 0, gone: 0, widened: 0, names: 0 };

function eventsOf(items: readonly TapItem[], more: Partial<TapEventsOptions> = {}, untold = {}) {
  const report: TapReport = { items, untold: { ...nothing, ...untold } };
  const toEvents = createTapEvents({
    agent: 'node1',
    peerOf: (index) => (index === 0 ? peerFromName('orders', 'shop') : undefined),
    policyOf: () => undefined,
    ...more,
  });
  const events = toEvents(report, atMs + 1_000);
  for (const event of events) expect(eventSchema.parse(event)).toEqual(event);
  return events;
}

test('gaps, evictions and conflicts name their connection as its flows do', () => {
  const events = eventsOf([
    { type: 'gap', ...of, from: 'client', bytes: 1448, cause: 'acknowledged' },
    { type: 'evicted', ...of },
    { type: 'conflict', ...of, from: 'upstream', bytes: 3 },
  ]);
  expect(events).toEqual(
    ['tap-gap', 'tap-evicted', 'tap-conflict'].map((where) => ({
      type: 'lost',
      time,
      where,
      count: 1,
      pod: 'shop/orders-1',
      connection: 'node1-10',
    })),
  );
});

test('frames that a full ring dropped are lost, as many as they were', () => {
  expect(eventsOf([{ type: 'lost', pod: 'shop/orders-1', count: 40 }])).toEqual([
    { type: 'lost', time: '2026-01-02T03:04:06.678Z', where: 'tap-ring', count: 40, pod: 'shop/orders-1' },
  ]);
});

test('what was only counted is told as a count', () => {
  const events = eventsOf([], {}, { gap: 7, attempt: 2, names: 1 });
  expect(events.map((event) => (event.type === 'lost' ? [event.where, event.count] : []))).toEqual([
    ['tap-gap', 7],
    ['tap-attempt', 2],
    ['tap-names', 1],
  ]);
});

test('an attempt is a flow that was never established: refused, or unanswered', () => {
  const [refused, unanswered] = eventsOf([
    { type: 'attempt', ...of, outcome: 'reset' },
    { type: 'attempt', ...of, outcome: 'unanswered' },
  ]);
  expect(refused).toEqual({
    type: 'flow',
    time,
    id: 'node1-10-0',
    connection: 'node1-10',
    source: {
      workload: '10.0.0.7',
      kind: 'World',
      namespace: '',
      address: '10.0.0.7:51000',
      principal: 'world:10.0.0.7',
      assurance: 'ip',
    },
    destination: {
      workload: 'orders',
      kind: 'Deployment',
      namespace: 'shop',
      address: '[fd77::3]:8080',
      principal: 'sa:shop/orders',
      assurance: 'ip',
    },
    protocol: 'opaque',
    gear: 'tap',
    verdict: { action: 'allow', mode: 'enforce' },
    opaque: 'attempt',
    ended: 'connect-refused',
  });
  expect(unanswered).toMatchObject({ ended: 'connect-timeout' });
});

test('an attempt that a policy refuses in the kernel carries its name', () => {
  const asked: string[] = [];
  const [event] = eventsOf([{ type: 'attempt', ...of, outcome: 'reset' }], {
    policyOf: ({ id: { serverPort }, outcome }) => {
      asked.push(`${serverPort} ${outcome}`);
      return 'shop/no-callers';
    },
  });
  expect(asked).toEqual(['8080 reset']);
  expect(event).toMatchObject({
    gear: 'kernel',
    verdict: { action: 'block', mode: 'enforce', policy: 'shop/no-callers' },
    ended: 'connect-refused',
  });
});

test('who is outside is called by the name that DNS gave, and names themselves are no events', () => {
  const named = {
    type: 'names',
    pod: 'a/b',
    atMs,
    address: '10.0.0.7',
    name: 'x.example',
    ttlSeconds: 1,
  } as const;
  const events = eventsOf(
    [named, { type: 'gone', pod: 'a/b' }, { type: 'attempt', ...of, outcome: 'reset' }],
    {
      nameOf: (address) => (address === '10.0.0.7' ? 'x.example' : undefined),
    },
  );
  expect(events).toMatchObject([{ source: { workload: 'x.example', principal: 'world:x.example' } }]);
});
