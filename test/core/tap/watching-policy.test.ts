// Policies over what a tap sees: it has passed, whatever they say, and what they say stands beside it. Nothing is told twice that inline has.
import { expect, test } from 'vitest';
import { exchangeGear } from '../../../src/core/model/exchange.ts';
import { peerFromName, type ConnectionEnds, type Peer } from '../../../src/core/model/identity.ts';
import { millis } from '../../../src/core/model/brand.ts';
import { compilePolicies } from '../../../src/core/policy/compile.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import { createWatchingPolicy } from '../../../src/core/tap/watching-policy.ts';
import { policy, throttle, workload } from '../policy/build.ts';
import { answer, get, usual, watch, Wire } from './wire.ts';

const [allow, block, throttled] = [0, 1, 2];
let generation = 0;
const compiled = (...policies: readonly Policy[]): SharedArrayBuffer =>
  compilePolicies(policies, { generation: ++generation, nowMs: millis(1_000_000) }).buffer;

/** Ends as a worker gives them; `owners` may change at any time. */
function endsBy(owners: ReadonlyMap<string, Peer>) {
  const stranger = peerFromName('nobody', 'world');
  return (id: { clientAddress: string; serverAddress: string; serverPort: number }): ConnectionEnds => ({
    source: owners.get(id.clientAddress) ?? stranger,
    destination: owners.get(id.serverAddress) ?? stranger,
    sourcePeer: owners.has(id.clientAddress) ? 5 : -1,
    destinationPeer: 6,
    destinationAddress: `${id.serverAddress}:${id.serverPort}`,
    destinationPort: id.serverPort,
    gear: exchangeGear.tap,
  });
}

const known = new Map([
  [usual.client, peerFromName('scanner', 'shop')],
  [usual.server, peerFromName('orders', 'shop')],
]);

const asked = (...paths: readonly string[]): readonly Uint8Array[] => {
  const wire = new Wire().open();
  for (const path of paths) wire.say('client', get(path)).say('upstream', answer('ok'));
  return wire.frames;
};

const onAdmin = (mode: 'Shadow' | 'Enforce'): Policy =>
  policy({ mode, from: workload('scanner'), match: { http: { paths: ['/admin*'] } } });

test.each(['Shadow', 'Enforce'] as const)(
  'a block in mode %s: allowed by nobody, and what it would have done',
  (mode) => {
    const judge = createWatchingPolicy(compiled(onAdmin(mode)));
    const watched = watch({ decider: () => judge.decider(), ends: endsBy(known) });
    watched.push(asked('/admin/1', '/orders'));
    expect(watched.log).toEqual(['1 GET /admin/1 200', '1 GET /orders 200']);
    const [first, second] = watched.exchanges.map(({ decision }) => decision);
    expect(first).toMatchObject({
      action: allow,
      policy: -1,
      rule: -1,
      shadowAction: block,
      shadowPolicy: 0,
    });
    expect(second).toMatchObject({ action: allow, policy: -1, shadowAction: allow });
    expect(watched.exchanges[0]).toMatchObject({
      ...{
        sourcePeer: 5,
        destinationPeer: 6,
        normalisedPath: '/admin/1',
        blockId: '',
        local: false,
        generation,
      },
    });
  },
);

test('a throttle counts what passes, and holds up nothing', () => {
  const slow = policy({ mode: 'Enforce', match: { http: { paths: ['/*'] } }, action: throttle('2/h') });
  const judge = createWatchingPolicy(compiled(slow));
  const watched = watch({ decider: () => judge.decider(), ends: endsBy(known) });
  watched.push(asked('/a', '/b', '/c'));
  expect(
    watched.exchanges.map(({ decision, status }) => [decision.action, decision.shadowAction, status]),
  ).toEqual([
    [allow, allow, 200],
    [allow, allow, 200],
    [allow, throttled, 200],
  ]);
  expect(watched.exchanges[2]?.decision).toMatchObject({ retryAfterMs: 0, limitBurst: 0 });
});

test('what strict parsing would refuse has passed as well', () => {
  const judge = createWatchingPolicy(compiled(onAdmin('Enforce')));
  const watched = watch({ decider: () => judge.decider(), ends: endsBy(known) });
  watched.push(asked('/a%00b'));
  expect(watched.exchanges[0]).toMatchObject({
    ...{ status: 200, local: false, blockId: '' },
    decision: { action: allow, policy: -1, shadowAction: block, shadowPolicy: -2 },
  });
});

test('other policies, and another owner of an address, concern the next request of an open connection', () => {
  const owners = new Map(known);
  const judge = createWatchingPolicy(compiled());
  const watched = watch({ decider: () => judge.decider(), ends: endsBy(owners) });
  const wire = new Wire().open();
  const ask = (path: string): void =>
    watched.push(wire.say('client', get(path)).say('upstream', answer('ok')).frames.splice(0));
  ask('/admin/1');
  judge.replace(compiled(onAdmin('Shadow')));
  ask('/admin/2');
  owners.delete(usual.client);
  judge.renew();
  ask('/admin/3');
  expect(watched.exchanges.map(({ decision }) => decision.shadowAction)).toEqual([allow, block, allow]);
  expect(watched.exchanges.map(({ sourcePeer }) => sourcePeer)).toEqual([5, 5, -1]);
});

test('a SYN seen before inline took the connection tells nothing of it, whatever becomes of it', () => {
  let claimed = false;
  const watched = watch({ claimed: () => claimed });
  const wire = new Wire().open();
  watched.push(wire.frames.splice(0));
  claimed = true;
  wire.say('client', get('/a'));
  // The answer was not seen but for its end: a gap.
  const missing = wire.frames.length;
  wire.say('upstream', answer('x'.repeat(4_000)), 500);
  watched.push(wire.frames.filter((_, at) => at !== missing + 2));
  watched.wait(1_000);
  watched.tap.close(watched.now);
  expect(watched.log).toEqual([]);
  expect(watched.tap.counters).toMatchObject({ exchanges: 0, gaps: 0, ignored: 1 });
});

test('a SYN that nobody answered is no attempt once inline has the connection', () => {
  let claimed = false;
  const watched = watch({ claimed: () => claimed });
  const [syn] = new Wire().open().frames;
  watched.push(syn === undefined ? [] : [syn]);
  claimed = true;
  watched.wait(60_000);
  expect(watched.log).toEqual([]);
  expect(watched.tap.counters).toMatchObject({ attempts: 0, ignored: 1 });
});
