// Sessions of the verbs with a real feed server: a full memory, a slow one, and an agent that goes in the middle.
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { startSession, type SessionOptions } from '../../../src/app/cli/feed-client.ts';
import { observe } from '../../../src/app/cli/verbs/observe.ts';
import { createLineWriter } from '../../../src/app/cli/output/writer.ts';
import type { CommandContext } from '../../../src/app/cli/command-context.ts';
import type { FeedPort } from '../../../src/core/model/feed-port.ts';
import type { FeedServerOptions } from '../../../src/io/feed/feed-server.ts';
import { createLiveFeed } from '../../../src/io/feed/live-feed.ts';
import { formatFeedAddress } from '../../../src/io/feed/feed-address.ts';
import { flows, hello, startAgent, status, type TestAgent } from '../../io/feed/feed-samples.ts';

const never = { interrupted: new Promise<void>(() => undefined) };
const full = flows(0, 60_000);

const agentWith = (options: Partial<FeedServerOptions> = {}): Promise<TestAgent> =>
  startAgent({ window: [...full], handle: () => Promise.resolve(status), ...options });

function feedOf(agent: TestAgent, requestMs = 15_000): FeedPort {
  const feed = createLiveFeed({ address: agent.server.address, limits: { requestMs } });
  onTestFinished(() => feed.close());
  return feed;
}

const sessionOf = (
  agent: TestAgent,
  feed: FeedPort,
  options: Omit<SessionOptions, 'interrupted'>,
): ReturnType<typeof startSession> => startSession(feed, agent.server.address, { ...never, ...options });

/** A context whose reader takes nothing before it is told to. */
function contextOf(agent: TestAgent): { context: CommandContext; reader: PassThrough; said: string[] } {
  const reader = new PassThrough();
  const said: string[] = [];
  const context: CommandContext = {
    env: { API_DEFENSE_FEED: formatFeedAddress(agent.server.address) },
    stdin: process.stdin,
    stdout: process.stdout,
    out: createLineWriter(reader),
    say: (text) => {
      said.push(text);
    },
    ...never,
  };
  return { context, reader, said };
}

test('a full memory is handed on as it arrives, and not gathered', async () => {
  const agent = await agentWith();
  let seen = 0;
  let batches = 0;
  const session = await sessionOf(agent, feedOf(agent), {
    onHistory(events) {
      seen += events.length;
      batches += 1;
    },
  });
  expect(seen).toBe(60_000);
  expect(batches).toBeGreaterThan(50);
  expect(session.history).toEqual([]);
  await session.close();
});

test('an agent that goes in the middle of its history ends the session with 69, and the feed stays closed', async () => {
  const agent = await agentWith();
  const feed = feedOf(agent);
  let going: Promise<void> | undefined;
  const session = sessionOf(agent, feed, {
    onHistory() {
      going ??= agent.server.close();
    },
  });
  await expect(session).rejects.toMatchObject({ code: 'FEED_LOST', family: 'unavailable' });
  await going;
  await expect(feed.request({ op: 'status' })).rejects.toMatchObject({ code: 'FEED_LOST' });
});

test('an agent that does not answer ends the session, not only its request', async () => {
  const agent = await agentWith({ handle: () => new Promise(() => undefined) });
  const feed = feedOf(agent, 50);
  const session = sessionOf(agent, feed, {});
  await expect(session).rejects.toMatchObject({
    code: 'FEED_TIMEOUT',
    message: 'The agent has not answered for 0.05 s.',
  });
  await expect(feed.request({ op: 'status' })).rejects.toMatchObject({ code: 'FEED_LOST' });
});

test('only of a change is it unknown whether it was done', async () => {
  const agent = await agentWith({ handle: () => new Promise(() => undefined) });
  const feed = feedOf(agent, 50);
  feed.start(() => undefined);
  await expect(feed.request({ op: 'policy.undo' })).rejects.toMatchObject({
    message: expect.stringContaining('is not known') as string,
  });
});

test('an interruption ends the wait for a history', async () => {
  const agent = await agentWith({ handle: () => new Promise(() => undefined) });
  const interrupted = Promise.resolve();
  const session = startSession(feedOf(agent), agent.server.address, { interrupted });
  await expect(session).rejects.toMatchObject({ code: 'INTERRUPTED' });
});

test('observe gives a slow reader the whole memory in order', async () => {
  const agent = await agentWith();
  const { context, reader } = contextOf(agent);
  const ended = observe([], { since: '365d', output: 'ndjson' }, context);
  const lines: string[] = [];
  let rest = '';
  await expect.poll(() => reader.writableNeedDrain).toBe(true);
  reader.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  expect(await ended).toBe(0);
  await expect.poll(() => lines.length).toBe(60_000);
  expect(lines[59_999]).toContain('"f59999"');
}, 30_000);

test('observe says how far the memory reaches when asked for more, and when nothing matches', async () => {
  const agent = await agentWith({ hello: () => ({ ...hello, windowMs: 600_000 }) });
  const { context, said } = contextOf(agent);
  expect(await observe(['from:nobody'], { since: '365d', output: 'table' }, context)).toBe(0);
  expect(said).toEqual(['The agent remembers 10 min: what was before that is not shown.', 'No flows match.']);
});

test('observe asks the agent for no more than it prints', async () => {
  const agent = await agentWith();
  const { context, reader } = contextOf(agent);
  expect(await observe([], { last: '3', output: 'ndjson' }, context)).toBe(0);
  expect(agent.asked).toEqual([{ sinceMs: 0, last: 3 }]);
  expect(String(reader.read()).trim().split('\n')).toHaveLength(3);
});
