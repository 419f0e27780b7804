// A server that numbers: what a client that goes on exactly where it was gets, over real sockets, and how frames carry it.
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { ApiEvent } from '../../../src/core/model/event.ts';
import { isNumbered } from '../../../src/io/feed/batcher.ts';
import { numberedHead } from '../../../src/io/feed/batch-lines.ts';
import type { FeedAddress } from '../../../src/io/feed/feed-address.ts';
import { readServerFrame, type BatchRead } from '../../../src/io/feed/read-server-frame.ts';
import { flow, flows, startAgent } from './feed-samples.ts';

const pathOf = (address: FeedAddress): string => (address.type === 'unix' ? address.path : '');
const policy: ApiEvent = {
  type: 'policy',
  time: '2026-11-23T10:00:00.000Z',
  name: 'shop/p',
  state: 'active',
};

/** Numbers of the events of a batch, as a reader counts them. */
function numbersOf(read: BatchRead): readonly string[] {
  let next = read.numbers?.first ?? NaN;
  return read.events.map((event) =>
    event.type === 'flow' && isNumbered(event) ? `${event.id}=${next++}` : event.type,
  );
}

async function numberingAgent() {
  let sequence = 0;
  const agent = await startAgent({ numbering: { epoch: 'ab12', sequence: () => sequence } });
  return {
    ...agent,
    say(...events: readonly ApiEvent[]): void {
      for (const event of events) {
        if (isNumbered(event)) sequence += 1;
        agent.say(event);
      }
    },
    /** Told while nobody publishes: the window has it. */
    miss(): void {
      sequence += 1;
    },
  };
}

/** What a subscription gets, until `count` events came. */
function subscribed(
  address: FeedAddress,
  after: object | undefined,
  wanted: number,
): {
  readonly isLive: Promise<void>;
  readonly told: Promise<readonly string[]>;
  readonly epochs: Set<string | undefined>;
} {
  const socket = new WebSocket(`ws+unix:${pathOf(address)}:/feed`);
  const told: string[] = [];
  const epochs = new Set<string | undefined>();
  let live = (): void => undefined;
  const isLive = new Promise<void>((done) => (live = done));
  const all = new Promise<readonly string[]>((done) => {
    socket.on('message', (data) => {
      const read = readServerFrame(data as Buffer);
      if (read.type === 'frame' && read.frame.type === 'hello') {
        epochs.add(read.frame.epoch);
        socket.send(JSON.stringify({ type: 'subscribe', ...(after && { after }) }));
        socket.send(JSON.stringify({ type: 'request', id: 1, operation: { op: 'status' } }));
      }
      if (read.type === 'frame' && read.frame.type === 'reply') live();
      if (read.type === 'batch') {
        told.push(...numbersOf(read));
        epochs.add(read.numbers?.epoch);
      }
      if (told.length < wanted) return;
      socket.close();
      done(told);
    });
  });
  return { isLive, told: all, epochs };
}

test('history and live events carry the same numbers', async () => {
  const agent = await numberingAgent();
  agent.say(...flows(0, 3), policy, flow(3));
  const { isLive, told, epochs } = subscribed(agent.server.address, undefined, 7);
  await isLive;
  agent.say(flow(4), flow(5));
  expect(await told).toEqual(['f0=1', 'f1=2', 'f2=3', 'policy', 'f3=4', 'f4=5', 'f5=6']);
  expect([...epochs]).toEqual(['ab12']);
});

test('a client that says what it has gets what it has not', async () => {
  const agent = await numberingAgent();
  agent.say(...flows(0, 5));
  const { told } = subscribed(agent.server.address, { epoch: 'ab12', sequence: 3 }, 2);
  expect(await told).toEqual(['f3=4', 'f4=5']);
});

test('numbers of another start mean nothing: all is told', async () => {
  const agent = await numberingAgent();
  agent.say(...flows(0, 2));
  const { told } = subscribed(agent.server.address, { epoch: 'other', sequence: 9 }, 2);
  expect(await told).toEqual(['f0=1', 'f1=2']);
});

test('numbers that do not follow each other are never in one batch', async () => {
  const agent = await numberingAgent();
  const { isLive, told } = subscribed(agent.server.address, undefined, 2);
  await isLive;
  agent.say(flow(0));
  agent.miss();
  agent.say(flow(1));
  expect(await told).toEqual(['f0=1', 'f1=3']);
});

test('a frame is read the same by lines and as a whole, and a head that is none of ours by the ordinary parser', () => {
  const event = JSON.stringify(flow(1));
  const lined = Buffer.from(`${numberedHead({ epoch: 'ab12', first: 7 })}${event}\n]}`);
  const whole = Buffer.from(`{"type":"batch","events":[${event}],"first":7,"epoch":"ab12"}`);
  const expected = { type: 'batch', events: [flow(1)], numbers: { epoch: 'ab12', first: 7 } };
  expect(readServerFrame(lined)).toMatchObject({ ...expected, texts: [event] });
  expect(readServerFrame(whole)).toMatchObject(expected);
  const odd = Buffer.from(`{"type":"batch","epoch":"a\\"b","first":7,"events":[\n${event}\n]}`);
  expect(readServerFrame(odd)).toMatchObject({ numbers: { epoch: 'a"b', first: 7 } });
  const negative = Buffer.from(`{"type":"batch","epoch":"a","first":-7,"events":[\n${event}\n]}`);
  const read = readServerFrame(negative);
  expect(read.type === 'batch' && read.numbers).toBeUndefined();
});
