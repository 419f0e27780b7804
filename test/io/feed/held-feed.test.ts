// A consumer that is not ready is not read for: memory stays where it was, and the agent says what was lost.
import { connect } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { flow, flows, startAgent, startClient } from './feed-samples.ts';

test('while its consumer is not ready a feed reads a bounded amount, and afterwards hears what it lost', async () => {
  const limits = { bufferedBytes: 64 * 1024, statusMs: 20, pingMs: 10_000_000, batchEvents: 64 };
  const agent = await startAgent({ limits });
  const gate = Promise.withResolvers<undefined>();
  let isHeld = false;
  const client = startClient({
    address: agent.server.address,
    subscribe: { last: 0 },
    ready: () => (isHeld ? gate.promise : undefined),
  });
  await expect.poll(() => agent.server.stats().subscribers).toBe(1);
  isHeld = true;
  const total = 60_000;
  for (let at = 0; at < total; at += 1_000) {
    agent.say(...flows(at, at + 1_000));
    await new Promise((done) => setImmediate(done));
  }
  await expect.poll(() => agent.server.stats().dropped).toBeGreaterThan(total / 2);
  // One read of the socket may be under way when it is paused (libuv reads up to 2 MiB in a row).
  const read = client.seen().length * JSON.stringify(flow(0)).length;
  expect(read).toBeLessThan(4 * 1024 * 1024);
  isHeld = false;
  gate.resolve(undefined);
  const told = (): number =>
    client
      .events()
      .reduce((sum, event) => sum + (event.type === 'lost' ? event.count : event.type === 'flow' ? 1 : 0), 0);
  await expect.poll(told, { timeout: 20_000 }).toBe(total);
  expect(client.states()).toEqual(['connected']);
});

test('closing without any grace does not wait for a client that never answers', async () => {
  const agent = await startAgent();
  const address = agent.server.address;
  const deaf = new WebSocket('ws://localhost/feed', {
    createConnection: () => connect({ path: address.type === 'unix' ? address.path : '' }),
  });
  onTestFinished(() => deaf.terminate());
  await new Promise((done) => deaf.once('message', done));
  deaf.pause();
  // The longest grace there is, on a clock that stands still: only what is due at once is done.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const closed = agent.server.close(0);
  vi.advanceTimersByTime(0);
  await closed;
  vi.useRealTimers();
  await expect.poll(() => agent.server.stats().connections).toBe(0);
});
